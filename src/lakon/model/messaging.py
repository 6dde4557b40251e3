"""Handles of what carries messages: queues, topics, event buses. Ships into Lambda."""

from __future__ import annotations

from lakon.model.grants import Grant
from lakon.model.names import several
from lakon.model.origin import caller
from lakon.model.resource import ACCOUNT, REGION, Resource, arn, handle_name
from lakon.model.triggers import BusEvents, QueueMessages, TopicMessages, event_pattern
from lakon.model.values import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lakon.model.origin import Origin


class Queue(Resource):
    """An SQS queue: encrypted, TLS only, with a dead letter queue of its own unless told otherwise."""

    __slots__ = ("dead_letters", "delay", "fifo", "max_receives", "retention_days", "visibility")

    kind = "queue"
    told = ("url",)

    def __init__(
        self,
        id: str,
        origin: Origin,
        *,
        fifo: bool = False,
        visibility: int | None = None,
        retention_days: int = 4,
        delay: int = 0,
        dead_letters: Queue | None = None,
        max_receives: int = 3,
        keep: bool = False,
        known: dict[str, str] | None = None,
    ) -> None:
        super().__init__(id, origin, keep=keep, known=known)
        self.fifo = fifo
        self.visibility = visibility
        self.retention_days = retention_days
        self.delay = delay
        self.dead_letters = dead_letters
        self.max_receives = max_receives

    @classmethod
    def existing(cls, name: str, *, handle: str | None = None) -> Queue:
        """A queue that another stack owns, by its ARN, or by its name in this account and region."""
        handle = handle_name(name, handle)
        place = name.split(":") if name.startswith("arn:") else ["", "", "", REGION, ACCOUNT, name]
        url = f"https://sqs.{place[3]}.{Token('AWS::URLSuffix', 'Ref')}/{place[4]}/{place[5]}"
        known = {"arn": arn("sqs", name), "name": place[5], "url": url}
        return cls(handle, caller(), fifo=name.endswith(".fifo"), known=known)

    @property
    def url(self) -> str:
        """The queue's URL; inside Lambda from `<ID>_QUEUE_URL`."""
        return self._answer("url")

    @property
    def name(self) -> str:
        """The queue's name, for use in a declaration."""
        return self._answer("name")

    @property
    def arn(self) -> str:
        """The queue's ARN, for use in a declaration."""
        return self._answer("arn")

    @property
    def send(self) -> Grant:
        """Send messages."""
        return Grant(self, "send")

    @property
    def receive(self) -> Grant:
        """Receive and delete messages by hand; `on=queue.messages()` needs no grant."""
        return Grant(self, "receive")

    def messages(
        self,
        *,
        batch: int = 10,
        window: int = 0,
        concurrency: int | None = None,
        filter: Mapping[str, object] | Sequence[Mapping[str, object]] = (),
        partial: bool = True,
    ) -> QueueMessages:
        """Call with up to `batch` messages (1 to 10,000; FIFO 10), gathered for at most `window` seconds (0 to 300).

        `concurrency` (2 to 1,000) bounds how many invocations run at once. `filter` is one EventBridge-style pattern or
        several, any of which lets a message through. With `partial` the handler may answer
        `{"batchItemFailures": [{"itemIdentifier": message_id}]}` and only those messages come again; an answer without
        that key is a success of all. See "Using Lambda with Amazon SQS".
        """
        return QueueMessages(self, batch, window, concurrency, several(filter), partial)


class Topic(Resource):
    """An SNS topic: encrypted, TLS only."""

    __slots__ = ("display_name", "fifo")

    kind = "topic"
    told = ("arn",)

    def __init__(
        self,
        id: str,
        origin: Origin,
        *,
        fifo: bool = False,
        display_name: str = "",
        keep: bool = False,
        known: dict[str, str] | None = None,
    ) -> None:
        super().__init__(id, origin, keep=keep, known=known)
        self.fifo = fifo
        self.display_name = display_name

    @classmethod
    def existing(cls, name: str, *, handle: str | None = None) -> Topic:
        """A topic that another stack owns, by its ARN, or by its name in this account and region."""
        handle = handle_name(name, handle)
        known = {"arn": arn("sns", name), "name": name.rsplit(":", 1)[-1]}
        return cls(handle, caller(), fifo=name.endswith(".fifo"), known=known)

    @property
    def arn(self) -> str:
        """The topic's ARN; inside Lambda from `<ID>_TOPIC_ARN`."""
        return self._answer("arn")

    @property
    def name(self) -> str:
        """The topic's name, for use in a declaration."""
        return self._answer("name")

    @property
    def publish(self) -> Grant:
        """Publish messages."""
        return Grant(self, "publish")

    def messages(self, *, filter: Mapping[str, object] | None = None, filter_on_body: bool = False) -> TopicMessages:
        """Call for every message published, or for those that match a filter policy.

        The policy looks at message attributes, or at the body with `filter_on_body`.
        See "Amazon SNS message filtering".
        """
        return TopicMessages(self, filter, filter_on_body)


class Bus(Resource):
    """An EventBridge event bus."""

    __slots__ = ("description",)

    kind = "bus"
    told = ("name",)

    def __init__(
        self,
        id: str,
        origin: Origin,
        *,
        description: str = "",
        keep: bool = False,
        known: dict[str, str] | None = None,
    ) -> None:
        super().__init__(id, origin, keep=keep, known=known)
        self.description = description

    @classmethod
    def existing(cls, name: str, *, handle: str | None = None) -> Bus:
        """A bus that another stack owns, by its ARN, or by its name in this account and region."""
        handle = handle_name(name, handle)
        known = {"arn": arn("events", name, prefix="event-bus/"), "name": name.rsplit("/", 1)[-1]}
        return cls(handle, caller(), known=known)

    @property
    def name(self) -> str:
        """The bus's name; inside Lambda from `<ID>_BUS_NAME`."""
        return self._answer("name")

    @property
    def arn(self) -> str:
        """The bus's ARN, for use in a declaration."""
        return self._answer("arn")

    @property
    def put(self) -> Grant:
        """Put events on the bus."""
        return Grant(self, "put")

    def events(
        self,
        pattern: Mapping[str, object] | None = None,
        /,
        *,
        source: str | Sequence[str] | None = None,
        detail_type: str | Sequence[str] | None = None,
        detail: Mapping[str, object] | None = None,
    ) -> BusEvents:
        """Call for events on this bus that match, given as in `lakon.event`."""
        return BusEvents(self, event_pattern(pattern, source, detail_type, detail))

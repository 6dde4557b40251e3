"""What calls a function. Ships into Lambda: plain values; the handles in `resources` make most of them."""

from __future__ import annotations

from lakon.model.names import several

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeAlias

    from lakon.model.resources import Bucket, Bus, Queue, Topic
    from lakon.model.routes import AnyRoute


class ObjectEvents:
    """Something happened to an object of a bucket; made by `bucket.created()`, `.removed()` and `.events()`."""

    __slots__ = ("bucket", "events", "prefix", "suffix")

    def __init__(self, bucket: Bucket, events: tuple[str, ...], prefix: str, suffix: str) -> None:
        self.bucket = bucket
        self.events = events
        self.prefix = prefix
        self.suffix = suffix


class QueueMessages:
    """Messages wait in a queue; made by `queue.messages()`."""

    __slots__ = ("batch", "concurrency", "filters", "partial", "queue", "window")

    def __init__(
        self,
        queue: Queue,
        batch: int,
        window: int,
        concurrency: int | None,
        filters: tuple[Mapping[str, object], ...],
        partial: bool,
    ) -> None:
        self.queue = queue
        self.batch = batch
        self.window = window
        self.concurrency = concurrency
        self.filters = filters
        self.partial = partial


class TopicMessages:
    """Something was published to a topic; made by `topic.messages()`."""

    __slots__ = ("filter", "filter_on_body", "topic")

    def __init__(self, topic: Topic, filter: Mapping[str, object] | None, filter_on_body: bool) -> None:
        self.topic = topic
        self.filter = filter
        self.filter_on_body = filter_on_body


class Schedule:
    """The clock, by EventBridge Scheduler; made by `lakon.every`, `lakon.cron` and `lakon.at`."""

    __slots__ = ("expression", "payload", "timezone")

    def __init__(self, expression: str, timezone: str, payload: object) -> None:
        self.expression = expression
        self.timezone = timezone
        self.payload = payload


class BusEvents:
    """Events on an EventBridge bus that match a pattern; made by `lakon.event` and `bus.events`."""

    __slots__ = ("bus", "pattern")

    def __init__(self, bus: Bus | None, pattern: Mapping[str, object]) -> None:
        self.bus = bus
        self.pattern = pattern


if TYPE_CHECKING:
    Trigger: TypeAlias = ObjectEvents | QueueMessages | TopicMessages | Schedule | BusEvents | AnyRoute


def every(interval: str, *, payload: object = None) -> Schedule:
    """Call every `interval`: `"1 minute"`, `"5 minutes"`, `"2 hours"`, `"1 day"`.

    The handler's event is `payload` (anything JSON), or EventBridge Scheduler's own where it is None.
    """
    return Schedule(f"rate({interval})", "UTC", payload)


def cron(fields: str, *, timezone: str = "UTC", payload: object = None) -> Schedule:
    """Call at the times of AWS's six cron fields: minutes, hours, day of month, month, day of week, year.

    `lakon.cron("0 8 * * ? *", timezone="Europe/Paris")` calls at eight in Paris, summer and winter. `timezone` is a
    name of the IANA time zone database. See "Schedule types in EventBridge Scheduler".
    """
    return Schedule(f"cron({fields})", timezone, payload)


def at(time: str, *, timezone: str = "UTC", payload: object = None) -> Schedule:
    """Call once, at `time` as `"2027-01-31T18:00:00"` in `timezone`."""
    return Schedule(f"at({time})", timezone, payload)


def event(
    pattern: Mapping[str, object] | None = None,
    /,
    *,
    source: str | Sequence[str] | None = None,
    detail_type: str | Sequence[str] | None = None,
    detail: Mapping[str, object] | None = None,
) -> BusEvents:
    """Call for events on the account's default EventBridge bus that match.

    Either a whole EventBridge `pattern`, or its most used parts:
    `lakon.event(source="aws.ec2", detail_type="EC2 Instance State-change Notification")`.
    """
    return BusEvents(None, event_pattern(pattern, source, detail_type, detail))


def event_pattern(
    pattern: Mapping[str, object] | None,
    source: str | Sequence[str] | None,
    detail_type: str | Sequence[str] | None,
    detail: Mapping[str, object] | None,
) -> Mapping[str, object]:
    """An EventBridge pattern from a whole one and from parts; a single string stands for a list of one.

    A pattern that is none stays as it is, for the commands to refuse.
    """
    if pattern is not None and not hasattr(pattern, "keys"):
        return pattern
    parts: dict[str, object] = dict(pattern or {})
    if source is not None:
        parts["source"] = list(several(source))
    if detail_type is not None:
        parts["detail-type"] = list(several(detail_type))
    if detail is not None:
        parts["detail"] = detail
    return parts

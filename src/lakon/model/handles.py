"""Declaring resources: the methods of `service` that make a handle. Ships into Lambda.

What they make is imported when it is first made: a service does not pay for kinds that it has none of.
"""

from __future__ import annotations

from lakon.model.declared import Declared
from lakon.model.names import several
from lakon.model.origin import caller
from lakon.model.values import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeVar

    from lakon.model.cloudformation import CloudFormationResource
    from lakon.model.messaging import Bus, Queue, Topic
    from lakon.model.resource import Resource
    from lakon.model.stores import Bucket, LogGroup, Parameter, Secret, Table

    AnyKind = TypeVar("AnyKind", Bucket, Table, Queue, Topic, Bus, LogGroup, Parameter, Secret, CloudFormationResource)


class Handles(Declared):
    """The resources of a service."""

    __slots__ = ()

    def bucket(
        self, name: str, *, versioned: bool = False, expire_days: int | None = None, keep: bool = False
    ) -> Bucket:
        """An S3 bucket: no public access, encrypted, TLS only, owner enforced.

        `versioned` keeps old versions; `expire_days` removes objects of that age; `keep` leaves the bucket where it
        is when the stack is deleted.
        """
        from lakon.model.stores import Bucket

        return self._add(Bucket(name, caller(), versioned=versioned, expire_days=expire_days, keep=keep))

    def table(
        self,
        name: str,
        *,
        key: str,
        sort: str | None = None,
        indexes: Mapping[str, str | tuple[str, str]] | None = None,
        ttl: str | None = None,
        recovery: bool = True,
        keep: bool = False,
    ) -> Table:
        """A DynamoDB table: on demand, encrypted, with point-in-time recovery unless `recovery` is off.

        `key` and `sort` name the key attributes, of type string unless marked as in `"created:N"` (N number, B
        binary). `indexes` maps the name of a global secondary index to its key, or to its key and sort key. `ttl`
        names the attribute that holds the time of expiry, in epoch seconds. `keep` protects the table from deletion.
        """
        from lakon.model.stores import Table

        return self._add(
            Table(name, caller(), key=key, sort=sort, indexes=indexes, ttl=ttl, recovery=recovery, keep=keep)
        )

    def queue(
        self,
        name: str,
        *,
        fifo: bool = False,
        visibility: int | None = None,
        retention_days: int = 4,
        delay: int = 0,
        dead_letters: Queue | bool = True,
        max_receives: int = 3,
        keep: bool = False,
    ) -> Queue:
        """An SQS queue: encrypted, TLS only.

        Messages that were received `max_receives` times without success go to `dead_letters`: a queue of its own,
        named `<name>-dead-letters` and reached as `queue.dead_letters`, another queue, or nowhere (False).
        `visibility` is the visibility timeout in seconds; by default six times the longest timeout of the functions
        that the queue calls, as AWS advises. `delay` is in seconds, 0 to 900; `retention_days` 1 to 14.
        """
        from lakon.model.messaging import Queue

        origin = caller()
        if dead_letters is True:
            dead_letters = self._add(Queue(f"{name}-dead-letters", origin, fifo=fifo, retention_days=14, keep=keep))
        return self._add(
            Queue(
                name,
                origin,
                fifo=fifo,
                visibility=visibility,
                retention_days=retention_days,
                delay=delay,
                dead_letters=None if dead_letters is False else dead_letters,
                max_receives=max_receives,
                keep=keep,
            )
        )

    def topic(self, name: str, *, fifo: bool = False, display_name: str = "", keep: bool = False) -> Topic:
        """An SNS topic: TLS only, and encrypted with SNS's own key unless an alarm notifies it.

        CloudWatch may not use that key, so a topic that alarms notify goes without.
        """
        from lakon.model.messaging import Topic

        return self._add(Topic(name, caller(), fifo=fifo, display_name=display_name, keep=keep))

    def bus(self, name: str, *, description: str = "", keep: bool = False) -> Bus:
        """An EventBridge event bus of the service's own."""
        from lakon.model.messaging import Bus

        return self._add(Bus(name, caller(), description=description, keep=keep))

    def log_group(self, name: str, *, retention_days: int = 30, keep: bool = False) -> LogGroup:
        """A log group for what the program logs beside its functions' own logs, which need none."""
        from lakon.model.stores import LogGroup

        return self._add(LogGroup(name, caller(), retention_days=retention_days, keep=keep))

    def parameter(self, name: str, text: str, *, description: str = "") -> Parameter:
        """A parameter of type String in Parameter Store, with `text` as its value. Not for secrets."""
        from lakon.model.stores import Parameter

        return self._add(Parameter(name, caller(), text=text, description=description))

    def secret(
        self,
        name: str,
        *,
        description: str = "",
        length: int = 32,
        key: str | None = None,
        template: Mapping[str, str] | None = None,
        keep: bool = False,
    ) -> Secret:
        """A secret whose value AWS makes: `length` random characters, which never stand in a template or log.

        With `key` the value is a JSON object of `template` plus the random text under that key, as databases want it:
        `service.secret("db", key="password", template={"username": "app"})`. Put a value of your own with
        `put_secret_value` after provisioning.
        """
        from lakon.model.stores import Secret

        return self._add(
            Secret(name, caller(), description=description, length=length, key=key, template=template, keep=keep)
        )

    def resource(
        self,
        logical_id: str,
        type: str,
        properties: Mapping[str, object] | None = None,
        *,
        depends_on: Resource | Sequence[Resource] = (),
        keep: bool = False,
    ) -> CloudFormationResource:
        """Any resource of CloudFormation, in its own words: the door to all that Lakon has no word for.

        `properties` are written as in a template; intrinsic functions and attributes of handles may stand in them.
        """
        from lakon.model.cloudformation import CloudFormationResource

        return self._add(
            CloudFormationResource(
                logical_id, caller(), type, {} if properties is None else properties, depends_on=depends_on, keep=keep
            )
        )

    def input(
        self, name: str, *, default: str | None = None, choices: str | Sequence[str] = (), description: str = ""
    ) -> str:
        """A value that is given when the service is provisioned, as in `env={"LEVEL": service.input("Level")}`.

        It is a parameter of the template: `--param Level=debug` gives it, or `[tool.lakon.stages.NAME.parameters]`;
        else the `default` holds, and without one provision refuses. `choices` are the values it may have. What comes
        back stands for the value wherever a template has a text; functions see it in their environment.
        """
        from lakon.model.inputs import Input

        self.inputs.append(Input(name, caller(), default=default, choices=several(choices), description=description))
        return Token(name, "Ref")

    def _add(self, resource: AnyKind) -> AnyKind:
        self.resources.append(resource)
        return resource

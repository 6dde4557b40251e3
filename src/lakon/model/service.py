"""The service: what a program declares, remembered in the order it was said. Ships into Lambda."""

from __future__ import annotations

from lakon.model.cloudformation import CloudFormationResource
from lakon.model.function import Function
from lakon.model.messaging import Bus, Queue, Topic
from lakon.model.names import several
from lakon.model.origin import caller
from lakon.model.stores import Bucket, LogGroup, Parameter, Secret, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeVar, overload

    from lakon.model.alarms import Alarm
    from lakon.model.function import Destination, Use, Vpc
    from lakon.model.origin import Origin
    from lakon.model.resources import AnyResource, Resource
    from lakon.model.triggers import Trigger

    Handler = TypeVar("Handler", bound=Callable[..., object])


class Output:
    """A value that is shown among the outputs of the stack; made by `service.output`."""

    __slots__ = ("name", "origin", "value")

    def __init__(self, name: str, value: object, origin: Origin) -> None:
        self.name = name
        self.value = value
        self.origin = origin


class Service:
    """One service: everything declared on it becomes one CloudFormation stack a stage, named `<name>-<stage>`.

    `python` is the version of Lambda's managed runtime. `architecture` is `"x86_64"` or `"arm64"`. `env`, `tags`,
    `log_retention_days` hold for every function unless it says otherwise. `include` and `exclude` are glob patterns,
    relative to the program's folder, of files that go into the archive or stay out of it beyond the usual selection.
    With `layer` the dependencies travel in a layer of their own, so that an edit of the program uploads kilobytes.
    """

    __slots__ = (
        "architecture",
        "description",
        "env",
        "exclude",
        "functions",
        "include",
        "layer",
        "log_retention_days",
        "name",
        "origin",
        "outputs",
        "python",
        "resources",
        "tags",
    )

    def __init__(
        self,
        name: str,
        *,
        description: str = "",
        python: str = "3.13",
        architecture: str = "x86_64",
        env: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        log_retention_days: int = 30,
        include: str | Sequence[str] = (),
        exclude: str | Sequence[str] = (),
        layer: bool = False,
    ) -> None:
        self.name = name
        self.description = description
        self.python = python
        self.architecture = architecture
        self.env = {} if env is None else env
        self.tags = {} if tags is None else tags
        self.log_retention_days = log_retention_days
        self.include = several(include)
        self.exclude = several(exclude)
        self.layer = layer
        self.origin = caller()
        self.functions: list[Function] = []
        self.resources: list[AnyResource] = []
        self.outputs: list[Output] = []

    def __repr__(self) -> str:
        return f"<service {self.name!r} declared at {self.origin.file}:{self.origin.line}>"

    # ---- functions ----------------------------------------------------------------------------------------------

    if TYPE_CHECKING:

        @overload
        def function(self, handler: Handler, /) -> Handler: ...

        @overload
        def function(
            self,
            /,
            *,
            name: str | None = None,
            on: Trigger | Sequence[Trigger] = (),
            uses: Use | Sequence[Use] = (),
            memory: int = 256,
            timeout: int = 15,
            env: Mapping[str, str] | None = None,
            alarms: Alarm | Sequence[Alarm] = (),
            description: str = "",
            architecture: str | None = None,
            ephemeral_storage: int = 512,
            reserved_concurrency: int | None = None,
            vpc: Vpc | None = None,
            layers: str | Sequence[str] = (),
            tags: Mapping[str, str] | None = None,
            tracing: bool = False,
            log_format: str = "text",
            log_level: str | None = None,
            log_retention_days: int | None = None,
            kms_key: str | None = None,
            dead_letters: Destination | None = None,
            retries: int | None = None,
            max_event_age: int | None = None,
            on_success: Destination | None = None,
            on_failure: Destination | None = None,
            snap_start: bool = False,
        ) -> Callable[[Handler], Handler]: ...

    def function(
        self,
        handler: Callable[..., object] | None = None,
        /,
        *,
        name: str | None = None,
        on: Trigger | Sequence[Trigger] = (),
        uses: Use | Sequence[Use] = (),
        memory: int = 256,
        timeout: int = 15,
        env: Mapping[str, str] | None = None,
        alarms: Alarm | Sequence[Alarm] = (),
        description: str = "",
        architecture: str | None = None,
        ephemeral_storage: int = 512,
        reserved_concurrency: int | None = None,
        vpc: Vpc | None = None,
        layers: str | Sequence[str] = (),
        tags: Mapping[str, str] | None = None,
        tracing: bool = False,
        log_format: str = "text",
        log_level: str | None = None,
        log_retention_days: int | None = None,
        kms_key: str | None = None,
        dead_letters: Destination | None = None,
        retries: int | None = None,
        max_event_age: int | None = None,
        on_success: Destination | None = None,
        on_failure: Destination | None = None,
        snap_start: bool = False,
    ) -> Callable[..., object]:
        """Declare the decorated `(event, context)` handler as a Lambda function, and return it unchanged.

        name: as in commands and in the physical name `<stack>-<name>`; the handler's own name by default.
        on: what calls it: one trigger or several.
        uses: what it may touch, and nothing else: grants of handles, `lakon.allow(...)`, `lakon.invoke(...)`.
        memory: MB, 128 to 10,240. timeout: seconds, 1 to 900.
        env: environment variables; values may be attributes of handles.
        alarms: `lakon.errors()`, `lakon.throttles()`, `lakon.duration(p99="15s")`.
        architecture: `"x86_64"` or `"arm64"`; the service's by default.
        ephemeral_storage: size of `/tmp` in MB, 512 to 10,240.
        reserved_concurrency: how many environments it may have at once, and has for itself.
        vpc: `lakon.Vpc(subnets=[...], security_groups=[...])`. layers: ARNs of at most five layer versions.
        tracing: record with X-Ray. log_format: `"text"` or `"json"`; log_level: lowest level kept in JSON logs
        (`"TRACE"` to `"FATAL"`). log_retention_days: one of the lengths that CloudWatch Logs knows.
        kms_key: ARN of a key that encrypts the environment variables.
        dead_letters: queue or topic, or its ARN, for asynchronous events that failed for good.
        retries: how often a failed asynchronous event is tried again, 0 to 2. max_event_age: seconds, 60 to 21,600.
        on_success, on_failure: queue or topic, or the ARN of any destination, told how asynchronous events ended.
        snap_start: keep a snapshot of the initialised function for each version that is published.

        See `AWS::Lambda::Function` in the CloudFormation reference. Values out of range are not refused here but by
        the commands, all at once.
        """
        origin = caller()

        def declare(handler: Callable[..., object]) -> Callable[..., object]:
            self.functions.append(
                Function(
                    handler,
                    str(getattr(handler, "__name__", "")) if name is None else name,
                    origin,
                    on=several(on),
                    uses=several(uses),
                    memory=memory,
                    timeout=timeout,
                    env=_merged(self.env, env),
                    alarms=several(alarms),
                    description=description,
                    architecture=self.architecture if architecture is None else architecture,
                    ephemeral_storage=ephemeral_storage,
                    reserved_concurrency=reserved_concurrency,
                    vpc=vpc,
                    layers=several(layers),
                    tags=_merged(self.tags, tags),
                    tracing=tracing,
                    log_format=log_format,
                    log_level=log_level,
                    log_retention_days=(self.log_retention_days if log_retention_days is None else log_retention_days),
                    kms_key=kms_key,
                    dead_letters=dead_letters,
                    retries=retries,
                    max_event_age=max_event_age,
                    on_success=on_success,
                    on_failure=on_failure,
                    snap_start=snap_start,
                )
            )
            return handler

        return declare if handler is None else declare(handler)

    # ---- resources ----------------------------------------------------------------------------------------------

    def bucket(
        self, name: str, *, versioned: bool = False, expire_days: int | None = None, keep: bool = False
    ) -> Bucket:
        """An S3 bucket: no public access, encrypted, TLS only, owner enforced.

        `versioned` keeps old versions; `expire_days` removes objects of that age; `keep` leaves the bucket where it
        is when the stack is deleted.
        """
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
        return self._add(Topic(name, caller(), fifo=fifo, display_name=display_name, keep=keep))

    def bus(self, name: str, *, description: str = "", keep: bool = False) -> Bus:
        """An EventBridge event bus of the service's own."""
        return self._add(Bus(name, caller(), description=description, keep=keep))

    def log_group(self, name: str, *, retention_days: int = 30, keep: bool = False) -> LogGroup:
        """A log group for what the program logs beside its functions' own logs, which need none."""
        return self._add(LogGroup(name, caller(), retention_days=retention_days, keep=keep))

    def parameter(self, name: str, text: str, *, description: str = "") -> Parameter:
        """A parameter of type String in Parameter Store, with `text` as its value. Not for secrets."""
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
        return self._add(
            CloudFormationResource(
                logical_id, caller(), type, {} if properties is None else properties, depends_on=depends_on, keep=keep
            )
        )

    def output(self, name: str, value: object) -> None:
        """Show `value`, an attribute of a handle or an intrinsic function, among the outputs of the stack."""
        self.outputs.append(Output(name, value, caller()))

    def _add(self, resource: AnyKind) -> AnyKind:
        self.resources.append(resource)
        return resource

    # ---- commands -----------------------------------------------------------------------------------------------

    def main(self) -> None:
        """Run the `lakon` command line on this program: `python app.py provision` is `lakon provision`."""
        from lakon.cli.main import main

        main(program=self.origin.file)


if TYPE_CHECKING:
    AnyKind = TypeVar("AnyKind", Bucket, Table, Queue, Topic, Bus, LogGroup, Parameter, Secret, CloudFormationResource)


def _merged(common: Mapping[str, str], own: Mapping[str, str] | None) -> Mapping[str, str]:
    """What holds for all functions and what one says itself; what is no mapping is left for the commands to refuse."""
    if own is not None and not hasattr(own, "keys"):
        return own
    return {**(common if hasattr(common, "keys") else {}), **(own or {})}

"""A function as declared. Ships into Lambda."""

from __future__ import annotations

from lakon.model.resource import Resource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lakon.model.alarms import Alarm
    from lakon.model.grants import Allow, Grant, Invoke
    from lakon.model.origin import Origin
    from lakon.model.resources import Queue, Topic
    from lakon.model.triggers import Trigger

    Use = Grant | Allow | Invoke
    Destination = Queue | Topic | str


class Vpc:
    """The subnets a function runs in and the security groups it carries, by their ids."""

    __slots__ = ("security_groups", "subnets")

    def __init__(self, *, subnets: list[str], security_groups: list[str]) -> None:
        self.subnets = subnets
        self.security_groups = security_groups


class Function:
    """One Lambda function: its handler and all that was said of it in one call."""

    __slots__ = (
        "alarms",
        "architecture",
        "dead_letters",
        "description",
        "env",
        "ephemeral_storage",
        "handler",
        "kms_key",
        "layers",
        "log_format",
        "log_level",
        "log_retention_days",
        "max_event_age",
        "memory",
        "name",
        "on",
        "on_failure",
        "on_success",
        "origin",
        "reserved_concurrency",
        "retries",
        "snap_start",
        "tags",
        "timeout",
        "tracing",
        "uses",
        "vpc",
    )

    def __init__(
        self,
        handler: Callable[..., object],
        name: str,
        origin: Origin,
        *,
        on: tuple[Trigger, ...],
        uses: tuple[Use, ...],
        memory: int,
        timeout: int,
        env: Mapping[str, str],
        alarms: tuple[Alarm, ...],
        description: str,
        architecture: str,
        ephemeral_storage: int,
        reserved_concurrency: int | None,
        vpc: Vpc | None,
        layers: tuple[str, ...],
        tags: Mapping[str, str],
        tracing: bool,
        log_format: str,
        log_level: str | None,
        log_retention_days: int,
        kms_key: str | None,
        dead_letters: Destination | None,
        retries: int | None,
        max_event_age: int | None,
        on_success: Destination | None,
        on_failure: Destination | None,
        snap_start: bool,
    ) -> None:
        self.handler = handler
        self.name = name
        self.origin = origin
        self.on = on
        self.uses = uses
        self.memory = memory
        self.timeout = timeout
        self.env = env
        self.alarms = alarms
        self.description = description
        self.architecture = architecture
        self.ephemeral_storage = ephemeral_storage
        self.reserved_concurrency = reserved_concurrency
        self.vpc = vpc
        self.layers = layers
        self.tags = tags
        self.tracing = tracing
        self.log_format = log_format
        self.log_level = log_level
        self.log_retention_days = log_retention_days
        self.kms_key = kms_key
        self.dead_letters = dead_letters
        self.retries = retries
        self.max_event_age = max_event_age
        self.on_success = on_success
        self.on_failure = on_failure
        self.snap_start = snap_start

    def __repr__(self) -> str:
        return f"<function {self.name!r} declared at {self.origin.file}:{self.origin.line}>"

    def touched(self) -> list[Resource]:
        """The resources that the function uses or is called by, each once, in the order they were named."""
        named = [getattr(use, "resource", None) for use in self.uses]
        named += [getattr(call, source, None) for call in self.on for source in ("bucket", "queue", "topic", "bus")]
        return list(dict.fromkeys([resource for resource in named if isinstance(resource, Resource)]))

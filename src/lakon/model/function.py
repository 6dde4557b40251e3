"""A function as declared. Ships into Lambda."""

from __future__ import annotations

from lakon.model.names import several
from lakon.model.resource import Resource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeAlias, TypedDict

    from lakon.model.alarms import Alarm
    from lakon.model.code import Code
    from lakon.model.grants import Allow, Grant, Invoke
    from lakon.model.http import Url
    from lakon.model.origin import Origin
    from lakon.model.resources import Queue, Topic
    from lakon.model.traffic import Traffic
    from lakon.model.triggers import Trigger

    Use: TypeAlias = Grant | Allow | Invoke
    Destination: TypeAlias = Queue | Topic | str

    class FunctionOptions(TypedDict, total=False):
        """What can be said of a function of any kind; `service.function` tells what each means."""

        on: Trigger | Sequence[Trigger]
        uses: Use | Sequence[Use]
        memory: int
        timeout: int
        env: Mapping[str, str] | None
        alarms: Alarm | Sequence[Alarm]
        description: str
        architecture: str | None
        ephemeral_storage: int
        reserved_concurrency: int | None
        vpc: Vpc | None
        layers: str | Sequence[str]
        tags: Mapping[str, str] | None
        tracing: bool
        log_format: str
        log_level: str | None
        log_retention_days: int | None
        kms_key: str | None
        dead_letters: Destination | None
        retries: int | None
        max_event_age: int | None
        on_success: Destination | None
        on_failure: Destination | None
        snap_start: bool
        url: bool | Url
        traffic: Traffic | None
        provisioned_concurrency: int | None
        physical_name: str | None


DEFAULTS: dict[str, object] = {
    "on": (),
    "uses": (),
    "memory": 256,
    "timeout": 15,
    "env": None,
    "alarms": (),
    "description": "",
    "architecture": None,
    "ephemeral_storage": 512,
    "reserved_concurrency": None,
    "vpc": None,
    "layers": (),
    "tags": None,
    "tracing": False,
    "log_format": "text",
    "log_level": None,
    "log_retention_days": None,
    "kms_key": None,
    "dead_letters": None,
    "retries": None,
    "max_event_age": None,
    "on_success": None,
    "on_failure": None,
    "snap_start": False,
    "url": False,
    "traffic": None,
    "provisioned_concurrency": None,
    "physical_name": None,
}


class Vpc:
    """The subnets a function runs in and the security groups it carries, by their ids."""

    __slots__ = ("security_groups", "subnets")

    def __init__(self, *, subnets: list[str], security_groups: list[str]) -> None:
        self.subnets = subnets
        self.security_groups = security_groups


class Function:
    """One Lambda function: what it runs and all that was said of it in one call. See `FunctionOptions`."""

    __slots__ = ("code", "name", "origin", *DEFAULTS)

    if TYPE_CHECKING:
        alarms: tuple[Alarm, ...]
        architecture: str
        dead_letters: Destination | None
        description: str
        env: Mapping[str, str]
        ephemeral_storage: int
        kms_key: str | None
        layers: tuple[str, ...]
        log_format: str
        log_level: str | None
        log_retention_days: int
        max_event_age: int | None
        memory: int
        on: tuple[Trigger, ...]
        on_failure: Destination | None
        on_success: Destination | None
        physical_name: str | None
        provisioned_concurrency: int | None
        reserved_concurrency: int | None
        retries: int | None
        snap_start: bool
        tags: Mapping[str, str]
        timeout: int
        tracing: bool
        traffic: Traffic | None
        url: bool | Url
        uses: tuple[Use, ...]
        vpc: Vpc | None

    def __init__(self, code: Code, name: str, origin: Origin, options: Mapping[str, object]) -> None:
        """Remember what was said. TypeError for an option that there is not."""
        self.code = code
        self.name = name
        self.origin = origin
        for option, default in DEFAULTS.items():
            value = options.get(option, default)
            setattr(self, option, several(value) if type(default) is tuple else value)
        unknown = [option for option in options if option not in DEFAULTS]
        if unknown:
            raise TypeError(f"there is no option {unknown[0]!r}; a function takes {', '.join(['name', *DEFAULTS])}")

    def __repr__(self) -> str:
        return f"<function {self.name!r} declared at {self.origin.file}:{self.origin.line}>"

    def physical(self, stack: str) -> str:
        """What the function is called in AWS, in the stack of that name."""
        return f"{stack}-{self.name}" if self.physical_name is None else self.physical_name

    def touched(self) -> list[Resource]:
        """The resources that the function uses or is called by, each once, in the order they were named."""
        named = [getattr(use, "resource", None) for use in self.uses]
        named += [getattr(call, source, None) for call in self.on for source in ("bucket", "queue", "topic", "bus")]
        return list(dict.fromkeys([resource for resource in named if isinstance(resource, Resource)]))

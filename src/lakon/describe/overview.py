"""A service at one glance: its functions, what calls each, what each touches, and its resources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from lakon.model.balancers import ListenerRule
from lakon.model.code import ApiHandler, GoProgram, PythonHandler, WebProgram
from lakon.model.grants import Allow, Grant, Invoke
from lakon.model.http import Url
from lakon.model.routes import Route
from lakon.model.sockets import SocketRoute
from lakon.model.triggers import BusEvents, ObjectEvents, QueueMessages, Schedule, TopicMessages
from lakon.model.values import MARK
from lakon.synth.grants import invoked_names
from lakon.synth.values import handles

if TYPE_CHECKING:
    from lakon.model.code import Code
    from lakon.model.function import Function, Use
    from lakon.model.service import Service
    from lakon.model.triggers import Trigger


@dataclass(frozen=True, slots=True)
class Link:
    """One arrow of the picture: from what calls to the function, or from the function to what it touches.

    `other` is the id of a resource, or what else stands at that end; `what` says how.
    """

    other: str
    what: str


@dataclass(frozen=True, slots=True)
class FunctionView:
    """A function: its settings, what calls it, what it touches, and where it was declared.

    `engine` is what runs it: "python", "web" for a server in any language, or that of a Go function; `source` is the
    folder of a server or a Go program. `physical_name` is its name in AWS where the program says one.
    """

    name: str
    engine: str
    source: str | None
    memory: int
    timeout: int
    calls: tuple[Link, ...]
    touches: tuple[Link, ...]
    alarms: tuple[str, ...]
    place: str
    physical_name: str | None = None


@dataclass(frozen=True, slots=True)
class ResourceView:
    """A resource: its id, its kind, and where it was declared."""

    id: str
    kind: str
    place: str


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole service."""

    service: str
    description: str
    python: str
    functions: tuple[FunctionView, ...]
    resources: tuple[ResourceView, ...]


def overview(service: Service, *, root: str) -> Overview:
    """Look at a service that has no mistakes; places are told relative to `root`."""
    return Overview(
        service=service.name,
        description=service.description,
        python=service.python,
        functions=tuple(_function(service, function, root) for function in service.functions),
        resources=tuple(ResourceView(handle.id, handle.kind, handle.origin.place(root)) for handle in handles(service)),
    )


def _function(service: Service, function: Function, root: str) -> FunctionView:
    engine, source = _code(function.code)
    return FunctionView(
        name=function.name,
        engine=engine,
        source=source,
        memory=function.memory,
        timeout=function.timeout,
        calls=(*(_call(trigger) for trigger in function.on), *_served(function)),
        touches=tuple(link for use in function.uses for link in _touch(service, use)),
        alarms=tuple(f"{alarm.statistic} of {alarm.metric} >= {alarm.threshold}" for alarm in function.alarms),
        place=function.origin.place(root),
        physical_name=function.physical_name,
    )


def _code(code: Code) -> tuple[str, str | None]:
    match code:
        case PythonHandler():
            return "python", None
        case GoProgram():
            return code.engine, code.source
        case WebProgram():
            return "web", code.source
    assert_never(code)


def _served(function: Function) -> list[Link]:
    """The routes that a front door's own function serves, and its address where it has one of its own."""
    found = []
    if isinstance(function.code, ApiHandler):
        api = function.code.call
        found = [Link(api.id, route.key) for route in api.routes]
    elif function.url is not False:
        found = [
            Link(
                "function URL",
                "public" if isinstance(function.url, Url) and function.url.auth == "public" else "signed",
            )
        ]
    return found


def _call(trigger: Trigger) -> Link:
    match trigger:
        case ObjectEvents():
            keys = f" {trigger.prefix}*{trigger.suffix}" if trigger.prefix or trigger.suffix else ""
            return Link(trigger.bucket.id, ", ".join(name.removeprefix("s3:") for name in trigger.events) + keys)
        case QueueMessages():
            return Link(trigger.queue.id, f"up to {trigger.batch} messages")
        case TopicMessages():
            return Link(trigger.topic.id, "messages" if trigger.filter is None else "filtered messages")
        case Schedule():
            zone = "" if trigger.timezone == "UTC" else f" {trigger.timezone}"
            return Link("schedule", trigger.expression + zone)
        case BusEvents():
            told = ", ".join(f"{key} {_listed(value)}" for key, value in trigger.pattern.items())
            return Link(trigger.bus.id if trigger.bus else "default event bus", f"events with {told}")
        case Route() | SocketRoute():
            return Link(trigger.api.id, trigger.key)
        case ListenerRule():
            return Link(trigger.balancer.id, ", ".join([*trigger.methods, *trigger.hosts, *trigger.paths]) or "a rule")
    assert_never(trigger)


def _listed(value: object) -> str:
    return "/".join(map(str, value)) if isinstance(value, list) else str(value)


def _touch(service: Service, use: Use) -> list[Link]:
    match use:
        case Grant():
            return [Link(use.resource.id, use.access.replace("_", " and "))]
        case Allow():
            return [Link(_plain(resource), ", ".join(use.actions)) for resource in use.resources]
        case Invoke():
            return [Link(name, "invoke") for name in invoked_names(use, service)]
    assert_never(use)


def _plain(resource: str) -> str:
    return resource.replace(MARK, "${")

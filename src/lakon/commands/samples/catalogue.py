"""Every kind of sample event, by the name that `--event` takes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from lakon.commands.samples import http, messaging, storage
from lakon.commands.samples.patterns import WORD, matching
from lakon.model.balancers import ListenerRule, LoadBalancer
from lakon.model.gateways import FunctionUrl, HttpApi, RestApi
from lakon.model.routes import Route
from lakon.model.sockets import SocketRoute
from lakon.model.triggers import BusEvents, ObjectEvents, QueueMessages, Schedule, TopicMessages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lakon.commands.samples.scene import Json, Scene
    from lakon.model.gateways import AnyApi
    from lakon.model.triggers import Trigger


@dataclass(frozen=True, slots=True)
class Source:
    """What sends a sample event: a trigger of the function, if it has one of the kind, and its real name.

    `name` is a bucket's name, a queue's or topic's ARN, a schedule's name.
    """

    trigger: Trigger | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of event: what it tells, which trigger sends it, and how a sample is made."""

    about: str
    sends: Callable[[Trigger], bool]
    make: Callable[[Scene, Source], object]


def _s3(about: str, name: str) -> Kind:
    def sends(trigger: Trigger) -> bool:
        return isinstance(trigger, ObjectEvents) and any(fnmatchcase(f"s3:{name}", each) for each in trigger.events)

    def make(scene: Scene, source: Source) -> Json:
        prefix, suffix = "", ""
        if isinstance(source.trigger, ObjectEvents):
            prefix, suffix = source.trigger.prefix, source.trigger.suffix
        return storage.s3(scene, name, bucket=source.name or "example-bucket", key=f"{prefix}{WORD}{suffix}")

    return Kind(about, sends, make)


def _sqs(scene: Scene, source: Source) -> Json:
    pattern: Mapping[str, object] = {}
    if isinstance(source.trigger, QueueMessages) and source.trigger.filters:
        pattern = source.trigger.filters[0]
    body = matching(pattern).get("body", {"example": True})
    text = body if isinstance(body, str) else json.dumps(body)
    return messaging.sqs(scene, queue=source.name or scene.arn("sqs", "example-queue"), body=text)


def _sns(scene: Scene, source: Source) -> Json:
    message, attributes = "an example", {}
    if isinstance(source.trigger, TopicMessages) and source.trigger.filter is not None:
        said = matching(source.trigger.filter)
        if source.trigger.filter_on_body:
            message = json.dumps(said)
        else:
            attributes = said
    topic = source.name or scene.arn("sns", "example-topic")
    return messaging.sns(scene, topic=topic, message=message, attributes=attributes)


def _schedule(scene: Scene, source: Source) -> object:
    if isinstance(source.trigger, Schedule) and source.trigger.payload is not None:
        return source.trigger.payload
    return messaging.schedule(scene, name=source.name or "example-schedule")


def _eventbridge(scene: Scene, source: Source) -> Json:
    said = matching(source.trigger.pattern) if isinstance(source.trigger, BusEvents) else {}
    if "resources" in said:
        said["resources"] = [said["resources"]]
    return messaging.eventbridge(scene, said=said)


def _is_route(trigger: Trigger, *of: type[AnyApi]) -> bool:
    return isinstance(trigger, Route) and isinstance(trigger.api, of)


def _http(scene: Scene, source: Source) -> Json:
    if not isinstance(source.trigger, Route):
        return http.http(scene)
    route = source.trigger
    return http.http(scene, route.method, route.path, routed=not isinstance(route.api, FunctionUrl))


def _http_v1(scene: Scene, source: Source) -> Json:
    if not isinstance(source.trigger, Route):
        return http.http_v1(scene)
    return http.http_v1(scene, source.trigger.method, source.trigger.path)


def _balancer(scene: Scene, source: Source) -> Json:
    match source.trigger:
        case Route(method=method, path=path):
            return http.balancer(scene, method, path)
        case ListenerRule(methods=methods, paths=paths):
            path = paths[0].replace("*", WORD).replace("?", "x") if paths else ""
            return http.balancer(scene, methods[0] if methods else "GET", f"/{path.removeprefix('/')}")
    return http.balancer(scene)


def _websocket(scene: Scene, source: Source) -> Json:
    if not isinstance(source.trigger, SocketRoute):
        return http.websocket(scene)
    return http.websocket(scene, source.trigger.key)


def _nobody(_: Trigger) -> bool:
    return False


KINDS: dict[str, Kind] = {
    "s3:put": _s3("an object was put into a bucket", "ObjectCreated:Put"),
    "s3:post": _s3("an object was posted by a form", "ObjectCreated:Post"),
    "s3:copy": _s3("an object was copied into a bucket", "ObjectCreated:Copy"),
    "s3:multipart": _s3("an object was uploaded in parts", "ObjectCreated:CompleteMultipartUpload"),
    "s3:delete": _s3("an object was deleted", "ObjectRemoved:Delete"),
    "s3:delete-marker": _s3("an object of a versioned bucket was deleted", "ObjectRemoved:DeleteMarkerCreated"),
    "sqs": Kind("a message waits in a queue", lambda trigger: isinstance(trigger, QueueMessages), _sqs),
    "sns": Kind("a message was published to a topic", lambda trigger: isinstance(trigger, TopicMessages), _sns),
    "schedule": Kind("the time of a schedule has come", lambda trigger: isinstance(trigger, Schedule), _schedule),
    "eventbridge": Kind("an event is on a bus", lambda trigger: isinstance(trigger, BusEvents), _eventbridge),
    "dynamodb": Kind(
        "an item was put into a table", _nobody, lambda scene, _: storage.dynamodb(scene, table="example-table")
    ),
    "kinesis": Kind(
        "a record is in a data stream", _nobody, lambda scene, _: messaging.kinesis(scene, stream="example-stream")
    ),
    "cloudwatch-logs": Kind(
        "lines passed a subscription filter",
        _nobody,
        lambda scene, _: messaging.cloudwatch_logs(scene, group="/aws/lambda/example"),
    ),
    "http": Kind("a request, payload format 2.0", lambda trigger: _is_route(trigger, HttpApi, FunctionUrl), _http),
    "http:v1": Kind("a request, payload format 1.0", lambda trigger: _is_route(trigger, RestApi), _http_v1),
    "alb": Kind(
        "a request of a load balancer",
        lambda trigger: isinstance(trigger, ListenerRule) or _is_route(trigger, LoadBalancer),
        _balancer,
    ),
    "websocket": Kind("a message of a client", lambda trigger: isinstance(trigger, SocketRoute), _websocket),
}

"""What the emulator's CloudFormation leaves out.

Of a function, reserved concurrency and its dead letter target; of a mapping, that it is off; of WebSocket APIs, the
responses of routes; of a nested stack that fails, AWS's words, and that nothing of it stays behind; of what was
imported without a name in the template, that it keeps its own.
"""

from __future__ import annotations

from contextlib import suppress
from functools import wraps
from typing import TYPE_CHECKING

from lakon.local.inside.concurrency import Key
from lakon.local.inside.seam import FUNCTION, MAPPING, STACK

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakon.local.inside.link import Json
    from lakon.local.inside.seam import Emulator

    Handler = Callable[..., tuple[str, Json]]

_NAMES = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
}
"""Kinds that are updated by the name that a template gives them, or else by the one that is made up for them."""


def complete(emulator: Emulator) -> None:
    """Let stacks create and update functions whole."""

    def completing(original: Handler, properties_at: int) -> Handler:
        @wraps(original)  # the engine looks at a handler's parameters
        def handle(*arguments: object, **named: object) -> tuple[str, Json]:
            name, attributes = original(*arguments, **named)
            properties = arguments[properties_at]
            function = emulator.function(Key(*emulator.scope_now, name))
            if function and isinstance(properties, dict):
                reserved = properties.get("ReservedConcurrentExecutions")
                function["concurrency"] = None if reserved is None else int(reserved)
                function["config"]["DeadLetterConfig"] = properties.get("DeadLetterConfig") or {}
            return name, attributes

        return handle

    emulator.replace_handler(FUNCTION, "create", lambda original: _refusing_another(emulator, completing(original, 1)))
    emulator.replace_handler(FUNCTION, "update", lambda original: completing(original, 2))
    emulator.replace_handler(MAPPING, "create", lambda original: _mapping_created(emulator, original))
    emulator.replace_handler(STACK, "create", lambda original: _nested_created(emulator, original))
    emulator.replace_handler(STACK, "update", lambda original: _nested_updated(original))
    update = "cloudformation.provisioners._update_resource"
    emulator.replace(update, _keeping_attributes(emulator, emulator.original(update)))
    update = "cloudformation.stacks._update_resource"
    emulator.replace(update, _keeping_names(emulator, emulator.original(update)))
    emulator.add_kind("AWS::ApiGatewayV2::RouteResponse", _route_responses(emulator))


def _refusing_another(emulator: Emulator, original: Handler) -> Handler:
    """A function that exists is not made again: it is another stack's, or nobody's."""

    @wraps(original)
    def create(logical_id: str, props: Json, stack_name: str) -> tuple[str, Json]:
        name = str(props.get("FunctionName", ""))
        if name and emulator.function(Key(*emulator.scope_now, name)):
            raise ValueError(f"Resource of type '{FUNCTION}' with identifier '{name}' already exists.")
        return original(logical_id, props, stack_name)

    return create


def _mapping_created(emulator: Emulator, original: Handler) -> Handler:
    """A mapping that is declared off is told to be: an update says so, its creation does not."""

    @wraps(original)
    def create(logical_id: str, props: Json, stack_name: str) -> tuple[str, Json]:
        made, attributes = original(logical_id, props, stack_name)
        if not props.get("Enabled", True):
            emulator.handler(MAPPING, "update")(made, props, props, stack_name)
        return made, attributes

    return create


def _nested_created(emulator: Emulator, original: Handler) -> Handler:
    """Of a nested stack that could not be made, what was made of it is removed again."""

    @wraps(original)
    def create(logical_id: str, props: Json, stack_name: str) -> tuple[str, Json]:
        try:
            return original(logical_id, props, stack_name)
        except Exception as error:
            begun = [each for each in emulator.nested_stacks(stack_name) if each["StackStatus"] == "CREATE_FAILED"]
            if not begun:
                raise
            stack = begun[-1]["StackId"]
            emulator.handler(STACK, "delete")(stack, props)
            raise ValueError(f"Embedded stack {stack} was not successfully created: {error}") from error

    return create


def _nested_updated(original: Handler) -> Handler:
    @wraps(original)
    def update(physical_id: str, old_props: Json, new_props: Json, stack_name: str) -> tuple[str, Json]:
        try:
            return original(physical_id, old_props, new_props, stack_name)
        except Exception as error:
            raise ValueError(f"Embedded stack {physical_id} was not successfully updated: {error}") from error

    return update


def _keeping_attributes(emulator: Emulator, original: Handler) -> Handler:
    """Within nested stacks, what does not change keeps its attributes."""

    @wraps(original)
    def update(
        resource_type: str, physical_id: str, old_props: Json, new_props: Json, stack_name: str, logical_id: str
    ) -> tuple[str, Json]:
        attributes = emulator.attributes(stack_name, logical_id)
        return original(resource_type, physical_id, old_props, new_props, stack_name, logical_id, attributes)

    return update


def _keeping_names(emulator: Emulator, original: Handler) -> Handler:
    """What was imported is updated under the name that it has."""

    @wraps(original)
    def update(
        kind: str, physical_id: str, old: Json, new: Json, stack: str, logical_id: str, *others: object
    ) -> tuple[str, Json]:
        key = _NAMES.get(kind)
        if key and key not in old and key not in new and emulator.made_up(stack, logical_id) not in physical_id:
            separator = {"AWS::SNS::Topic": ":", "AWS::SQS::Queue": "/"}.get(kind)
            name = physical_id.rpartition(separator)[2] if separator else physical_id
            old, new = {**old, key: name}, {**new, key: name}
        return original(kind, physical_id, old, new, stack, logical_id, *others)

    return update


def _route_responses(emulator: Emulator) -> dict[str, Callable[..., object]]:
    """The handlers of route responses. The physical id tells the API, the route and the response."""

    def create(logical_id: str, props: Json, stack_name: str) -> tuple[str, Json]:  # noqa: ARG001 - the engine's
        api, route = props["ApiId"], props["RouteId"].rpartition("/")[2]
        made = emulator.route_response("create", api, route, {"routeResponseKey": props["RouteResponseKey"]})[
            "routeResponseId"
        ]
        return f"{api}/{route}/{made}", {"RouteResponseId": made}

    def update(physical_id: str, old_props: Json, new_props: Json, stack_name: str) -> tuple[str, Json]:
        delete(physical_id, old_props)
        return create("", new_props, stack_name)

    def delete(physical_id: str, props: Json) -> None:  # noqa: ARG001 - the engine's
        with suppress(ValueError):  # its API may be gone
            emulator.route_response("delete", *physical_id.split("/"))

    return {"create": create, "update": update, "delete": delete}

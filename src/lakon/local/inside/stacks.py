"""What the emulator's CloudFormation leaves out.

Of a function, reserved concurrency and its dead letter target; of WebSocket APIs, the responses of routes.
"""

from __future__ import annotations

from contextlib import suppress
from functools import wraps
from typing import TYPE_CHECKING

from lakon.local.inside.concurrency import Key

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakon.local.inside.link import Json
    from lakon.local.inside.seam import Emulator

    Handler = Callable[..., tuple[str, Json]]


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

    emulator.replace_handler("create", lambda original: completing(original, 1))
    emulator.replace_handler("update", lambda original: completing(original, 2))
    emulator.add_kind("AWS::ApiGatewayV2::RouteResponse", _route_responses(emulator))


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

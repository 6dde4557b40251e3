"""What the emulator's CloudFormation leaves out of a function: reserved concurrency, and its dead letter target."""

from __future__ import annotations

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

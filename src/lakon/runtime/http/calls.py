"""From a handler to what calls it with a request: which of its parameters comes from where. Ships into Lambda.

A handler is looked at when its first request comes. `def handler(request)` is called as it is.
"""

from __future__ import annotations

from lakon.runtime.http.handlers import ASYNC_GENERATOR, COROUTINE, Mount, flags_of, is_request, parameters_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lakon.runtime.http.request import Request


class Call:
    """A route's method and handler, the parameters of its path, and the status of its answers."""

    __slots__ = ("handler", "invoke", "method", "names", "status")

    def __init__(self, method: str, handler: Any, names: tuple[str, ...], status: int) -> None:
        self.method = method
        self.handler = handler
        self.names = names
        self.status = status
        self.invoke: Callable[[Request], Any] = self._first

    def _first(self, request: Request) -> Any:
        self.invoke = plan(self.handler, self.names)
        return self.invoke(request)


def plan(handler: Any, names: tuple[str, ...]) -> Callable[[Request], Any]:
    """What calls `handler` with a request; `names` are the parameters of the route's path."""
    if isinstance(handler, Mount):
        from lakon.runtime.http.mounting import mounted

        return mounted(handler.app, handler.kind)
    return awaited(handler, with_arguments(handler, names))


def with_arguments(handler: Any, names: tuple[str, ...]) -> Callable[[Request], Any]:
    """Call `handler` with what its parameters ask for."""
    parameters = parameters_of(handler)
    if not parameters:
        return lambda _: handler()
    if len(parameters) == 1 and is_request(*parameters[0][:2], names, alone=True):
        return handler  # type: ignore[no-any-return]  # a handler
    from lakon.runtime.http.arguments import filled

    return filled(handler, parameters, names)


def awaited(handler: Any, call: Callable[..., Any]) -> Callable[..., Any]:
    """Run what a coroutine function makes; hand out what an asynchronous generator yields.

    The first argument of `call` is the request.
    """
    flags = flags_of(handler)
    if flags & COROUTINE:
        from lakon.runtime.http.loop import finish

        return lambda request, *more: finish(call(request, *more), request.context)
    if flags & ASYNC_GENERATOR:
        from lakon.runtime.http.loop import iterate

        return lambda request, *more: iterate(call(request, *more), request.context)
    return call

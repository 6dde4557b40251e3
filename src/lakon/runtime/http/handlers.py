"""Handlers, looked at: what kind of function each is, what its parameters are, what calls it with a request.

That is done when the first request comes. `def handler(request)` is called as it is. Ships into Lambda.
"""

from __future__ import annotations

from lakon.runtime.http.request import is_request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lakon.runtime.http.request import Request
    from lakon.runtime.http.response import Response

# flags of code objects
COROUTINE, ASYNC_GENERATOR, VARIADIC = 0x80, 0x200, 0x04 | 0x08


class Mount:
    """An ASGI or WSGI application as the handler of routes; made by `api.mount`."""

    __slots__ = ("app", "kind")

    def __init__(self, app: Callable[..., object], kind: str | None) -> None:
        self.app = app
        self.kind = kind


def parameters_of(handler: Any) -> list[tuple[str, Any, Any]]:
    """Each parameter's name, annotation and default; `...` stands for none."""
    code = getattr(handler, "__code__", None)
    if code is None or code.co_flags & VARIADIC or hasattr(handler, "__wrapped__") or hasattr(handler, "__self__"):
        import inspect

        empty = inspect.Parameter.empty
        return [
            (name, ... if each.annotation is empty else each.annotation, ... if each.default is empty else each.default)
            for name, each in inspect.signature(handler).parameters.items()
            if each.kind not in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        ]
    count = code.co_argcount
    names = code.co_varnames[: count + code.co_kwonlyargcount]
    defaults = dict(zip(reversed(names[:count]), reversed(handler.__defaults__ or ()), strict=False))
    defaults.update(handler.__kwdefaults__ or {})
    try:
        annotations = handler.__annotations__
    except NameError:  # of Python 3.14, where a name stands under `if TYPE_CHECKING`
        import annotationlib  # type: ignore[import-not-found, unused-ignore]  # Python 3.14

        annotations = annotationlib.get_annotations(handler, format=annotationlib.Format.STRING)
    return [(name, annotations.get(name, ...), defaults.get(name, ...)) for name in names]


def request_handler(call: Any) -> Any:
    """The handler that takes a request, inside of what `lakon.http` made of it; None for one of Lambda's own kind."""
    return getattr(call, "request_handler", None)


def flags_of(handler: Any) -> int:
    """What kind of function it is, or its `__call__`, in the flags of its code."""
    handler = getattr(handler, "func", handler)  # of functools.partial
    for call in (handler, _call_of(type(handler))):
        code = getattr(call, "__code__", None)
        if code is not None:
            return code.co_flags  # type: ignore[no-any-return]  # any object may have it
    return 0


def _call_of(kind: type) -> Any:
    return next((each.__dict__["__call__"] for each in kind.__mro__ if "__call__" in each.__dict__), None)


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


def mounted(app: Any, kind: str | None) -> Callable[[Request], Response]:
    """What answers requests by an application. `kind` is "asgi", "wsgi", or None to look."""
    if kind == "asgi" or (kind is None and flags_of(app) & COROUTINE):
        from lakon.runtime.http.asgi import Asgi

        return Asgi(app)
    from lakon.runtime.http.wsgi import wsgi

    return wsgi(app)

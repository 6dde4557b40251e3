"""Handlers, looked at: what kind of function each is, and what its parameters are. Ships into Lambda."""

from __future__ import annotations

from lakon.runtime.http.request import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

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


def is_request(name: str, annotation: Any, names: tuple[str, ...], *, alone: bool) -> bool:
    """Whether a parameter takes the request itself: by annotation, by the name `request`, or because it is `alone`."""
    if annotation is ...:
        return name == "request" or (alone and name not in names)
    return annotation in (Request, "Request", "lakon.Request")


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

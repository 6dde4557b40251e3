"""What stands around handlers: before, after, errors, middleware, CORS. Ships into Lambda."""

from __future__ import annotations

from lakon.runtime.http.cors import allow, is_preflight, preflight
from lakon.runtime.http.handlers import awaited
from lakon.runtime.http.response import HTTPError, Response, respond

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lakon.runtime.http.application import Hooks
    from lakon.runtime.http.cors import Policy
    from lakon.runtime.http.handlers import Call
    from lakon.runtime.http.request import Request


def around(hooks: Hooks, cors: Policy | None) -> Callable[[Call, Request], Response]:
    """What answers a request by a call, with all that stands around it."""
    middleware, before, after, errors = hooks
    first = [_run(each) for each in before]
    last = [_run(each) for each in after]
    failed = _failing([(kind, _run(handler)) for kind, handler in errors])

    def inner(call: Call, request: Request) -> Response:
        try:
            response = _handled(call, request, first)
        except Exception as error:  # noqa: BLE001 - raised anew where nobody takes it
            response = failed(request, error)
        for each in last:
            changed = each(request, response)
            if changed is not None:
                response = respond(changed, response.status)
        return response

    def serve(call: Call, request: Request) -> Response:
        if cors is not None and is_preflight(request) and call.method != "OPTIONS":
            return preflight(request, cors)
        answer: Callable[[Request], Response] = lambda request: inner(call, request)  # noqa: E731 - a typed one
        for each in reversed(middleware):
            answer = _wrapped(each, answer)
        try:
            response = answer(request)
        except Exception as error:  # noqa: BLE001 - raised anew where nobody takes it
            response = failed(request, error)
        if cors is not None:
            allow(request, response, cors)
        return response

    return serve


def _handled(call: Call, request: Request, first: list[Any]) -> Response:
    for each in first:
        answer = each(request)
        if answer is not None:
            return respond(answer, 200)
    return respond(call.invoke(request), call.status)


def _wrapped(middleware: Any, answer: Callable[[Request], Response]) -> Callable[[Request], Response]:
    return lambda request: respond(middleware(request, answer), 200)


def _run(handler: Any) -> Callable[..., Any]:
    """The hook as a plain function."""
    return awaited(handler, handler)


def _failing(errors: list[tuple[type[BaseException], Any]]) -> Callable[[Request, Exception], Response]:
    handlers = dict(errors)

    def failed(request: Request, error: Exception) -> Response:
        for kind in type(error).__mro__:
            if kind in handlers:
                status = error.status if isinstance(error, HTTPError) else 500
                return respond(handlers[kind](request, error), status)
        if isinstance(error, HTTPError):
            return error.response()
        raise error

    return failed

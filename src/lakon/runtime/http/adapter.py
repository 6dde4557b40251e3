"""Handlers of requests as Lambda handlers, for functions with a route of their own. Ships into Lambda."""

from __future__ import annotations

from lakon.runtime.http.balancer import Balancer, answer_balancer
from lakon.runtime.http.fronts import GatewayV1, GatewayV2, answer_v1, answer_v2, unquoted
from lakon.runtime.http.handlers import Call
from lakon.runtime.http.response import HTTPError, Response, respond

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, overload

    from lakon.runtime.http.cors import Policy
    from lakon.runtime.http.request import Request

    LambdaHandler = Callable[[Any, Any], dict[str, Any]]


if TYPE_CHECKING:

    @overload
    def http(handler: Callable[..., object], /) -> LambdaHandler: ...

    @overload
    def http(*, status: int = 200, cors: Policy | None = None) -> Callable[[Callable[..., object]], LambdaHandler]: ...


def http(
    handler: Callable[..., object] | None = None, /, *, status: int = 200, cors: Policy | None = None
) -> LambdaHandler | Callable[[Callable[..., object]], LambdaHandler]:
    """Make a `(event, context)` handler of one that takes a `lakon.Request`, as those of an API's own function do.

    For a function that has a route of its own: `@service.function(on=api.get("/report"))` above `@lakon.http`. Its
    parameters and answers are those of routes. `status`: of answers that do not say another. `cors`: makes the CORS
    headers of its answers, which HTTP APIs make themselves.
    """

    def adapt(handler: Callable[..., object]) -> LambdaHandler:
        call: Call | None = None

        def handle(event: Any, context: Any) -> dict[str, Any]:
            nonlocal call
            request = request_of(event, context)
            if call is None:
                call = Call(request.method, handler, tuple(request.path), status)
            try:
                response = respond(call.invoke(request), status)
            except HTTPError as error:
                response = error.response()
            if cors is not None:
                from lakon.runtime.http.cors import allow

                allow(request, response, cors)
            return answer_of(response, event)

        for name in ("__module__", "__name__", "__qualname__", "__doc__"):
            setattr(handle, name, getattr(handler, name, None))
        handle.__wrapped__ = handler  # type: ignore[attr-defined]  # as functools.wraps does
        handle.request_handler = handler  # type: ignore[attr-defined]  # decorators that wrap it hand this on
        return handle

    return adapt if handler is None else adapt(handler)


def request_of(event: Any, context: Any) -> Request:
    """The request of an event of any front door. Raises ValueError for an event that is none."""
    around = event.get("requestContext") or {}
    path = event.get("pathParameters") or {}
    if "http" in around:
        return GatewayV2(event, context, path)
    if "httpMethod" not in event:
        raise ValueError("this is no HTTP request of API Gateway, a function URL or a load balancer")
    kind = Balancer if "elb" in around else GatewayV1
    return kind(event, context, {name: unquoted(value) for name, value in path.items()})


def answer_of(response: Response, event: Any) -> dict[str, Any]:
    """The response as the front door of the event wants it."""
    around = event["requestContext"]
    if "http" in around:
        return answer_v2(response)
    return answer_balancer(response, event) if "elb" in around else answer_v1(response)

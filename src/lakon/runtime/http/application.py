"""From an event to a handler and back: what Lambda calls for an API. Ships into Lambda.

Routes are found by the key that the gateway gives with each event, in a dictionary. Function URLs, load balancers and
`$default` routes give none: for them a tree of paths is made, once it is needed.
"""

from __future__ import annotations

from lakon.runtime.http.fronts import GatewayV1, GatewayV2, answer_v1, answer_v2, is_function_url, unquoted
from lakon.runtime.http.handlers import Call
from lakon.runtime.http.response import HTTPError, Response, respond

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from lakon.runtime.http.cors import Policy
    from lakon.runtime.http.matching import Tree
    from lakon.runtime.http.request import Request

    # middleware, before, after, and error handlers by the kind of error
    Hooks = tuple[list[Any], list[Any], list[Any], list[tuple[type[BaseException], Any]]]
    Routes = Iterable[tuple[str, str, Any, int]]


class Application:
    """The routes of an API and what stands around their handlers."""

    __slots__ = ("calls", "cors", "hooks", "respond", "tree")

    def __init__(self, routes: Routes, hooks: Hooks, cors: Policy | None) -> None:
        self.calls = {
            f"{method} {path}": Call(method, handler, names_of(path), status)
            for method, path, handler, status in routes
        }
        self.hooks = hooks
        self.cors = cors
        self.tree: Tree | None = None
        self.respond: Callable[[Call, Request], Response] = self._respond if any(hooks) or cors else self._plainly

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        """Answer an event of any front door. Raises what a handler raised and no error handler takes."""
        key = event.get("routeKey")
        if key is not None:
            call = self.calls.get(key)
            if call is None:
                return answer_v2(self._search_v2(event, context, key))
            return answer_v2(self.respond(call, GatewayV2(event, context, event.get("pathParameters") or {})))
        around = event.get("requestContext")
        if around is None or "httpMethod" not in event:
            raise ValueError("this is no HTTP request of API Gateway, a function URL or a load balancer")
        if "elb" in around:
            return self._of_balancer(event, context)
        path = {name: unquoted(value) for name, value in (event.get("pathParameters") or {}).items()}
        request = GatewayV1(event, context, path)
        call = self.calls.get(f"{event['httpMethod']} {event['resource']}")
        if call is None:
            return answer_v1(self._other(request, event["httpMethod"], event["resource"]))
        return answer_v1(self.respond(call, request))

    def _plainly(self, call: Call, request: Request) -> Response:
        try:
            return respond(call.invoke(request), call.status)
        except HTTPError as error:
            return error.response()

    def _respond(self, call: Call, request: Request) -> Response:
        """Make what stands around handlers, which waits until there is a request."""
        from lakon.runtime.http.hooks import around

        self.respond = around(self.hooks, self.cors)
        return self.respond(call, request)

    def _other(self, request: Request, method: str, path: str) -> Response:
        """Answer a method that has no route of its own at a path that the gateway found."""
        for other in alternatives(method):
            call = self.calls.get(f"{other} {path}")
            if call is not None:
                return self._answer(call, request, method)
        return self.respond(_refusing(HTTPError(404, "there is no such route")), request)

    def _answer(self, call: Call, request: Request, method: str) -> Response:
        """Answer by a route that may be of another method; HEAD is GET without the body."""
        response = self.respond(call, request)
        if method == "HEAD" and call.method != "HEAD":
            response.payload()  # says the content type
            response.body = None
        return response

    def _search_v2(self, event: Any, context: Any, key: str) -> Response:
        if key != "$default":
            method, _, path = key.partition(" ")
            return self._other(GatewayV2(event, context, event.get("pathParameters") or {}), method, path)
        request = GatewayV2(event, context, {})
        path = event["rawPath"] if is_function_url(event) else request.url_path
        return self._search(request, request.method, path, encoded=is_function_url(event))

    def _of_balancer(self, event: Any, context: Any) -> dict[str, Any]:
        from lakon.runtime.http.balancer import Balancer, answer_balancer

        request = Balancer(event, context, {})
        return answer_balancer(self._search(request, event["httpMethod"], event["path"], encoded=True), event)

    def _search(self, request: Request, method: str, path: str, *, encoded: bool) -> Response:
        call = self.calls.get(f"{method} {path}")
        if call is not None and not call.names:
            return self.respond(call, request)
        if self.tree is None:
            self.tree = planted(self.calls)
        found = self.tree.find((method, *alternatives(method)), path)
        if found is None:
            allowed = self.tree.methods(path)
            if not allowed:
                return self.respond(_refusing(HTTPError(404, "there is no such route")), request)
            refusal = HTTPError(405, f"{method} is not for this path", headers={"allow": ", ".join(allowed)})
            return self.respond(_refusing(refusal), request)
        call, values = found
        request.path = {name: unquoted(value) for name, value in values.items()} if encoded else values
        return self._answer(call, request, method)


def application(routes: Routes, hooks: Hooks, cors: Policy | None) -> Callable[[Any, Any], dict[str, Any]]:
    """What answers the events of an API. `routes` are methods, paths, handlers and the status of their answers."""
    return Application(routes, hooks, cors)


def names_of(path: str) -> tuple[str, ...]:
    """The parameters of a path: of `/users/{id}/{rest+}` they are `("id", "rest")`."""
    if "{" not in path:
        return ()
    return tuple(part[1:-1].rstrip("+") for part in path.split("/") if part.startswith("{"))


def alternatives(method: str) -> tuple[str, ...]:
    """Which routes take a method that has none of its own."""
    return ("GET", "ANY") if method == "HEAD" else ("ANY",)


def planted(calls: dict[str, Call]) -> Tree:
    """The routes as a tree of paths."""
    from lakon.runtime.http.matching import Tree

    tree = Tree()
    for key, call in calls.items():
        method, _, path = key.partition(" ")
        tree.add(method, path, call)
    return tree


def _refusing(error: HTTPError) -> Call:
    def refuse(_: Request) -> Any:
        raise error

    call = Call("", refuse, (), 200)
    call.invoke = refuse
    return call

"""Routes, which are decorators and triggers, and what all front doors with a function of their own can do.

Ships into Lambda.
"""

from __future__ import annotations

from lakon.model.code import ApiHandler
from lakon.model.names import several
from lakon.model.origin import caller
from lakon.model.resource import Resource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, TypeAlias, TypedDict, TypeVar, Unpack

    from lakon.model.authorizers import Auth
    from lakon.model.balancers import ListenerRule, LoadBalancer
    from lakon.model.function import Function, FunctionOptions
    from lakon.model.functions import Functions
    from lakon.model.gateways import FunctionUrl, HttpApi, RestApi
    from lakon.model.http import Cors, Throttle
    from lakon.model.origin import Origin
    from lakon.model.sockets import SocketRoute
    from lakon.runtime.http.application import Hooks
    from lakon.runtime.http.handlers import Mount

    Handler = TypeVar("Handler", bound=Callable[..., object])
    Serve: TypeAlias = Callable[[dict[str, Any], object], dict[str, Any]]  # JSON in, JSON out

    class RouteOptions(TypedDict, total=False):
        """What can be said of a route; `api.get` tells what each means."""

        auth: Auth
        scopes: str | Sequence[str]
        throttle: Throttle | None
        status: int
        api_key: bool
        validate: bool
        requires: str | Sequence[str]
        cache: int | None
        cache_by: str | Sequence[str]


class Inherited:
    """The mark of a route that says nothing of who may call it: what its API says holds."""

    __slots__ = ()


INHERITED = Inherited()

ROUTE_DEFAULTS: dict[str, object] = {
    "auth": INHERITED,
    "scopes": (),
    "throttle": None,
    "status": 200,
    "api_key": False,
    "validate": False,
    "requires": (),
    "cache": None,
    "cache_by": (),
}


class Route:
    """A method and a path of an API: a decorator, and a trigger; made by `api.get("/photos/{key}")` and its like.

    As a decorator it gives the route to the API's own function, and returns the handler unchanged. In `on=` it gives
    the route to a function of its own.
    """

    __slots__ = ("api", "handler", "method", "origin", "path", *ROUTE_DEFAULTS)

    if TYPE_CHECKING:
        api: HttpApi | RestApi | LoadBalancer | FunctionUrl
        handler: Callable[..., object] | Mount | None
        auth: Auth | Inherited
        scopes: tuple[str, ...]
        throttle: Throttle | None
        status: int
        api_key: bool
        validate: bool
        requires: tuple[str, ...]
        cache: int | None
        cache_by: tuple[str, ...]

    def __init__(
        self,
        api: HttpApi | RestApi | LoadBalancer | FunctionUrl,
        method: str,
        path: str,
        origin: Origin,
        options: Mapping[str, object],
    ) -> None:
        self.api = api
        self.method = method
        self.path = path
        self.origin = origin
        self.handler = None
        for option, default in ROUTE_DEFAULTS.items():
            value = options.get(option, default)
            setattr(self, option, several(value) if type(default) is tuple else value)
        unknown = [option for option in options if option not in ROUTE_DEFAULTS]
        if unknown:
            raise TypeError(f"there is no option {unknown[0]!r}; a route takes {', '.join(ROUTE_DEFAULTS)}")

    def __call__(self, handler: Handler) -> Handler:
        """Serve the route by the API's own function."""
        self.handler = handler
        self.api.add(self)
        return handler

    def __repr__(self) -> str:
        return f"<route {self.key} of {self.api.id!r}>"

    @property
    def key(self) -> str:
        """The route as HTTP APIs spell it: `GET /photos/{key}`."""
        return f"{self.method} {self.path}"


if TYPE_CHECKING:
    AnyRoute: TypeAlias = Route | SocketRoute | ListenerRule


class FrontDoor(Resource):
    """What calls functions for requests, and can have a function of its own.

    The function is declared with the first handler, by the name of the front door; its code is the front door itself,
    which is why it must be bound to a name at the top level of a module.
    """

    __slots__ = ("_serve", "function", "function_options", "routes", "scope", "service")

    streaming = False  # whether answers of its own function go out while they are made

    def __init__(
        self,
        id: str,
        origin: Origin,
        service: Functions,
        scope: Mapping[str, object],
        options: FunctionOptions,
        *,
        keep: bool = False,
    ) -> None:
        super().__init__(id, origin, keep=keep)
        self.service = service
        self.scope = scope
        self.function_options = options
        self.routes: list[Route | SocketRoute] = []
        self.function: Function | None = None
        self._serve: Serve = self._first

    def __call__(self, event: dict[str, Any], context: object) -> dict[str, Any]:
        """Answer an event of Lambda: what Lambda calls, and what a test can call."""
        return self._serve(event, context)

    def add(self, route: Route | SocketRoute) -> None:
        """Serve a route by the front door's own function."""
        self.routes.append(route)
        self._serve = self._first
        if self.function is None:
            self.function = self.service._declare(ApiHandler(self), self.id, self.origin, self.function_options)

    def address(self) -> tuple[str, str] | None:
        """The module and the name in it by which Lambda finds this front door, or None where it has none."""
        module = self.scope.get("__name__")
        for name, value in self.scope.items():
            if value is self and isinstance(module, str):
                return module, name
        return None

    def _first(self, event: dict[str, Any], context: object) -> dict[str, Any]:
        """Make what serves, which waits until there is something to serve."""
        self._serve = self._server()
        return self._serve(event, context)

    def _server(self) -> Serve:
        raise NotImplementedError


class HttpFrontDoor(FrontDoor):
    """A front door for HTTP requests: routes, hooks around handlers, mounted applications."""

    __slots__ = ("cors", "hooks")

    def __init__(
        self,
        id: str,
        origin: Origin,
        service: Functions,
        scope: Mapping[str, object],
        options: FunctionOptions,
        cors: Cors | None,
    ) -> None:
        super().__init__(id, origin, service, scope, options)
        self.cors = cors
        self.hooks: Hooks = ([], [], [], [])

    def get(self, path: str, **options: Unpack[RouteOptions]) -> Route:
        """The route of GET requests to `path`: a decorator, or a value for `on=`.

        `path` begins with `/`; `{key}` stands for one part of it, `{key+}` at its end for all that is left.
        auth: who may call: `lakon.jwt(...)`, `lakon.cognito(...)`, `lakon.iam()`, an authorizer of this service, or
        None for everybody; what the API says by default. scopes: of which a token must carry one.
        throttle: `lakon.Throttle(rate=..., burst=...)` for this route. status: of answers that do not say another.
        For REST APIs: api_key: only with a key of a usage plan. validate: API Gateway itself refuses a body that is
        not what the handler's annotations ask for. requires: parameters that must be there, `"query.page"`,
        `"header.x-tenant"`. cache: seconds that an answer is kept, 0 to 3,600; cache_by: the parameters, named as in
        requires, that make answers differ, beside those of the path.
        """
        return self._route("GET", path, options)

    def post(self, path: str, **options: Unpack[RouteOptions]) -> Route:
        """The route of POST requests to `path`; options as for `get`."""
        return self._route("POST", path, options)

    def put(self, path: str, **options: Unpack[RouteOptions]) -> Route:
        """The route of PUT requests to `path`; options as for `get`."""
        return self._route("PUT", path, options)

    def patch(self, path: str, **options: Unpack[RouteOptions]) -> Route:
        """The route of PATCH requests to `path`; options as for `get`."""
        return self._route("PATCH", path, options)

    def delete(self, path: str, **options: Unpack[RouteOptions]) -> Route:
        """The route of DELETE requests to `path`; options as for `get`."""
        return self._route("DELETE", path, options)

    def head(self, path: str, **options: Unpack[RouteOptions]) -> Route:
        """The route of HEAD requests to `path`; options as for `get`.

        A HEAD request that reaches the API's own function and has no route of its own is answered as GET is, without
        the body.
        """
        return self._route("HEAD", path, options)

    def options(self, path: str, **options: Unpack[RouteOptions]) -> Route:
        """The route of OPTIONS requests to `path`; options as for `get`. CORS needs none."""
        return self._route("OPTIONS", path, options)

    def any(self, path: str, **options: Unpack[RouteOptions]) -> Route:
        """The route of requests to `path` by any method that has no route of its own; options as for `get`."""
        return self._route("ANY", path, options)

    def route(self, method: str, path: str, **options: Unpack[RouteOptions]) -> Route:
        """The route of requests to `path` by `method`; options as for `get`."""
        return self._route(method, path, options)

    def _route(self, method: str, path: str, options: RouteOptions) -> Route:
        return Route(self, method, path, caller(3), options)  # type: ignore[arg-type]  # only subclasses are made

    def mount(
        self,
        app: Callable[..., object],
        *,
        path: str = "/",
        kind: str | None = None,
        **options: Unpack[RouteOptions],
    ) -> None:
        """Serve an ASGI or WSGI application, unchanged, by the API's own function: all requests below `path`.

        `kind` is `"asgi"` or `"wsgi"`; left out, an application whose call is a coroutine function is taken for ASGI.
        An ASGI application's lifespan begins before its first request. Routes of the API come before it. Options as
        for `get`.
        """
        from lakon.runtime.http.handlers import Mount

        mount, path = Mount(app, kind), path.rstrip("/")
        for below in (path or "/", f"{path}/{{proxy+}}"):
            route = self._route("ANY", below, options)
            route.handler = mount
            self.add(route)

    def middleware(self, handler: Handler) -> Handler:
        """Wrap every handler in `handler(request, answer)`, which calls `answer(request)` and returns a `Response`.

        The first declared is the outermost. It is a plain function, for handlers that are coroutine functions too:
        `answer` gives the response that they made. Returned unchanged. Raises TypeError for a coroutine function.
        """
        if getattr(getattr(handler, "__code__", None), "co_flags", 0) & 0x80:
            raise TypeError(f"middleware is a plain function, and {handler!r:.60} a coroutine function")
        self.hooks[0].append(handler)
        return handler

    def before(self, handler: Handler) -> Handler:
        """Call `handler(request)` before every handler; an answer other than None is the response."""
        self.hooks[1].append(handler)
        return handler

    def after(self, handler: Handler) -> Handler:
        """Call `handler(request, response)` after every handler; an answer other than None replaces the response."""
        self.hooks[2].append(handler)
        return handler

    def error(self, *kinds: type[BaseException]) -> Callable[[Handler], Handler]:
        """Answer exceptions of these `kinds` by the decorated `handler(request, error)`.

        The most exact kind wins; `Exception` takes what nothing else does, `lakon.HTTPError` what handlers, and Lakon
        itself (404, 405, 413, 422), refuse.
        """

        def remember(handler: Handler) -> Handler:
            self.hooks[3].extend([(kind, handler) for kind in kinds])
            return handler

        return remember

    def _server(self) -> Serve:
        from lakon.runtime.http.application import application

        # `routes` also fits sockets, which serve otherwise
        served = [(each.method, each.path, each.handler, each.status) for each in self.routes]  # type: ignore[union-attr]
        return application(served, self.hooks, self._answered_cors())

    def _answered_cors(self) -> Cors | None:
        """What the function must answer of CORS because the front door does not."""
        return None

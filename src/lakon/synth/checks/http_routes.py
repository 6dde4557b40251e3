"""Checks of routes: methods, paths, keys that come twice, what a kind of API knows of a route."""

from __future__ import annotations

import re
from inspect import isclass
from typing import TYPE_CHECKING

from lakon.model.authorizers import Cognito, Jwt
from lakon.model.balancers import ListenerRule, LoadBalancer
from lakon.model.code import PythonHandler
from lakon.model.gateways import FunctionUrl, RestApi
from lakon.model.routes import INHERITED, Route
from lakon.model.sockets import SocketRoute
from lakon.runtime.http.application import names_of
from lakon.runtime.http.arguments import parameters
from lakon.runtime.http.handlers import Mount, parameters_of, request_handler
from lakon.runtime.http.validation import decoder
from lakon.synth.authorizers import decides
from lakon.synth.checks.authorizers import check_auth
from lakon.synth.checks.mistakes import are_texts, is_number, spelled
from lakon.synth.checks.throttles import check_throttle
from lakon.synth.routing import door, served
from lakon.synth.schemas import body_schema

if TYPE_CHECKING:
    from lakon.model.function import Function
    from lakon.model.gateways import AnyApi
    from lakon.model.origin import Origin
    from lakon.model.service import Service
    from lakon.synth.checks.mistakes import Mistakes

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY")
PART = re.compile(r"[A-Za-z0-9._~!$&'()*,;=:@%-]+")
PARAMETER = re.compile(r"\{([A-Za-z0-9._-]+)\+?\}")
REQUIRED = re.compile(r"(query|header|path)\.[A-Za-z0-9_.$-]+")
SOCKET_KEY = re.compile(r"\$connect|\$disconnect|\$default|[^$\s]\S{0,127}")
OF_REST_APIS = {"api_key": False, "validate": False, "requires": (), "cache": None, "cache_by": ()}
OF_GATEWAYS = {"auth": INHERITED, "scopes": (), "throttle": None}


def check_routes(service: Service, mistakes: Mistakes) -> None:
    """Every route of every front door, whichever function serves it."""
    for function in service.functions:
        for trigger in function.on:
            if isinstance(trigger, (Route, SocketRoute, ListenerRule)):
                _check_door(service, function, trigger, mistakes)
    for api in service.apis:
        keys: dict[tuple[str, str], Origin] = {}
        for route, function in served(service, api, Route):
            if _check_spelling(route, mistakes):
                _check_repeated(route, keys, mistakes)
                _check_parameters(route, function, mistakes)
            _check_options(service, route, mistakes)
        for message, _ in served(service, api, SocketRoute):
            _check_message(message, keys, mistakes)
        for own in api.routes:
            _check_handler(own, mistakes)
        if isinstance(api, RestApi):
            _check_siblings([route for route, _ in served(service, api, Route)], mistakes)


def _check_door(
    service: Service, function: Function, trigger: Route | SocketRoute | ListenerRule, mistakes: Mistakes
) -> None:
    api = door(trigger)
    mistakes.unless(
        api in service.apis,
        function.origin,
        f"{function.name!r} is called by {api!r}, which is not of the service {service.name!r}",
        "declare the front door on this service",
    )
    mistakes.unless(
        not isinstance(api, FunctionUrl),
        function.origin,
        f"{function.name!r} is to serve a route of the function URL {api.id!r}",
        "a function URL is one function: put the route before a handler, or give this function url=True",
    )


def _check_spelling(route: Route, mistakes: Mistakes) -> bool:
    """Whether method and path are ones that a route can have."""
    mistakes.unless(
        route.method in METHODS,
        route.origin,
        f"a route of {route.api.id!r} has the method {route.method!r:.40}",
        f"it is one of {', '.join(METHODS)}, or `ANY` for all",
    )
    fault = path_fault(route.path)
    if fault is not None:
        mistakes.add(route.origin, f"a route of {route.api.id!r} has the path {route.path!r:.80}", fault)
    return fault is None and route.method in METHODS


def path_fault(path: object) -> str | None:
    """What is wrong with the path of a route; None where nothing is."""
    if not isinstance(path, str) or not path.startswith("/"):
        return 'a path begins with a slash: "/photos/{key}"'
    if path == "/":
        return None
    *above, last = path.split("/")[1:]
    names = []
    for part in (*above, last):
        parameter = PARAMETER.fullmatch(part)
        if parameter:
            names.append(parameter[1])
        elif not PART.fullmatch(part):
            return f'{part!r} is no part of a path: it is a word, or one whole parameter as "{{key}}"; no slash is last'
    if any(part.endswith("+}") for part in above):
        return 'a parameter that takes all that is left stands at the end: "/files/{path+}"'
    return None if len(set(names)) == len(names) else "two parameters have one name"


def _check_repeated(route: Route, keys: dict[tuple[str, str], Origin], mistakes: Mistakes) -> None:
    """One route for a method and a path; parameters of other names make no other path."""
    key = route.method, re.sub(r"\{[^}+]*", "{", route.path)
    first = keys.setdefault(key, route.origin)
    mistakes.unless(
        first is route.origin,
        route.origin,
        f"{route.api.id!r} has two routes {route.key}",
        f"the first stands at {mistakes.place(first)}: take one out",
    )


def _check_siblings(routes: list[Route], mistakes: Mistakes) -> None:
    """A REST API's paths are a tree, in which one parameter at most stands below each."""
    found: dict[str, tuple[str, Origin]] = {}
    for route in routes:
        if path_fault(route.path) is not None:
            continue
        above = ""
        for part in route.path.split("/")[1:]:
            if part.startswith("{"):
                first, origin = found.setdefault(above, (part, route.origin))
                mistakes.unless(
                    first == part,
                    route.origin,
                    f"below {above or '/'} of {route.api.id!r} stand {first} and {part}",
                    f"a REST API takes one parameter there: name it as at {mistakes.place(origin)}, or use an HTTP API",
                )
            above += f"/{part}"


def _check_options(service: Service, route: Route, mistakes: Mistakes) -> None:
    api, origin, key = route.api, route.origin, f"{route.key!r:.60}"
    foreign = {} if isinstance(api, RestApi) else OF_REST_APIS
    if isinstance(api, (LoadBalancer, FunctionUrl)):
        foreign = {**foreign, **OF_GATEWAYS}
    for option, default in foreign.items():
        mistakes.unless(
            getattr(route, option) == default,
            origin,
            f"the route {key} of {api.id!r} has {option}=, which {_told(api)} does not know",
            "leave it out, or " + ("use a REST API" if option in OF_REST_APIS else "use an HTTP API or a REST API"),
        )
    if isinstance(api, (LoadBalancer, FunctionUrl)):
        return
    check_auth(service, api, route.auth, f"auth of the route {key}", origin, mistakes)
    check_throttle(f"the route {key}", route.throttle, origin, mistakes)
    _check_scopes(service, route, mistakes)
    if isinstance(api, RestApi):
        _check_rest_options(api, route, key, mistakes)


def _check_scopes(service: Service, route: Route, mistakes: Mistakes) -> None:
    if not route.scopes or isinstance(route.api, (LoadBalancer, FunctionUrl)):
        return
    decider = decides(service, route.auth, route.api.auth)
    mistakes.unless(
        are_texts(route.scopes) and isinstance(decider, (Jwt, Cognito)),
        route.origin,
        f"the route {route.key!r:.60} of {route.api.id!r} asks for the scopes {route.scopes!r:.60}",
        "scopes are texts, which tokens carry: say auth=lakon.jwt(...) or auth=lakon.cognito(...), too",
    )


def _check_rest_options(api: RestApi, route: Route, key: str, mistakes: Mistakes) -> None:
    origin = route.origin
    mistakes.flags(origin, route.key, api_key=route.api_key, validate=route.validate)
    for option, said in {"requires": route.requires, "cache_by": route.cache_by}.items():
        mistakes.unless(
            all(spelled(REQUIRED, each) for each in said),
            origin,
            f"{option} of the route {key} is {said!r:.60}",
            'a parameter is named as in "query.page" or "header.x-tenant"',
        )
    if route.cache is not None:
        mistakes.within(origin, f"cache of the route {key} in seconds", route.cache, 0, 3600)
    mistakes.unless(
        api.cache is not None or (route.cache is None and not route.cache_by),
        origin,
        f"the route {key} is to be cached, and {api.id!r} has no cache",
        "give the API one, which is paid by the hour: cache=lakon.Cache()",
    )
    mistakes.unless(
        route.api_key is not True or bool(api.usage_plans),
        origin,
        f"the route {key} asks for an API key, and {api.id!r} has no usage plan",
        'give the API one: usage_plans=lakon.UsagePlan("free", keys="ann")',
    )
    if route.validate is True or api.validate is True:
        _check_body(api, route, key, mistakes)


def _check_body(api: RestApi, route: Route, key: str, mistakes: Mistakes) -> None:
    try:
        schema = body_schema(route)
    except (TypeError, NameError):
        return  # which is told of every handler
    mistakes.unless(
        schema is not None or route.validate is not True,
        route.origin,
        f"the route {key} of {api.id!r} is to validate a body, and its handler asks for none",
        "annotate a parameter of the handler with a dataclass, a TypedDict, or a model of msgspec or pydantic",
    )


def _check_message(route: SocketRoute, keys: dict[tuple[str, str], Origin], mistakes: Mistakes) -> None:
    origin = route.origin
    mistakes.unless(
        spelled(SOCKET_KEY, route.key),
        origin,
        f"a route of {route.api.id!r} has the key {route.key!r:.60}",
        "a key is what messages say, at most 128 characters without spaces, and begins with no $ of its own",
    )
    mistakes.flags(origin, str(route.key), replies=route.replies)
    first = keys.setdefault(("", str(route.key)), origin)
    mistakes.unless(
        first is origin,
        origin,
        f"{route.api.id!r} has two routes {route.key!r:.60}",
        f"the first stands at {mistakes.place(first)}: take one out",
    )


def _check_parameters(route: Route, function: Function, mistakes: Mistakes) -> None:
    """What the handler asks for by its parameters can be made from a request."""
    handler = route.handler
    if handler is None and isinstance(function.code, PythonHandler):
        handler = request_handler(function.code.call)
    if handler is None or isinstance(handler, Mount) or not callable(handler) or isclass(handler):
        return
    try:
        for each in parameters(handler, parameters_of(handler), names_of(route.path)):
            if each.source in ("path", "query", "body"):
                decoder(each.type)
    except (TypeError, NameError) as error:
        what = f"the handler of the route {route.key!r:.60} of {route.api.id!r} asks for what no request has"
        mistakes.add(route.origin, what, str(error))


def _check_handler(route: Route | SocketRoute, mistakes: Mistakes) -> None:
    handler = route.handler
    mistakes.unless(
        isinstance(handler, Mount) or (callable(handler) and not isclass(handler)),
        route.origin,
        f"the handler of the route {route.key!r:.60} of {route.api.id!r} is {handler!r:.60}",
        "decorate a function that takes a request",
    )
    if isinstance(handler, Mount):
        mistakes.unless(
            callable(handler.app) and handler.kind in (None, "asgi", "wsgi"),
            route.origin,
            f"{route.api.id!r} mounts {handler.app!r:.60} of the kind {handler.kind!r:.20}",
            'mount an application, which can be called; its kind is "asgi" or "wsgi", or is left out',
        )
    elif isinstance(route, Route):
        mistakes.unless(
            is_number(route.status) and 100 <= route.status <= 599,
            route.origin,
            f"the status of the route {route.key!r:.60} is {route.status!r:.20}",
            "a status is a whole number from 100 to 599",
        )


def _told(api: AnyApi) -> str:
    article = "an" if api.kind == "http_api" else "a"
    names = {"http_api": "HTTP API", "rest_api": "REST API", "websocket_api": "WebSocket API"}
    return f"{article} {names.get(api.kind, api.kind.replace('_', ' '))}"

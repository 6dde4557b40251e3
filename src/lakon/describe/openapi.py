"""An API as an OpenAPI 3.1 document: its routes, and the types that their handlers ask for and return."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, assert_never

from lakon.describe.schemas import Schemas
from lakon.exceptions import ProgramError
from lakon.model.authorizers import Cognito, Iam, Jwt, LambdaAuthorizer
from lakon.model.balancers import LoadBalancer
from lakon.model.code import PythonHandler
from lakon.model.gateways import FunctionUrl, HttpApi, RestApi
from lakon.model.routes import Inherited, Route
from lakon.runtime.http.application import names_of
from lakon.runtime.http.arguments import Parameter, parameters
from lakon.runtime.http.handlers import Mount, parameters_of, request_handler
from lakon.runtime.http.response import PROBLEM, TITLES, Response
from lakon.runtime.http.validation import resolved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lakon.model.service import Service

    HttpDoor = HttpApi | RestApi | FunctionUrl | LoadBalancer
    Json = dict[str, Any]

_METHODS = ("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH")
_PROBLEM: Json = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "required": ["title", "status"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {name: {"type": "string"} for name in ("in", "field", "message")},
            },
        },
    },
}


def openapi(service: Service, api: HttpDoor, *, root: str, version: str, server: str | None) -> Json:
    """The document of one API. Raises ProgramError for a handler whose parameters can come from nowhere."""
    document = _Document(service, api, root)
    for route, handler in routes_of(service, api):
        document.add(route, handler)
    made: Json = {
        "openapi": "3.1.0",
        "info": {"title": service.name, "version": version},
        "paths": {path: document.paths[path] for path in sorted(document.paths)},
    }
    if service.description:
        made["info"]["description"] = service.description
    address = server or _address(api)
    if address:
        made["servers"] = [{"url": address}]
    components: Json = {}
    if document.schemas.components:
        components["schemas"] = dict(sorted(document.schemas.components.items()))
    if document.security:
        components["securitySchemes"] = dict(sorted(document.security.items()))
    if components:
        made["components"] = components
    return made


def routes_of(service: Service, api: HttpDoor) -> Iterator[tuple[Route, Callable[..., object] | Mount | None]]:
    """The routes of an API with their handlers: its own, and those that call functions; None where it is not Python."""
    for route in api.routes:
        if isinstance(route, Route):
            yield route, route.handler
    for function in service.functions:
        for trigger in function.on:
            if isinstance(trigger, Route) and trigger.api is api:
                yield trigger, function.code.call if isinstance(function.code, PythonHandler) else None


def _address(api: HttpDoor) -> str | None:
    """Where the API is for certain: at its own name."""
    domain = None if isinstance(api, FunctionUrl) else api.domain
    if domain is None:
        return None
    return f"https://{domain.name}/{domain.path}".rstrip("/")


class _Document:
    """The parts of a document, as they are gathered."""

    def __init__(self, service: Service, api: HttpDoor, root: str) -> None:
        self.service = service
        self.api = api
        self.root = root
        self.paths: dict[str, Json] = {}
        self.schemas = Schemas()
        self.security: dict[str, Json] = {}
        self.ids: set[str] = set()

    def add(self, route: Route, handler: Callable[..., object] | Mount | None) -> None:
        """Add a route; of a mounted application what it tells of itself."""
        if isinstance(handler, Mount):
            if not route.path.endswith("/{proxy+}"):
                self._mounted(handler, route.path.rstrip("/"))
            return
        path = route.path.replace("+}", "}")
        for method in _METHODS if route.method == "ANY" else (route.method,):
            self.paths.setdefault(path, {}).setdefault(method.lower(), self._operation(route, method, handler))

    def _mounted(self, mount: Mount, below: str) -> None:
        tell = getattr(mount.app, "openapi", None)
        if tell is None:
            return
        told = tell()
        for path, item in told["paths"].items():
            self.paths.setdefault(below + path, {}).update(item)
        components = told.get("components", {})
        self.schemas.components.update(components.get("schemas", {}))
        self.security.update(components.get("securitySchemes", {}))

    def _operation(self, route: Route, method: str, handler: Callable[..., object] | None) -> Json:
        asking: Callable[..., object] | None = handler if route.handler else request_handler(handler)
        inner = asking or getattr(handler, "__wrapped__", handler)
        asked = self._asked(route, handler)
        made: Json = {"operationId": self._id(route, method, inner)}
        summary, _, rest = (inspect.getdoc(inner) or "").partition("\n") if inner is not None else ("", "", "")
        if summary:
            made["summary"] = summary
        if rest.strip():
            made["description"] = rest.strip()
        told = [self._parameter(each) for each in asked if each.source in ("path", "query")]
        known = {each["name"] for each in told}
        told += [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in names_of(route.path)
            if name not in known
        ]
        if told:
            made["parameters"] = told
        for each in asked:
            if each.source in ("body", "raw"):
                made["requestBody"] = self._body(each)
        made["responses"] = self._responses(route, asking, checked=any(each.source != "request" for each in asked))
        security = self._security(route)
        if security:
            made["security"] = security
        return made

    def _asked(self, route: Route, handler: Callable[..., object] | None) -> list[Parameter]:
        """What the handler asks for; a Lambda handler that takes `(event, context)` asks for nothing."""
        inner = handler if route.handler else request_handler(handler)
        if inner is None:
            return []
        try:
            return parameters(inner, parameters_of(inner), names_of(route.path))
        except TypeError as error:
            raise ProgramError(str(error), where=route.origin.place(self.root)) from error

    def _id(self, route: Route, method: str, handler: Callable[..., object] | None) -> str:
        """The handler's name; with the method, and a number, where others have it already."""
        name = getattr(handler, "__name__", None) or f"{method.lower()}{route.path.replace('/', '_')}"
        base = "".join([letter if letter.isalnum() else "_" for letter in name]).strip("_")
        number, free = 1, base
        while free in self.ids:
            free = f"{base}_{method.lower()}" if number == 1 else f"{base}_{method.lower()}_{number}"
            number += 1
        self.ids.add(free)
        return free

    def _parameter(self, parameter: Parameter) -> Json:
        made: Json = {"name": parameter.name, "in": parameter.source, "schema": self.schemas.of(parameter.type)}
        if parameter.source == "path" or parameter.default is ...:
            made["required"] = True
        elif isinstance(parameter.default, (str, int, float)):
            made["schema"] = {**made["schema"], "default": parameter.default}
        return made

    def _body(self, parameter: Parameter) -> Json:
        kind = "application/octet-stream" if parameter.source == "raw" else "application/json"
        made: Json = {"content": {kind: {"schema": self.schemas.of(parameter.type)}}}
        if parameter.source == "body" and parameter.default is ...:
            made["required"] = True
        return made

    def _responses(self, route: Route, handler: Callable[..., object] | None, *, checked: bool) -> Json:
        kind = _returned(handler)
        status = 204 if kind in (None, type(None)) and route.status == 200 else route.status
        answer: Json = {"description": TITLES.get(status, "The answer")}
        content = self._content(kind)
        if content and status != 204:
            answer["content"] = content
        made: Json = {str(status): answer}
        if checked:
            self.schemas.components["Problem"] = _PROBLEM
            problem = {"content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
            made["422"] = {"description": "What was sent is not what is asked for.", **problem}
        return made

    def _content(self, kind: Any) -> Json:
        if kind is ... or kind is None or kind is Response:
            return {}
        if kind is str:
            return {"text/plain": {"schema": {"type": "string"}}}
        if kind is bytes:
            return {"application/octet-stream": {}}
        return {"application/json": {"schema": self.schemas.of(kind)}}

    def _security(self, route: Route) -> list[Json]:
        """What a caller must bring, each scheme under a name of its own."""
        needs: Json = {}
        auth = self._auth(route)
        if auth is not None:
            name, scheme, scopes = self._scheme(auth)
            self.security[name] = scheme
            needs[name] = [*(route.scopes or scopes)]
        if route.api_key:
            self.security["api_key"] = {"type": "apiKey", "in": "header", "name": "x-api-key"}
            needs["api_key"] = []
        return [needs] if needs else []

    def _auth(self, route: Route) -> Jwt | Cognito | Iam | LambdaAuthorizer | None:
        match self.api:
            case LoadBalancer():
                return None
            case FunctionUrl():
                url = self.api.function_options["url"]
                return None if isinstance(url, bool) or url.auth == "public" else Iam()
        auth = self.api.auth if isinstance(route.auth, Inherited) else route.auth
        if auth is None or isinstance(auth, (Jwt, Cognito, Iam, LambdaAuthorizer)):
            return auth
        return next((each for each in self.service.authorizers if each.call is auth), None)

    def _scheme(self, auth: Jwt | Cognito | Iam | LambdaAuthorizer) -> tuple[str, Json, tuple[str, ...]]:
        match auth:
            case Jwt():
                address = f"{auth.issuer.rstrip('/')}/.well-known/openid-configuration"
                return "jwt", {"type": "openIdConnect", "openIdConnectUrl": address}, auth.scopes
            case Cognito():
                return "cognito", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}, ()
            case Iam():
                signed = {"type": "apiKey", "in": "header", "name": "Authorization"}
                return "iam", signed | {"description": "AWS Signature Version 4"}, ()
            case LambdaAuthorizer():
                place, _, name = (auth.identity or ("header.authorization",))[0].partition(".")
                place = place if place in ("header", "query") else "header"
                return auth.name, {"type": "apiKey", "in": place, "name": name}, ()
        assert_never(auth)


def _returned(handler: Callable[..., object] | None) -> Any:
    """The type that a handler of requests says it returns; `...` where it says nothing that can be looked up."""
    returned = getattr(handler, "__annotations__", {}).get("return", ...)
    try:
        return returned if returned is ... else resolved(returned, handler)
    except TypeError:  # it stands below `if TYPE_CHECKING`, where what is returned may stay
        return ...

"""The resources (parts of paths) and methods of a REST API."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lakon.model.code import PythonHandler
from lakon.runtime.http.application import names_of
from lakon.runtime.http.cors import METHODS
from lakon.synth.functions import streams
from lakon.synth.gateway_responses import literal
from lakon.synth.routing import function_id, invocation, route_words, words
from lakon.synth.schemas import body_schema

if TYPE_CHECKING:
    from lakon.model.function import Function
    from lakon.model.gateways import RestApi
    from lakon.model.http import Cors
    from lakon.model.origin import Origin
    from lakon.model.routes import Route
    from lakon.synth.template import Properties, Template

_USUAL_TIMEOUT = 29  # seconds that API Gateway waits, unless it is told otherwise
_WHERE = {"query": "querystring", "header": "header", "path": "path"}


class Methods:
    """Adds the methods of one API, the resources that they stand on, and what validates their requests."""

    def __init__(self, template: Template, api: RestApi) -> None:
        self._template = template
        self._api = api
        self.preflighted: list[str] = []
        """The paths whose preflights the API's own function answers."""

    def add(self, route: Route, function: Function, authorization: Properties) -> None:
        """The method of a route, which leads to `function`."""
        properties: Properties = {**self._head(route.path, route.method, route.origin), **authorization}
        if route.api_key:
            properties["ApiKeyRequired"] = True
        asked = {request_parameter(each): True for each in route.requires}
        keyed = [request_parameter(each) for each in route.cache_by]
        if route.cache is not None:
            keyed += [request_parameter(f"path.{name}") for name in names_of(route.path)]
        parameters = {**dict.fromkeys(keyed, False), **asked}
        if parameters:
            properties["RequestParameters"] = dict(sorted(parameters.items()))
        properties |= self._validation(route, checked=bool(asked))
        integration = _integration(function)
        if keyed:
            integration["CacheKeyParameters"] = sorted(set(keyed))
        properties["Integration"] = integration
        self._add(route.method, route.path, properties, route.origin)

    def add_preflights(self, routes: list[Route]) -> None:
        """An OPTIONS method for each path, unless it has one: the own function answers, or else API Gateway."""
        cors = self._api.cors
        if cors is None:
            return
        own = {route.path for route in routes if route.method == "OPTIONS"}
        for route in {route.path: route for route in routes if route.path not in own}.values():
            properties = {**self._head(route.path, "OPTIONS", route.origin), "AuthorizationType": "NONE"}
            if self._api.function is not None:
                properties["Integration"] = _integration(self._api.function)
                self.preflighted.append(route.path)
            else:
                properties |= _mocked(cors)
            self._add("OPTIONS", route.path, properties, route.origin)

    def _head(self, path: str, method: str, origin: Origin) -> Properties:
        return {
            "RestApiId": {"Ref": self._api.logical_id},
            "ResourceId": self._resource(path, origin),
            "HttpMethod": method,
        }

    def _add(self, method: str, path: str, properties: Properties, origin: Origin) -> None:
        name = f"{self._api.logical_id}{route_words(method, path)}Method"
        self._template.add(name, "AWS::ApiGateway::Method", properties, origin)

    def _resource(self, path: str, origin: Origin) -> Properties:
        """The id of the resource for a path, added with those above it when it is first asked for."""
        above, _, part = path.rstrip("/").rpartition("/")
        if not part:
            return {"Fn::GetAtt": [self._api.logical_id, "RootResourceId"]}
        name = f"{self._api.logical_id}{words(path)}Resource"
        if name not in self._template.resources:
            properties: Properties = {
                "RestApiId": {"Ref": self._api.logical_id},
                "ParentId": self._resource(above, origin),
                "PathPart": part,
            }
            self._template.add(name, "AWS::ApiGateway::Resource", properties, origin)
        return {"Ref": name}

    def _validation(self, route: Route, *, checked: bool) -> Properties:
        """What has API Gateway refuse requests by itself: a model of the body, parameters that must be there."""
        schema = body_schema(route) if route.validate or self._api.validate else None
        if schema is None and not checked:
            return {}
        said: Properties = {"RequestValidatorId": {"Ref": self._validator(schema is not None, checked, route.origin)}}
        if schema is not None:
            name = f"{self._api.logical_id}{route_words(route.method, route.path)}Model"
            model: Properties = {
                "RestApiId": {"Ref": self._api.logical_id},
                "ContentType": "application/json",
                "Schema": schema,
            }
            self._template.add(name, "AWS::ApiGateway::Model", model, route.origin)
            said["RequestModels"] = {"application/json": {"Ref": name}}
        return said

    def _validator(self, body: bool, parameters: bool, origin: Origin) -> str:
        what = "Validator" if body and parameters else "BodyValidator" if body else "ParametersValidator"
        name = f"{self._api.logical_id}{what}"
        if name not in self._template.resources:
            properties: Properties = {
                "RestApiId": {"Ref": self._api.logical_id},
                "ValidateRequestBody": body,
                "ValidateRequestParameters": parameters,
            }
            self._template.add(name, "AWS::ApiGateway::RequestValidator", properties, origin)
        return name


def request_parameter(named: str) -> str:
    """A parameter as API Gateway names it: `"query.page"` is `method.request.querystring.page`."""
    where, _, name = named.partition(".")
    return f"method.request.{_WHERE[where]}.{name}"


def _integration(function: Function) -> Properties:
    said: Properties = {"Type": "AWS_PROXY", "IntegrationHttpMethod": "POST"}
    if not (isinstance(function.code, PythonHandler) and streams(function)):
        return {**said, "Uri": invocation(function_id(function))}
    said |= {"Uri": invocation(function_id(function), streaming=True), "ResponseTransferMode": "STREAM"}
    if function.timeout > _USUAL_TIMEOUT:
        said["TimeoutInMillis"] = function.timeout * 1000
    return said


def _mocked(cors: Cors) -> Properties:
    """A preflight's answer without a function."""
    headers = {
        "Access-Control-Allow-Methods": METHODS if "*" in cors.methods else ",".join(cors.methods),
        "Access-Control-Allow-Headers": ",".join(cors.headers),
        "Access-Control-Max-Age": str(cors.max_age),
    }
    if cors.credentials:
        headers["Access-Control-Allow-Credentials"] = "true"
    answer: Properties = {"StatusCode": "204"}
    if len(cors.origins) == 1:
        headers["Access-Control-Allow-Origin"] = cors.origins[0]
    else:
        headers["Vary"] = "Origin"
        answer["ResponseTemplates"] = {"application/json": _choice(cors.origins)}
    prefix = "method.response.header."
    answer["ResponseParameters"] = {f"{prefix}{name}": literal(value) for name, value in headers.items()}
    answered = {f"{prefix}{name}": True for name in [*headers, "Access-Control-Allow-Origin"]}
    return {
        "Integration": {
            "Type": "MOCK",
            "ContentHandling": "CONVERT_TO_TEXT",  # all media types are binary, and a template is none
            "RequestTemplates": {"application/json": json.dumps({"statusCode": 204})},
            "IntegrationResponses": [answer],
        },
        "MethodResponses": [{"StatusCode": "204", "ResponseParameters": answered}],
    }


def _choice(origins: tuple[str, ...]) -> str:
    """A template that tells an origin that it may, when it is one of these."""
    allowed = " || ".join([f'$origin == "{origin}"' for origin in origins])
    return (
        '#set($origin = $input.params().header.get("origin"))\n'
        '#if(!$origin || $origin == "")#set($origin = $input.params().header.get("Origin"))#end\n'
        f"#if({allowed})#set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)#end"
    )

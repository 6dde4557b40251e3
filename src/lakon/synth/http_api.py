"""HTTP APIs of API Gateway as CloudFormation resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakon.model.routes import Route
from lakon.synth.access_logs import access_logs
from lakon.synth.addresses import calls_arn
from lakon.synth.authorizers import Authorizers, decides
from lakon.synth.domains import add_gateway_domain
from lakon.synth.routing import (
    function_arn_of,
    function_id,
    functions,
    pattern,
    permit,
    route_words,
    served,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakon.model.function import Function
    from lakon.model.gateways import HttpApi
    from lakon.model.http import Cors, Throttle
    from lakon.model.service import Service
    from lakon.model.sockets import WebSocketApi
    from lakon.synth.template import Properties, Template
    from lakon.synth.values import Values

RATE, BURST = 1000, 2000


def add_http_api(template: Template, service: Service, api: HttpApi, values: Values) -> None:
    """The API with its routes, one integration and one permission for each function, and its only stage."""
    me = api.logical_id
    properties: Properties = {"Name": {"Fn::Sub": f"${{AWS::StackName}}-{api.id}"}, "ProtocolType": "HTTP"}
    if api.cors is not None:
        properties["CorsConfiguration"] = cors_configuration(api.cors)
    if api.domain is not None and api.domain.only:
        properties["DisableExecuteApiEndpoint"] = True
    template.add(me, "AWS::ApiGatewayV2::Api", properties, api.origin)
    routes = served(service, api, Route)
    for function in functions(routes):
        add_integration(template, api, function, {"IntegrationUri": function_arn_of(function)})
        told = pattern([(route.method, route.path) for route, other in routes if other is function])
        name = f"{me}{function_id(function)}Permission"
        permit(template, name, function_id(function), f"{calls_arn(api)}/*/{told}", function.origin)
    authorizers = Authorizers(template, service, api, values)
    for route, function in routes:
        _add_route(template, api, route, route.method, function, authorizers.of(route.auth, route.scopes))
        if _needs_preflight(service, api, route, [each for each, _ in routes]):
            _add_route(template, api, route, "OPTIONS", function, {"AuthorizationType": "NONE"})
    settings: Properties = {route.key: throttling(route.throttle) for route, _ in routes if route.throttle is not None}
    slowed = [f"{me}{route_words(route.method, route.path)}Route" for route, _ in routes if route.throttle is not None]
    add_stage(template, service, api, "$default", values, settings, slowed)
    add_gateway_domain(template, api, f"{me}Stage", values)


def add_integration(template: Template, api: HttpApi | WebSocketApi, function: Function, uri: Properties) -> None:
    """What leads from routes of an API to a function."""
    properties: Properties = {"ApiId": {"Ref": api.logical_id}, "IntegrationType": "AWS_PROXY", **uri}
    if api.kind == "http_api":
        properties["PayloadFormatVersion"] = "2.0"
    name = f"{api.logical_id}{function_id(function)}Integration"
    template.add(name, "AWS::ApiGatewayV2::Integration", properties, function.origin)


def target(api: HttpApi | WebSocketApi, function: Function) -> Properties:
    """Where a route leads to."""
    return {"Fn::Sub": f"integrations/${{{api.logical_id}{function_id(function)}Integration}}"}


def add_stage(
    template: Template,
    service: Service,
    api: HttpApi | WebSocketApi,
    name: str,
    values: Values,
    settings: Properties | None = None,
    depends_on: Sequence[str] = (),
) -> None:
    """The stage of an API, which is deployed whenever something of the API changes."""
    properties: Properties = {
        "ApiId": {"Ref": api.logical_id},
        "StageName": name,
        "AutoDeploy": True,
        "DefaultRouteSettings": throttling(api.throttle),
    }
    if settings:
        properties["RouteSettings"] = settings
    if logged := access_logs(template, service, api):
        properties["AccessLogSettings"] = logged
    if api.stage_variables:
        properties["StageVariables"] = values.resolve(api.stage_variables)
    me = f"{api.logical_id}Stage"
    template.add(me, "AWS::ApiGatewayV2::Stage", properties, api.origin, depends_on=depends_on)


def throttling(throttle: Throttle | None) -> Properties:
    """How many requests are let through; without a word of the user's, Lakon's own."""
    if throttle is None:
        return {"ThrottlingRateLimit": RATE, "ThrottlingBurstLimit": BURST}
    return {"ThrottlingRateLimit": throttle.rate, "ThrottlingBurstLimit": throttle.burst}


def cors_configuration(cors: Cors) -> Properties:
    """See `CorsConfiguration` of `AWS::ApiGatewayV2::Api`; a function URL's `Cors` has the same form."""
    said: Properties = {
        "AllowOrigins": list(cors.origins),
        "AllowMethods": list(cors.methods),
        "AllowHeaders": list(cors.headers),
        "MaxAge": cors.max_age,
    }
    if cors.expose:
        said["ExposeHeaders"] = list(cors.expose)
    if cors.credentials:
        said["AllowCredentials"] = True
    return said


def _add_route(
    template: Template, api: HttpApi, route: Route, method: str, function: Function, authorization: Properties
) -> None:
    properties: Properties = {
        "ApiId": {"Ref": api.logical_id},
        "RouteKey": f"{method} {route.path}",
        "Target": target(api, function),
        **authorization,
    }
    name = f"{api.logical_id}{route_words(method, route.path)}Route"
    template.add(name, "AWS::ApiGatewayV2::Route", properties, route.origin)


def _needs_preflight(service: Service, api: HttpApi, route: Route, routes: list[Route]) -> bool:
    """Whether a route for any method would ask browsers' preflights, which carry no credentials, for some."""
    return (
        api.cors is not None
        and route.method == "ANY"
        and decides(service, route.auth, api.auth) is not None
        and all((other.method, other.path) != ("OPTIONS", route.path) for other in routes)
    )

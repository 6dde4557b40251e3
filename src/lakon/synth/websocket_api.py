"""WebSocket APIs of API Gateway as CloudFormation resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakon.model.sockets import SocketRoute
from lakon.synth.addresses import LIVE, calls_arn
from lakon.synth.authorizers import Authorizers
from lakon.synth.domains import add_gateway_domain
from lakon.synth.http_api import add_integration, add_stage, target
from lakon.synth.routing import function_id, functions, invocation, permit, served, words

if TYPE_CHECKING:
    from lakon.model.function import Function
    from lakon.model.service import Service
    from lakon.model.sockets import WebSocketApi
    from lakon.synth.template import Properties, Template
    from lakon.synth.values import Values


def add_websocket_api(template: Template, service: Service, api: WebSocketApi, values: Values) -> None:
    """The API with its routes, one integration and one permission for each function, and its stage."""
    me = api.logical_id
    properties: Properties = {
        "Name": {"Fn::Sub": f"${{AWS::StackName}}-{api.id}"},
        "ProtocolType": "WEBSOCKET",
        "RouteSelectionExpression": api.select,
    }
    if api.domain is not None and api.domain.only:
        properties["DisableExecuteApiEndpoint"] = True
    template.add(me, "AWS::ApiGatewayV2::Api", properties, api.origin)
    routes = served(service, api, SocketRoute)
    for function in functions(routes):
        add_integration(template, api, function, {"IntegrationUri": invocation(function_id(function))})
        keys = [route.key for route, other in routes if other is function]
        source = f"{calls_arn(api)}/{LIVE}/{keys[0] if len(keys) == 1 else '*'}"
        permit(template, f"{me}{function_id(function)}Permission", function_id(function), source, function.origin)
    authorizers = Authorizers(template, service, api, values)
    for route, function in routes:
        _add_route(template, api, route, function, authorizers)
    add_stage(template, service, api, LIVE, values)
    add_gateway_domain(template, api, f"{me}Stage", values)


def _add_route(
    template: Template, api: WebSocketApi, route: SocketRoute, function: Function, authorizers: Authorizers
) -> None:
    me = f"{api.logical_id}{_words(route.key)}Route"
    properties: Properties = {
        "ApiId": {"Ref": api.logical_id},
        "RouteKey": route.key,
        "Target": target(api, function),
    }
    if route.key == "$connect":  # the only one that can be guarded
        properties |= authorizers.of(api.auth)
    if route.replies:
        properties["RouteResponseSelectionExpression"] = "$default"
    template.add(me, "AWS::ApiGatewayV2::Route", properties, route.origin)
    if route.replies:
        answer: Properties = {
            "ApiId": {"Ref": api.logical_id},
            "RouteId": {"Ref": me},
            "RouteResponseKey": "$default",
        }
        template.add(f"{me}Response", "AWS::ApiGatewayV2::RouteResponse", answer, route.origin)


def _words(key: str) -> str:
    """A route key as part of a logical id: `$connect` is `Connect`, and a message of that name is not."""
    return key[1:].capitalize() if key.startswith("$") else "On" + words(f"/{key}")

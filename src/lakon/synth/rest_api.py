"""REST APIs of API Gateway as CloudFormation resources.

Everything that a deployment takes a picture of is added first; the deployment's logical id carries the hash of it, so
that a changed API is deployed, and an unchanged one is not.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

from lakon.model.routes import Route
from lakon.synth.access_logs import access_logs
from lakon.synth.addresses import LIVE, calls_arn
from lakon.synth.authorizers import Authorizers
from lakon.synth.domains import add_gateway_domain
from lakon.synth.gateway_responses import add_gateway_responses
from lakon.synth.http_api import throttling
from lakon.synth.rest_methods import Methods
from lakon.synth.routing import function_id, functions, pattern, permit, served
from lakon.synth.usage_plans import add_usage_plans

if TYPE_CHECKING:
    from lakon.model.function import Function
    from lakon.model.gateways import RestApi
    from lakon.model.service import Service
    from lakon.synth.template import Properties, Template
    from lakon.synth.values import Values

_SEEN_WHEN_MADE = ("AWS::ApiGateway::Method", "AWS::ApiGateway::GatewayResponse")


def add_rest_api(template: Template, service: Service, api: RestApi, values: Values) -> None:
    """The API with its resources, methods, gateway responses, its deployment and its stage."""
    me = api.logical_id
    before = set(template.resources)
    template.add(me, "AWS::ApiGateway::RestApi", _properties(api, values), api.origin)
    routes = served(service, api, Route)
    authorizers = Authorizers(template, service, api, values)
    methods = Methods(template, api)
    for route, function in routes:
        methods.add(route, function, authorizers.of(route.auth, route.scopes))
    methods.add_preflights([route for route, _ in routes])
    add_gateway_responses(template, api)
    pictured = {name: resource for name, resource in template.resources.items() if name not in before}
    deployment = _deploy(template, api, pictured)
    _permit(template, api, routes, preflighted=methods.preflighted)
    _add_stage(template, service, api, deployment, routes, values)
    add_usage_plans(template, api)
    add_gateway_domain(template, api, f"{me}Stage", values)


def _properties(api: RestApi, values: Values) -> Properties:
    configuration: Properties = {"Types": [api.endpoint.upper()]}
    if api.vpc_endpoints:
        configuration["VpcEndpointIds"] = values.resolve(api.vpc_endpoints)
    properties: Properties = {
        "Name": {"Fn::Sub": f"${{AWS::StackName}}-{api.id}"},
        "EndpointConfiguration": configuration,
        "BinaryMediaTypes": list(api.binary),
    }
    if api.policy is not None:
        properties["Policy"] = values.resolve(api.policy)
    elif api.endpoint == "private":
        properties["Policy"] = values.resolve(_only_through(api.vpc_endpoints))
    if api.domain is not None and api.domain.only:
        properties["DisableExecuteApiEndpoint"] = True
    return properties


def _only_through(endpoints: tuple[str, ...]) -> Properties:
    """A resource policy that lets pass what comes through some VPC endpoints."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "execute-api:Invoke",
                "Resource": "execute-api:/*",
                "Condition": {"StringEquals": {"aws:SourceVpce": list(endpoints)}},
            }
        ],
    }


def _deploy(template: Template, api: RestApi, pictured: dict[str, Properties]) -> str:
    """Add the deployment of what it takes a picture of, and return its logical id."""
    text = json.dumps(pictured, sort_keys=True)
    me = f"{api.logical_id}Deployment{sha256(text.encode()).hexdigest()[:10]}"
    seen = [name for name, resource in pictured.items() if resource["Type"] in _SEEN_WHEN_MADE]
    properties: Properties = {"RestApiId": {"Ref": api.logical_id}}
    template.add(me, "AWS::ApiGateway::Deployment", properties, api.origin, depends_on=seen)
    return me


def _permit(template: Template, api: RestApi, routes: list[tuple[Route, Function]], *, preflighted: list[str]) -> None:
    for function in functions(routes):
        called = [(route.method, route.path) for route, other in routes if other is function]
        if function is api.function:
            called += [("OPTIONS", path) for path in preflighted]
        name = f"{api.logical_id}{function_id(function)}Permission"
        source = f"{calls_arn(api)}/{LIVE}/{pattern(called)}"
        permit(template, name, function_id(function), source, function.origin)


def _add_stage(
    template: Template,
    service: Service,
    api: RestApi,
    deployment: str,
    routes: list[tuple[Route, Function]],
    values: Values,
) -> None:
    own = [settings for settings in (_of_route(api, route) for route, _ in routes) if settings]
    properties: Properties = {
        "RestApiId": {"Ref": api.logical_id},
        "DeploymentId": {"Ref": deployment},
        "StageName": LIVE,
        "MethodSettings": [_of_every_route(api), *own],
    }
    if logged := access_logs(template, service, api):
        properties["AccessLogSetting"] = logged
    if api.stage_variables:
        properties["Variables"] = values.resolve(api.stage_variables)
    if any(function.tracing for function in functions(routes)):
        properties["TracingEnabled"] = True
    if api.cache is not None:
        properties["CacheClusterEnabled"] = True
        properties["CacheClusterSize"] = api.cache.size
    template.add(f"{api.logical_id}Stage", "AWS::ApiGateway::Stage", properties, api.origin)


def _of_every_route(api: RestApi) -> Properties:
    settings: Properties = {"HttpMethod": "*", "ResourcePath": "/*", **throttling(api.throttle)}
    if api.cache is not None:
        settings |= _caching(api.cache.ttl if api.cache.every_route else 0)
    return settings


def _of_route(api: RestApi, route: Route) -> Properties:
    """What holds for one route alone; nothing where nothing does. What it does not say, the stage's defaults say."""
    settings: Properties = {} if route.throttle is None else throttling(route.throttle)
    if api.cache is not None and route.cache is not None:
        settings |= _caching(route.cache)
    if not settings:
        return {}
    path = "/" if route.path == "/" else "/" + route.path.replace("/", "~1")
    return {"HttpMethod": route.method, "ResourcePath": path, **settings}


def _caching(ttl: int) -> Properties:
    if not ttl:
        return {"CachingEnabled": False}
    return {"CachingEnabled": True, "CacheTtlInSeconds": ttl, "CacheDataEncrypted": True}

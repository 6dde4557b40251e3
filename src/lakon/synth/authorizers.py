"""Who may call a route, as API Gateway's authorizers: one of each API for each thing that decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from lakon.model.authorizers import Cognito, Iam, Jwt, LambdaAuthorizer
from lakon.model.cloudformation import CloudFormationResource
from lakon.model.gateways import HttpApi, RestApi
from lakon.model.names import logical_id
from lakon.model.resource import REGION
from lakon.model.routes import Inherited
from lakon.model.values import Token
from lakon.synth.addresses import calls_arn
from lakon.synth.routing import invocation, permit

if TYPE_CHECKING:
    from lakon.model.authorizers import Auth, Authorizer
    from lakon.model.service import Service
    from lakon.model.sockets import WebSocketApi
    from lakon.synth.template import Properties, Template
    from lakon.synth.values import Values

_SOURCES = {
    "http_api": {
        "header": "$request.header.",
        "query": "$request.querystring.",
        "context": "$context.",
        "variable": "$stageVariables.",
    },
    "rest_api": {
        "header": "method.request.header.",
        "query": "method.request.querystring.",
        "context": "context.",
        "variable": "stageVariables.",
    },
    "websocket_api": {
        "header": "route.request.header.",
        "query": "route.request.querystring.",
        "context": "context.",
        "variable": "stageVariables.",
    },
}


def decides(service: Service, auth: Auth | Inherited, inherited: Auth) -> Authorizer | None:
    """What `auth=` of a route means, where its API says `inherited`: a handler stands for its authorizer."""
    if isinstance(auth, Inherited):
        auth = inherited
    if auth is None or isinstance(auth, (Jwt, Cognito, Iam, LambdaAuthorizer)):
        return auth
    return next((each for each in service.authorizers if each.call is auth), None)


def identity_sources(kind: str, identity: tuple[str, ...]) -> list[str]:
    """Where a kind of API finds what the caller brings: `"header.x"` is `$request.header.x` to an HTTP API."""
    sources = _SOURCES[kind]
    return [sources[where] + name for where, _, name in (each.partition(".") for each in identity)]


class Authorizers:
    """The authorizers of one API, each added to the template when a route first asks for it."""

    def __init__(
        self, template: Template, service: Service, api: HttpApi | RestApi | WebSocketApi, values: Values
    ) -> None:
        self._template = template
        self._service = service
        self._api = api
        self._values = values
        self._ids: dict[object, str] = {}
        self._counts: dict[str, int] = {}

    def of(self, auth: Auth | Inherited, scopes: tuple[str, ...] = ()) -> Properties:
        """What a route or a method says of who may call it."""
        decider = decides(self._service, auth, self._api.auth)
        match decider:
            case None:
                return {"AuthorizationType": "NONE"}
            case Iam():
                return {"AuthorizationType": "AWS_IAM"}
            case LambdaAuthorizer():
                return {"AuthorizationType": "CUSTOM", "AuthorizerId": {"Ref": self._id(decider)}}
            case Jwt() | Cognito():
                kind = "JWT" if isinstance(self._api, HttpApi) else "COGNITO_USER_POOLS"
                said: Properties = {"AuthorizationType": kind, "AuthorizerId": {"Ref": self._id(decider)}}
                if asked := scopes or decider.scopes:
                    said["AuthorizationScopes"] = list(asked)
                return said
        assert_never(decider)

    def _id(self, decider: Jwt | Cognito | LambdaAuthorizer) -> str:
        key = _identity(decider)
        if key not in self._ids:
            self._ids[key] = self._add(decider)
        return self._ids[key]

    def _add(self, decider: Jwt | Cognito | LambdaAuthorizer) -> str:
        name = logical_id(decider.name, "") if isinstance(decider, LambdaAuthorizer) else type(decider).__name__
        count = self._counts[name] = self._counts.get(name, 0) + 1
        name += f"Authorizer{count if count > 1 else ''}"
        me = f"{self._api.logical_id}{name}"
        if isinstance(self._api, RestApi):
            type_, properties = "AWS::ApiGateway::Authorizer", self._of_rest_api(decider)
        else:
            type_, properties = "AWS::ApiGatewayV2::Authorizer", self._of_newer_api(decider)
        self._template.add(me, type_, {"Name": name, **properties}, self._api.origin)
        if isinstance(decider, LambdaAuthorizer):
            source = f"{calls_arn(self._api)}/authorizers/${{{me}}}"
            permit(self._template, f"{me}Permission", _function(decider), source, decider.origin)
        return me

    def _of_rest_api(self, decider: Jwt | Cognito | LambdaAuthorizer) -> Properties:
        """See `AWS::ApiGateway::Authorizer`."""
        properties: Properties = {"RestApiId": {"Ref": self._api.logical_id}}
        if isinstance(decider, LambdaAuthorizer):
            properties["Type"] = decider.kind.upper()
            properties["AuthorizerUri"] = invocation(_function(decider))
            properties["AuthorizerResultTtlInSeconds"] = decider.ttl
            identity = decider.identity
        else:
            pools = decider.pools if isinstance(decider, Cognito) else ()
            properties["Type"] = "COGNITO_USER_POOLS"
            properties["ProviderARNs"] = [self._values.resolve(pool_arn(pool)) for pool in pools]
            identity = (decider.identity,)
        if identity:
            properties["IdentitySource"] = ",".join(identity_sources(self._api.kind, identity))
        return properties

    def _of_newer_api(self, decider: Jwt | Cognito | LambdaAuthorizer) -> Properties:
        """See `AWS::ApiGatewayV2::Authorizer`."""
        properties: Properties = {"ApiId": {"Ref": self._api.logical_id}}
        if isinstance(decider, LambdaAuthorizer):
            properties["AuthorizerType"] = "REQUEST"
            properties["AuthorizerUri"] = invocation(_function(decider))
            if isinstance(self._api, HttpApi):
                simple = decider.answers == "simple"
                properties["AuthorizerPayloadFormatVersion"] = "2.0" if simple else "1.0"
                properties["EnableSimpleResponses"] = simple
                properties["AuthorizerResultTtlInSeconds"] = decider.ttl
            identity = decider.identity
        else:
            properties["AuthorizerType"] = "JWT"
            properties["JwtConfiguration"] = self._values.resolve(_issuer(decider))
            identity = (decider.identity,)
        if identity:
            properties["IdentitySource"] = identity_sources(self._api.kind, identity)
        return properties


def _identity(decider: Jwt | Cognito | LambdaAuthorizer) -> object:
    """What two deciders that need one authorizer have in common: routes may ask for different scopes of one."""
    match decider:
        case Jwt():
            return decider.issuer, decider.audience, decider.identity
        case Cognito():
            return decider.pools, decider.clients, decider.identity
        case LambdaAuthorizer():
            return decider
    assert_never(decider)


def _function(decider: LambdaAuthorizer) -> str:
    return logical_id(decider.name, "Function")


def _issuer(decider: Jwt | Cognito) -> Properties:
    if isinstance(decider, Jwt):
        return {"Issuer": decider.issuer, "Audience": decider.audience}
    pool = decider.pools[0]
    if isinstance(pool, CloudFormationResource):
        where, name = f"{REGION}.{Token('AWS::URLSuffix', 'Ref')}", pool.ref
    else:
        where, name = f"{pool.split(':')[3]}.{Token('AWS::URLSuffix', 'Ref')}", pool.rpartition("/")[2]
    return {"Issuer": f"https://cognito-idp.{where}/{name}", "Audience": decider.clients}


def pool_arn(pool: str | CloudFormationResource) -> str:
    """The ARN of a Cognito user pool that was given by it, or as a resource."""
    return pool.att("Arn") if isinstance(pool, CloudFormationResource) else pool

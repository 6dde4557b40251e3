"""The front doors that a program declares, as plans: the model in, plain values out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, assert_never

from lakon.local.front import plan
from lakon.model.authorizers import Cognito, Iam, Jwt, LambdaAuthorizer
from lakon.model.balancers import LoadBalancer
from lakon.model.gateways import FunctionUrl, HttpApi, RestApi
from lakon.model.http import Url
from lakon.model.names import logical_id
from lakon.model.routes import Route
from lakon.model.sockets import SocketRoute, WebSocketApi
from lakon.synth.addresses import LIVE
from lakon.synth.authorizers import decides, pool_arn
from lakon.synth.functions import streams
from lakon.synth.load_balancer import rules
from lakon.synth.routing import served
from lakon.synth.values import TOKEN

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from lakon.model.authorizers import Auth, Authorizer
    from lakon.model.function import Function
    from lakon.model.gateways import AnyApi
    from lakon.model.http import Cors, Throttle
    from lakon.model.routes import Inherited
    from lakon.model.service import Service
    from lakon.model.sites import Site

_EVERY_API = plan.Limit(1000, 2000)  # what an API without a throttle of its own says
_WHERE = {"path-pattern": "paths", "http-request-method": "methods", "host-header": "hosts", "source-ip": "addresses"}


@dataclass(frozen=True, slots=True)
class Known:
    """What a program does not say itself: where its stack is and what became of it there.

    `ports` and `physical` (ids) go by logical ids, `outputs` by their names; `keys` are the values of API keys by their
    ids, `folders` those of sites and `openapi` the documents of APIs, by theirs. `reload` is for sites.
    """

    stack: str
    account: str
    region: str
    ports: Mapping[str, int]
    physical: Mapping[str, str]
    outputs: Mapping[str, str]
    keys: Mapping[str, str]
    folders: Mapping[str, Path]
    openapi: Mapping[str, str]
    reload: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    """A front door of a program, by its logical id, and what stands behind its port: the rest of its addresses."""

    logical_id: str
    name: str
    kind: str
    attributes: Mapping[str, tuple[str, str]]

    def of(self, attribute: str, port: int) -> str:
        """An address as the program asks for it: "url", or "endpoint"."""
        scheme, path = self.attributes[attribute]
        return f"{scheme}://127.0.0.1:{port}{path}"


def addresses(service: Service) -> list[Address]:
    """The front doors that a program has, in its order: APIs, addresses of functions, sites."""
    plain = {"url": ("http", "")}
    found = []
    for api in service.apis:
        match api:
            case WebSocketApi():
                attributes = {"url": ("ws", f"/{LIVE}"), "endpoint": ("http", f"/{LIVE}")}
            case RestApi():
                attributes = {"url": ("http", f"/{LIVE}")}
            case _:
                attributes = plain
        found.append(Address(api.logical_id, api.id, api.kind, attributes))
    found += [
        Address(logical_id(function.name, "FunctionUrl"), function.name, FunctionUrl.kind, plain)
        for function in _with_url(service)
        if all(api.function is not function for api in service.apis if isinstance(api, FunctionUrl))
    ]
    return [*found, *(Address(site.logical_id, site.id, site.kind, plain) for site in service.sites)]


def plans(service: Service, known: Known) -> list[plan.Plan]:
    """What the front doors of a program are to be."""
    made = _Plans(service, known)
    apis = [api for api in service.apis if not isinstance(api, FunctionUrl)]
    return [
        *(made.of_api(api) for api in apis),
        *(made.of_url(function) for function in _with_url(service)),
        *(made.of_site(site) for site in service.sites),
    ]


def _with_url(service: Service) -> list[Function]:
    return [function for function in service.functions if function.url]


class _Plans:
    def __init__(self, service: Service, known: Known) -> None:
        self._service = service
        self._known = known

    def of_api(self, api: HttpApi | RestApi | LoadBalancer | WebSocketApi) -> plan.Plan:
        match api:
            case HttpApi():
                return self._plan(api, "$default", cors=_cors(api.cors), **self._gateway(api))
            case RestApi():
                return self._plan(
                    api,
                    LIVE,
                    cors=_cors(api.cors),
                    binary=api.binary,
                    responses={name: _response(each) for name, each in api.responses.items()},
                    usage_plans=tuple(self._usage_plans(api)),
                    **self._gateway(api),
                )
            case WebSocketApi():
                return self._plan(api, LIVE, select=api.select, **self._gateway(api))
            case LoadBalancer():
                found = sorted(rules(self._service, api), key=lambda each: each.priority)
                told = tuple(_rule(each.conditions, self._arn(each.function)) for each in found)
                own = api.function if api.listener is None else None  # else what no rule takes is another's
                default = None if own is None else self._arn(own)
                return self._plan(api, "", rules=told, default=default)
        assert_never(api)

    def of_url(self, function: Function) -> plan.Plan:
        url = function.url if isinstance(function.url, Url) else Url()
        named = logical_id(function.name, "FunctionUrl")
        return plan.Plan(
            kind=FunctionUrl.kind,
            name=function.name,
            port=self._known.ports[named],
            api_id=sha256(f"{self._known.stack} {named}".encode()).hexdigest()[:32],
            stage="$default",
            account=self._known.account,
            region=self._known.region,
            default=self._arn(function),
            guards={"iam": plan.Guard("iam")} if url.auth == "iam" else {},
            cors=_cors(url.cors),
            streaming=url.streaming,
            openapi=self._known.openapi.get(function.name),
        )

    def of_site(self, site: Site) -> plan.Plan:
        folder = plan.Folder(
            path=str(self._known.folders[site.id]),
            index=site.index,
            error=site.error,
            clean_urls=site.clean_urls and site.cdn,
            single_page=site.single_page,
            cache=dict(site.cache),
            exclude=site.exclude,
            manifest=self._known.outputs.get(f"{site.logical_id}Manifest", "{}"),
            reload=self._known.reload,
        )
        return self._plan(site, "", folder=folder)

    def _plan(self, door: AnyApi | Site, stage: str, **more: Any) -> plan.Plan:
        known, me = self._known, door.logical_id
        return plan.Plan(
            kind=door.kind,
            name=door.id,
            port=known.ports[me],
            api_id=known.physical.get(me) or sha256(f"{known.stack} {me}".encode()).hexdigest()[:10],
            stage=stage,
            account=known.account,
            region=known.region,
            openapi=known.openapi.get(door.id),
            **more,
        )

    def _gateway(self, api: HttpApi | RestApi | WebSocketApi) -> dict[str, Any]:
        """What APIs of API Gateway have in common."""
        guards = _Guards(self._service, self)
        if isinstance(api, WebSocketApi):
            routes = [
                plan.Route(
                    "",
                    route.key,
                    self._arn(function),
                    guard=guards.of(api.auth, None) if route.key == "$connect" else None,
                    replies=route.replies,
                )
                for route, function in served(self._service, api, SocketRoute)
            ]
        else:
            routes = [
                plan.Route(
                    route.method,
                    route.path,
                    self._arn(function),
                    guard=guards.of(route.auth, api.auth),
                    scopes=route.scopes,
                    limit=_limit(route.throttle),
                    api_key=route.api_key,
                    requires=route.requires,
                    streams=isinstance(api, RestApi) and streams(function),
                )
                for route, function in served(self._service, api, Route)
            ]
        if isinstance(api, RestApi) and api.cors is not None:
            routes += self._preflights(api, routes)
        return {
            "timeout": 30.0 if isinstance(api, HttpApi) else 29.0,
            "routes": tuple(routes),
            "guards": guards.found,
            "limit": _limit(api.throttle) or _EVERY_API,
            "variables": dict(api.stage_variables),
            "log_group": f"/aws/vendedlogs/{self._known.stack}-{api.id}" if api.access_logs else None,
        }

    def _preflights(self, api: RestApi, routes: list[plan.Route]) -> list[plan.Route]:
        """The OPTIONS methods that a REST API gets: the own function answers them, or the API itself."""
        taken = {route.path for route in routes if route.method == "OPTIONS"}
        paths = dict.fromkeys([route.path for route in routes if route.path not in taken])
        if api.function is None:
            return [plan.Route("OPTIONS", path, "") for path in paths]
        function, flows = self._arn(api.function), streams(api.function)
        return [plan.Route("OPTIONS", path, function, streams=flows) for path in paths]

    def _usage_plans(self, api: RestApi) -> Iterator[plan.UsagePlan]:
        for each in api.usage_plans:
            ids = [self._known.outputs.get(f"{api.logical_id}{logical_id(key, 'ApiKey')}Id", "") for key in each.keys]
            yield plan.UsagePlan(
                each.name,
                tuple(self._known.keys[key] for key in ids if key in self._known.keys),
                _limit(each.throttle),
                each.quota.limit if each.quota else None,
                each.quota.period if each.quota else "month",
            )

    def _arn(self, function: Function) -> str:
        known = self._known
        return f"arn:aws:lambda:{known.region}:{known.account}:function:{function.physical(known.stack)}"

    def function_arn(self, name: str) -> str:
        """The ARN of the function of that name."""
        return next(self._arn(function) for function in self._service.functions if function.name == name)

    def pool_issuer(self, pool: str) -> str:
        """The issuer of a Cognito user pool, by its ARN or a token of it."""
        if token := TOKEN.search(pool):
            return f"https://cognito-idp.{self._known.region}.amazonaws.com/{self._known.physical.get(token[1], '')}"
        return f"https://cognito-idp.{pool.split(':')[3]}.amazonaws.com/{pool.rpartition('/')[2]}"

    def text(self, value: str) -> str:
        """A value in which tokens stand for what became of resources: their physical ids, or what outputs tell."""
        return TOKEN.sub(self._told, value)

    def _told(self, token: re.Match[str]) -> str:
        pseudo = {"AWS::Region": self._known.region, "AWS::AccountId": self._known.account, "AWS::Partition": "aws"}
        named, attribute = token.groups()
        output = self._known.outputs.get(f"{named}{attribute[:1].upper()}{attribute[1:]}")
        return pseudo.get(named) or output or self._known.physical.get(named, "")


class _Guards:
    """The guards of one API, each made when a route first asks for it."""

    def __init__(self, service: Service, around: _Plans) -> None:
        self.found: dict[str, plan.Guard] = {}
        self._service = service
        self._around = around
        self._names: dict[int, str] = {}

    def of(self, auth: Auth | Inherited, inherited: Auth) -> str | None:
        """The name of the guard for a route; None for an open one."""
        decider = decides(self._service, auth, inherited)
        if decider is None:
            return None
        name = self._names.setdefault(id(decider), f"{type(decider).__name__.lower()}{len(self._names)}")
        self.found.setdefault(name, self._guard(name, decider))
        return name

    def _guard(self, name: str, decider: Authorizer) -> plan.Guard:
        text = self._around.text
        match decider:
            case Iam():
                return plan.Guard("iam", name)
            case Jwt():
                audience = tuple(text(each) for each in decider.audience)
                identity = (decider.identity,)
                return plan.Guard("jwt", name, (text(decider.issuer),), audience, decider.scopes, identity)
            case Cognito():
                issuers = tuple(self._around.pool_issuer(pool_arn(pool)) for pool in decider.pools)
                clients = tuple(text(each) for each in decider.clients)
                return plan.Guard("cognito", name, issuers, clients, decider.scopes, (decider.identity,))
            case LambdaAuthorizer():
                return plan.Guard(
                    "lambda",
                    name,
                    identity=decider.identity,
                    function=self._around.function_arn(decider.name),
                    answers=decider.answers,
                    token=decider.kind == "token",
                    ttl=decider.ttl,
                )
        assert_never(decider)


def _cors(cors: Cors | None) -> plan.Cors | None:
    if cors is None:
        return None
    return plan.Cors(cors.origins, cors.methods, cors.headers, cors.expose, cors.credentials, cors.max_age)


def _limit(throttle: Throttle | None) -> plan.Limit | None:
    return None if throttle is None else plan.Limit(throttle.rate, throttle.burst)


def _response(said: Any) -> plan.GatewayResponse:
    body = None if said.body is None else json.dumps(said.body)
    return plan.GatewayResponse(said.status, body, dict(said.headers))


def _rule(conditions: list[dict[str, Any]], function: str) -> plan.Rule:
    """A rule of a listener, from CloudFormation's conditions."""
    said: dict[str, Any] = {}
    headers: dict[str, tuple[str, ...]] = {}
    for condition in conditions:
        (config,) = [value for name, value in condition.items() if name != "Field"]
        match condition["Field"]:
            case "http-header":
                headers[config["HttpHeaderName"]] = tuple(config["Values"])
            case "query-string":
                said["query"] = {pair["Key"]: pair["Value"] for pair in config["Values"]}
            case field:
                said[_WHERE[field]] = tuple(config["Values"])
    return plan.Rule(function, headers=headers, **said)

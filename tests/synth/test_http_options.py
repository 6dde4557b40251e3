"""Options of front doors: a value of a wrong type is a mistake of the program, and no other exception."""

# mypy: allow-untyped-defs, allow-untyped-calls

import inspect

import pytest

import lakon
from lakon.model.function import DEFAULTS
from lakon.model.routes import ROUTE_DEFAULTS

from .declaring import (
    ZONE,
    answer,
    authorized,
    balancer,
    http,
    mistakes,
    of_function,
    only,
    plan,
    rest,
    rules,
    site,
    socket,
    url,
    with_route,
)


def method(make, name, then=with_route, **given):
    def declare(**options):
        return then(make(**{**given, **options}))

    return getattr(lakon.Service, name), declare


def part(kind, use, **given):
    def declare(**options):
        return use(kind(**{**given, **options}))

    return kind.__init__, declare


def routed(service_and_api):
    service, api = service_and_api
    api.default(answer)
    return service


DECLARATIONS = {
    "http_api": method(http, "http_api"),
    "rest_api": method(rest, "rest_api"),
    "websocket_api": method(socket, "websocket_api", routed),
    "load_balancer": method(balancer, "load_balancer"),
    "function_url": method(url, "function_url"),
    "site": (lakon.Service.site, site),
    "authorizer": (lakon.Service.authorizer, lambda **options: authorized(http(), **options)),
    "rule": (balancer()[1].rule, lambda **o: rules(**o)),
    "cors": part(lakon.Cors, lambda cors: with_route(http(cors=cors)), origins="https://x.example"),
    "throttle": part(lakon.Throttle, lambda throttle: with_route(http(throttle=throttle)), rate=1, burst=1),
    "domain": part(lakon.Domain, lambda domain: with_route(http(domain=domain)), name="x.example", zone=ZONE),
    "cache": part(lakon.Cache, lambda cache: with_route(rest(cache=cache))),
    "quota": part(lakon.Quota, lambda quota: plan(quota=quota), limit=1),
    "plan": part(lakon.UsagePlan, lambda made: with_route(rest(usage_plans=made)), name="free"),
    "response": part(lakon.GatewayResponse, lambda made: with_route(rest(responses={"THROTTLED": made}))),
    "url": part(lakon.Url, lambda made: of_function(url=made)),
    "jwt": (
        lakon.jwt,
        lambda **o: with_route(http(auth=lakon.jwt(**{"issuer": "https://x.example", "audience": "x", **o}))),
    ),
    "cognito": (
        lakon.cognito,
        lambda **o: with_route(
            http(
                auth=lakon.cognito(
                    **{"pools": "arn:aws:cognito-idp:eu-west-1:111122223333:userpool/x", "clients": "x", **o}
                )
            )
        ),
    ),
}


VALUES = {
    "number": -5,
    "bytes": b"x",
    "set": {"x"},
    "object": object(),
    "numbers": [-5],
    "mapping": {-5: b"x"},
    "handle": lakon.Table.existing("old"),
}


RIGHT = {("manifest", "number"), ("body", "number"), ("body", "numbers")}


def options(declare):
    for option in inspect.signature(declare).parameters.values():
        if option.kind is not option.VAR_KEYWORD and option.name not in ("self", "handler"):
            yield option.name


OPTIONS = [(name, option) for name, (declare, _) in DECLARATIONS.items() for option in options(declare)]


@pytest.mark.parametrize(("name", "option"), OPTIONS)
def test_an_option_of_the_wrong_type_is_a_mistake(name, option):
    for wrong, value in VALUES.items():
        found = mistakes(DECLARATIONS[name][1](**{option: value}))
        assert found or (option, wrong) in RIGHT, wrong


@pytest.mark.parametrize("option", ROUTE_DEFAULTS)
def test_an_option_of_a_route_of_the_wrong_type_is_a_mistake(option):
    for wrong, value in VALUES.items():
        assert mistakes(with_route(rest(cache=lakon.Cache(), usage_plans=lakon.UsagePlan("x")), **{option: value})), (
            wrong
        )


def test_an_option_of_the_own_function_is_looked_at():
    assert "memory" in DEFAULTS
    assert only(with_route(http(memory=5))) == "memory of 'public' in MB is 5"

"""What a program may not say of front doors: every mistake at once, with its line."""

# mypy: allow-untyped-defs, allow-untyped-calls

import sys

import pytest

import lakon
from lakon.exceptions import ProgramError
from lakon.synth.synthesis import synthesize

from .declaring import (
    LISTENER,
    ROOT,
    ZONE,
    answer,
    authorized,
    balancer,
    handler,
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


def test_programs_without_mistakes():
    for make in (http, rest, balancer, url):
        assert mistakes(with_route(make())) == []
    assert mistakes(authorized(http())) == []
    assert mistakes(rules()) == []
    assert mistakes(site()) == []


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("photos", "begins with a slash"),
        ("", "begins with a slash"),
        ("/photos/", "no slash is last"),
        ("/a//b", "is no part of a path"),
        ("/{a}b", "is no part of a path"),
        ("/{a", "is no part of a path"),
        ("/{}", "is no part of a path"),
        ("/a b", "is no part of a path"),
        ("/{all+}/x", "stands at the end"),
        ("/{a}/{a}", "two parameters have one name"),
        (5, "begins with a slash"),
    ],
)
def test_a_path(path, told):
    with pytest.raises(ProgramError) as raised:
        synthesize(with_route(http(), path), stage="dev", root=ROOT)
    [mistake] = raised.value.mistakes
    assert mistake.what == f"a route of 'public' has the path {path!r}"
    assert told in mistake.hint


@pytest.mark.parametrize("path", ["/", "/a", "/a/{b}", "/{a}/b/{c+}", "/{proxy+}", "/A.b_~-:@", "/by/{by}"])
def test_paths_that_are_right(path):
    assert mistakes(with_route(http(), path)) == []


def two(make, *keys):
    service, api = make()
    for method, path in keys:
        api.route(method, path)(answer)
    return service


def twice():
    service, api = http()
    api.get("/x")(answer)
    service.function(name="stamp", on=api.get("/x"))(handler)
    return service


def messages(*keys):
    service, api = socket()
    for key in keys:
        api.message(key)(answer)
    return service


def foreign():
    _, api = http()
    api.get("/y")(answer)
    service = lakon.Service("other")
    service.function(name="stamp", on=api.get("/x"))(handler)
    return service


def domains(*made):
    service = lakon.Service("shop")
    for number, (kind, domain, options) in enumerate(made):
        api = getattr(service, kind)(f"api{number}", domain=domain, **options)
        service.function(name=f"stamp{number}", on=api.message("x") if kind == "websocket_api" else api.get("/x"))(
            handler
        )
    return service


NAMED = lakon.Domain("api.shop.example", zone=ZONE)


WRONG = {
    "method": (lambda: with_route(http(), method="FETCH"), "a route of 'public' has the method 'FETCH'"),
    "two routes": (lambda: two(http, ("GET", "/{a}"), ("GET", "/{b}")), "'public' has two routes GET /{b}"),
    "two functions": (twice, "'public' has two routes GET /x"),
    "siblings": (
        lambda: two(rest, ("GET", "/{a}/x"), ("GET", "/{b}/y")),
        "below / of 'public' stand {a} and {b}",
    ),
    "two messages": (lambda: messages("say", "say"), "'public' has two routes 'say'"),
    "message key": (lambda: messages("$else"), "a route of 'public' has the key '$else'"),
    "no route": (lambda: http()[0], "the http api 'public' has no route"),
    "no name": (lambda: nameless(), "the http api 'public' has no name by which Lambda could find it"),
    "options for nobody": (
        lambda: rules(balancer(memory=512)),
        "'public' has memory for a function of its own, which it has not",
    ),
    "foreign": (foreign, "'stamp' is called by <http_api 'public'>, which is not of the service 'other'"),
    "rest options": (
        lambda: with_route(http(), api_key=True),
        "the route 'GET /x' of 'public' has api_key=, which an HTTP API does not know",
    ),
    "auth of a balancer": (
        lambda: with_route(balancer(), auth=lakon.iam()),
        "the route 'GET /x' of 'public' has auth=, which a load balancer does not know",
    ),
    "throttle of a url": (
        lambda: with_route(url(), throttle=lakon.Throttle(rate=1, burst=1)),
        "the route 'GET /x' of 'public' has throttle=, which a function url does not know",
    ),
    "jwt of a REST API": (
        lambda: with_route(rest(auth=lakon.jwt("https://x.example", "x"))),
        "auth of 'public' is lakon.jwt(...)",
    ),
    "cognito without clients": (
        lambda: with_route(http(auth=lakon.cognito("arn:aws:cognito-idp:eu-west-1:111122223333:userpool/x"))),
        "auth of 'public' has 1 pools and 0 clients",
    ),
    "cognito pool": (
        lambda: with_route(rest(auth=lakon.cognito("people"))),
        "auth of 'public' has the pools ('people',)",
    ),
    "issuer": (
        lambda: with_route(http(auth=lakon.jwt("login.example", "x"))),
        "auth of 'public' has the issuer 'login.example'",
    ),
    "token": (
        lambda: authorized(http(), kind="token"),
        "auth of the route 'GET /x' of 'public' is 'check', of kind=\"token\"",
    ),
    "token identity": (
        lambda: authorized(rest(), kind="token", identity=["header.a", "header.b"]),
        "the authorizer 'check' has kind=\"token\" and the identity ('header.a', 'header.b')",
    ),
    "identity": (
        lambda: authorized(http(), identity="cookie.x"),
        "identity of the authorizer 'check' is ('cookie.x',)",
    ),
    "cached for all": (
        lambda: authorized(http(), identity=[]),
        "the answers of the authorizer 'check' are kept for 300 s, and nothing tells callers apart",
    ),
    "scopes": (
        lambda: with_route(http(), scopes="admin"),
        "the route 'GET /x' of 'public' asks for the scopes ('admin',)",
    ),
    "sockets without connect": (
        lambda: guarded_socket(),
        "'public' has auth=, and no route for new connections, which it guards",
    ),
    "throttle": (
        lambda: with_route(http(throttle=lakon.Throttle(rate=-1, burst=1.5))),  # type: ignore[arg-type]
        "throttle of 'public' is rate -1 and burst 1.5",
    ),
    "credentials": (
        lambda: with_route(http(cors=lakon.Cors(origins="*", credentials=True))),
        "cors of 'public' lets all origins send credentials",
    ),
    "origin": (
        lambda: with_route(http(cors=lakon.Cors(origins="https://shop.example/"))),
        "the origins in cors of 'public' are ('https://shop.example/',)",
    ),
    "all and some": (
        lambda: with_route(http(cors=lakon.Cors(origins=["*", "https://shop.example"]))),
        "the origins in cors of 'public' are all, and some by name",
    ),
    "cors of a function": (
        lambda: of_function(url=lakon.Url(cors=lakon.Cors(origins="*", methods="FETCH"))),
        "the methods in cors of 'stamp' are ('FETCH',)",
    ),
    "cors of nobody": (
        lambda: rules(balancer(cors=lakon.Cors(origins="*"))),
        "'public' has cors=, and no function of its own that could answer it",
    ),
    "stage variable": (
        lambda: with_route(http(stage_variables={"a-b": "x"})),
        "'public' has the stage variable 'a-b' with the value 'x'",
    ),
    "domain": (
        lambda: with_route(http(domain=lakon.Domain("API", zone=ZONE))),
        "the domain of 'public' is named 'API'",
    ),
    "no proof": (
        lambda: with_route(http(domain=lakon.Domain("api.shop.example"))),
        "the domain of 'public' has neither a certificate nor a zone",
    ),
    "zone": (
        lambda: with_route(http(domain=lakon.Domain("api.shop.example", zone="shop.example"))),
        "the zone of the domain of 'public' is 'shop.example'",
    ),
    "one domain": (
        lambda: domains(("http_api", NAMED, {}), ("http_api", NAMED, {})),
        "'api1' has the domain 'api.shop.example', which another has already",
    ),
    "sharing": (
        lambda: domains(
            ("http_api", NAMED, {}), ("websocket_api", lakon.Domain("api.shop.example", zone=ZONE, path="ws"), {})
        ),
        "'api0' and 'api1' have one domain",
    ),
    "saying other things": (
        lambda: domains(
            ("http_api", NAMED, {}), ("rest_api", lakon.Domain("api.shop.example", zone="Z9", path="v1"), {})
        ),
        "'api0' and 'api1' share a domain, and say other things of it",
    ),
    "private domain": (
        lambda: domains(("rest_api", NAMED, {"endpoint": "private", "vpc_endpoints": "vpce-1"})),
        "'api0' is private and has a domain",
    ),
    "private for nobody": (
        lambda: with_route(rest(endpoint="private")),
        "'public' is private, and nobody may call it",
    ),
    "endpoints in public": (
        lambda: with_route(rest(vpc_endpoints="vpce-1")),
        "vpc_endpoints of 'public' is ('vpce-1',), with the endpoint 'regional'",
    ),
    "cache size": (
        lambda: with_route(rest(cache=lakon.Cache("1"))),
        "the cache of 'public' has the size '1'",
    ),
    "no cache": (
        lambda: with_route(rest(), cache=60),
        "the route 'GET /x' is to be cached, and 'public' has no cache",
    ),
    "no plan": (
        lambda: with_route(rest(), api_key=True),
        "the route 'GET /x' asks for an API key, and 'public' has no usage plan",
    ),
    "quota": (
        lambda: plan(quota=lakon.Quota(10, "year")),
        "the quota of the usage plan 'free' is 10 in a 'year'",
    ),
    "key in two plans": (
        lambda: with_route(rest(usage_plans=[lakon.UsagePlan("a", keys="k"), lakon.UsagePlan("b", keys="k")])),
        "the API key 'k' is in the plans 'a' and 'b' of 'public'",
    ),
    "nothing to validate": (
        lambda: with_route(rest(), validate=True),
        "the route 'GET /x' of 'public' is to validate a body, and its handler asks for none",
    ),
    "requires": (
        lambda: with_route(rest(), requires="page"),
        "requires of the route 'GET /x' is ('page',)",
    ),
    "response": (
        lambda: with_route(rest(responses={"TEAPOT": lakon.GatewayResponse(418)})),
        "'public' has a gateway response 'TEAPOT'",
    ),
    "select": (lambda: selected("$body"), "select of 'public' is '$body'"),
    "subnets": (lambda: with_route(balancer(subnets="subnet-1")), "subnets of 'public' is ('subnet-1',)"),
    "listener": (lambda: rules(balancer(listener="main", subnets=()), priority=1), "listener of 'public' is 'main'"),
    "listener and subnets": (
        lambda: rules(balancer(listener=LISTENER), priority=1),
        "'public' has a listener that exists, and subnets",
    ),
    "unnumbered": (
        lambda: rules(balancer(listener=LISTENER, subnets=())),
        "a rule of 'public' has no priority, on a listener that others use, too",
    ),
    "priority": (lambda: rules(priority=0), "the priority of a rule of 'public' is 0"),
    "conditions": (lambda: rules(paths=list("abcdef")), "a rule of 'public' has 6 values in its conditions"),
    "no condition": (lambda: rules(paths=()), "a rule of 'public' has 0 values in its conditions"),
    "addresses": (lambda: rules(addresses="192.0.2.1"), "addresses of a rule of 'public' is ('192.0.2.1',)"),
    "site without a bucket name": (lambda: site(name="Site!"), "a site is named 'Site!'"),
    "site of no API": (
        lambda: site(api="public"),
        "the site 'site' uses 'public', which is no API of the service 'shop'",
    ),
    "site index": (lambda: site(index="/index.html"), "index of the site 'site' is '/index.html'"),
    "site without a certificate": (
        lambda: site(cdn=False, domain=lakon.Domain("shop.example", zone=ZONE)),
        "the site 'site' has a domain, and no cdn",
    ),
    "site domain path": (
        lambda: site(domain=lakon.Domain("shop.example", zone=ZONE, path="x")),
        "the domain of 'site' has a path, or only=True",
    ),
    "site manifest": (
        lambda: site(manifest={"x": {1}}),
        "the manifest of 'site' has {1}, which is not JSON",
    ),
}


def nameless():
    service = lakon.Service("shop")
    service.http_api("public").get("/x")(answer)
    return service


def guarded_socket():
    service, api = socket(auth=lakon.iam())
    api.default(answer)
    return service


def selected(select):
    service, api = socket(select=select)
    api.default(answer)
    return service


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_told(name):
    make, told = WRONG[name]
    assert only(make()) == told


def test_a_mistake_is_told_where_it_was_made():
    service, api = http()
    line = sys._getframe().f_lineno + 1
    api.get("x")(answer)
    with pytest.raises(ProgramError) as raised:
        synthesize(service, stage="dev", root=ROOT)
    assert raised.value.mistakes[0].where == f"test_http_mistakes.py:{line}"

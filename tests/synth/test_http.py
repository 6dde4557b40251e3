"""Front doors in the template: names that hold, permissions that are narrow, deployments when something changed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, NotRequired, TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lakon
from lakon.synth.load_balancer import rules
from lakon.synth.routing import pattern, words
from lakon.synth.schemas import body_schema
from lakon.synth.sites import router
from lakon.synth.synthesis import synthesize

ROOT = __file__.rpartition("/")[0]

PARTS = st.sampled_from(["a", "by", "all", "A", "bya", "alla", "b-c", "bc", "{a}", "{A}", "{a+}", "{b-c}", ""])
PATHS = st.lists(PARTS, max_size=4).map(lambda parts: "/" + "/".join(parts))


def answer(request: object) -> None:
    """Answer nothing."""


def handler(event: object, context: object) -> None:
    """Do nothing."""


def template(service: lakon.Service) -> Any:
    return json.loads(synthesize(service, stage="dev", root=ROOT).text)


def of_type(service: lakon.Service, kind: str) -> dict[str, Any]:
    return {name: each for name, each in template(service)["Resources"].items() if each["Type"] == kind}


@given(PATHS, PATHS)
def test_two_paths_have_two_names(one: str, other: str) -> None:
    assert (words(one) == words(other)) == (one == other)


@pytest.mark.parametrize(
    ("path", "name"),
    [("/", ""), ("/photos", "Photos"), ("/photos/{key}", "PhotosByKey"), ("/{proxy+}", "AllProxy"), ("/v1/a", "V1A")],
)
def test_plain_paths_have_plain_names(path: str, name: str) -> None:
    assert words(path) == name


@pytest.mark.parametrize(
    ("routes", "source"),
    [
        ([("GET", "/photos/{key}")], "GET/photos/*"),
        ([("GET", "/photos"), ("GET", "/photos/{key}")], "GET/photos*"),
        ([("GET", "/photos"), ("POST", "/photos")], "*/photos"),
        ([("ANY", "/")], "*/"),
        ([("GET", "/a"), ("GET", "/b")], "GET/*"),
        ([("ANY", "/"), ("ANY", "/{proxy+}")], "*/*"),
    ],
)
def test_a_permission_is_as_narrow_as_the_routes(routes: list[tuple[str, str]], source: str) -> None:
    assert pattern(routes) == source


def orders(*paths: str, **options: Any) -> lakon.Service:
    service = lakon.Service("shop")
    api = service.rest_api("orders")
    service.function(name="stamp", on=[api.get(path, **options) for path in paths])(handler)
    return service


def deployment(service: lakon.Service) -> str:
    [name] = of_type(service, "AWS::ApiGateway::Deployment")
    return name


def test_what_changes_a_rest_api_makes_a_deployment() -> None:
    assert deployment(orders("/a")) == deployment(orders("/a"))
    different = [orders("/a"), orders("/b"), orders("/a", "/b"), orders("/a", requires="query.x")]
    assert len({deployment(each) for each in different}) == len(different)


def test_what_changes_a_stage_alone_makes_none() -> None:
    assert deployment(orders("/a")) == deployment(orders("/a", throttle=lakon.Throttle(rate=1, burst=1)))


def test_a_function_has_one_integration_and_one_permission_however_many_routes() -> None:
    service = lakon.Service("shop")
    api = service.http_api("public")
    service.function(name="stamp", on=[api.get(f"/x{number}") for number in range(100)])(handler)
    assert len(of_type(service, "AWS::ApiGatewayV2::Route")) == 100
    assert len(of_type(service, "AWS::ApiGatewayV2::Integration")) == 1
    assert len(of_type(service, "AWS::Lambda::Permission")) == 1


def test_rules_of_routes_keep_their_numbers_when_others_come() -> None:
    def numbers(*keys: tuple[str, str]) -> dict[tuple[str, str], int]:
        service = lakon.Service("shop")
        balancer = service.load_balancer("edge", subnets=["subnet-1", "subnet-2"])
        service.function(name="stamp", on=[balancer.route(*key) for key in keys])(handler)
        return dict(zip(keys, [rule.priority for rule in rules(service, balancer)], strict=True))

    few = numbers(("GET", "/{a}"), ("GET", "/x"))
    keys = ("GET", "/x"), ("ANY", "/x"), ("GET", "/x/{a}"), ("GET", "/{a}"), ("ANY", "/{a}"), ("ANY", "/{a+}")
    many = numbers(*keys)
    assert few.items() <= many.items()
    by_number = sorted(many, key=many.__getitem__)
    assert [key for key in by_number if key[1] in ("/x", "/{a}", "/{a+}")] == [
        ("GET", "/x"),
        ("ANY", "/x"),
        ("GET", "/{a}"),
        ("ANY", "/{a}"),
        ("ANY", "/{a+}"),
    ]


def test_a_handler_tells_api_gateway_who_may_call() -> None:
    service = lakon.Service("shop")
    service.authorizer(ttl=0)(answer)
    api = service.http_api("public", auth=answer)
    service.function(name="stamp", on=[api.get("/closed"), api.get("/open", auth=None)])(handler)
    routes = of_type(service, "AWS::ApiGatewayV2::Route")
    assert {each["Properties"]["RouteKey"]: each["Properties"]["AuthorizationType"] for each in routes.values()} == {
        "GET /closed": "CUSTOM",
        "GET /open": "NONE",
    }
    [authorizer] = of_type(service, "AWS::ApiGatewayV2::Authorizer").values()
    assert authorizer["Properties"]["AuthorizerResultTtlInSeconds"] == 0


def test_one_authorizer_serves_routes_with_different_scopes() -> None:
    service = lakon.Service("shop")
    api = service.http_api("public", auth=lakon.jwt("https://login.example", "shop", scopes="read"))
    write = lakon.jwt("https://login.example", "shop")
    service.function(name="stamp", on=[api.get("/x"), api.post("/x", auth=write, scopes="write")])(handler)
    assert len(of_type(service, "AWS::ApiGatewayV2::Authorizer")) == 1
    routes = of_type(service, "AWS::ApiGatewayV2::Route").values()
    assert [each["Properties"]["AuthorizationScopes"] for each in routes] == [["read"], ["write"]]


def test_the_address_of_an_api_stands_in_the_environment_of_its_own_functions() -> None:
    """An API does not need its functions: there is no circle."""
    service = lakon.Service("shop")
    for api in (service.http_api("new"), service.rest_api("old")):
        service.function(name=f"{api.id}-stamp", on=api.get("/x"), env={"URL": api.url}, uses=[api.call])(handler)
    chat = service.websocket_api("chat")
    service.function(name="chatter", on=chat.default, uses=[chat.manage])(handler)
    functions = of_type(service, "AWS::Lambda::Function")
    assert set(functions["ChatterFunction"]["Properties"]["Environment"]["Variables"]) == {
        "CHAT_WEBSOCKET_API_URL",
        "CHAT_WEBSOCKET_API_ENDPOINT",
    }


def test_a_public_url_needs_two_permissions() -> None:
    service = lakon.Service("shop")
    service.function(name="stamp", url=lakon.Url(auth="public"))(handler)
    said = [each["Properties"] for each in of_type(service, "AWS::Lambda::Permission").values()]
    assert sorted(each["Action"] for each in said) == ["lambda:InvokeFunction", "lambda:InvokeFunctionUrl"]


def test_who_may_call_a_url_may_not_invoke_its_function_otherwise() -> None:
    service = lakon.Service("shop")
    hook = service.function_url("hook")
    sys.modules[__name__].__dict__["hook"] = hook
    hook.get("/")(answer)
    service.function(name="stamp", uses=[hook.call])(handler)
    statements = of_type(service, "AWS::IAM::Role")["StampRole"]["Properties"]["Policies"][0]["PolicyDocument"][
        "Statement"
    ]
    [invoke] = [each for each in statements if each["Action"] == "lambda:InvokeFunction"]
    assert invoke["Condition"] == {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}


class Colour(Enum):
    """A colour."""

    RED = "red"


class Address(TypedDict):
    """Where."""

    street: str
    floor: NotRequired[int]


@dataclass
class Order:
    """What is ordered."""

    what: str
    to: Address
    colour: Colour = Colour.RED
    size: Literal["s", "l"] | None = None
    tags: list[str] = field(default_factory=list)
    parts: list[Order] = field(default_factory=list)
    extra: dict[str, float] = field(default_factory=dict)


def order(body: Order) -> None:
    """Take an order."""


def test_the_schema_of_a_body() -> None:
    route = lakon.Service("shop").rest_api("orders").post("/orders")
    route(order)
    assert body_schema(route) == {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "type": "object",
        "properties": {
            "what": {"type": "string"},
            "to": {
                "type": "object",
                "properties": {"street": {"type": "string"}, "floor": {"type": "integer"}},
                "required": ["street"],
            },
            "colour": {"enum": ["red"]},
            "size": {"anyOf": [{"enum": ["s", "l"]}, {"type": "null"}]},
            "tags": {"type": "array", "items": {"type": "string"}},
            "parts": {"type": "array", "items": {}},
            "extra": {"type": "object", "additionalProperties": {"type": "number"}},
        },
        "required": ["what", "to"],
    }


def test_the_schema_of_a_pydantic_model() -> None:
    pydantic = pytest.importorskip("pydantic")
    model = pydantic.create_model(
        "Bid", price=(float, pydantic.Field(gt=0)), to=(pydantic.create_model("To", x=(int, ...)), ...)
    )

    def bid(body: Any) -> None:
        """Take a bid."""

    bid.__annotations__["body"] = model
    route = lakon.Service("shop").rest_api("orders").post("/bids")
    route(bid)
    schema: Any = body_schema(route)
    assert schema["properties"]["price"] == {"title": "Price", "type": "number", "minimum": 0, "exclusiveMinimum": True}
    assert schema["properties"]["to"] == {"$ref": "#/definitions/To"}
    assert set(schema["definitions"]) == {"To"}


@pytest.mark.skipif(shutil.which("node") is None, reason="runs CloudFront's function with Node.js, which is not here")
@pytest.mark.parametrize(
    ("clean", "found"),
    [
        (True, ["/index.html", "/docs/index.html", "/about.html", "/a.css", "/docs/v1.2"]),
        (False, ["/index.html", "/docs/index.html", "/about", "/a.css", "/docs/v1.2"]),
    ],
)
def test_the_files_that_paths_lead_to(clean: bool, found: list[str]) -> None:
    site = lakon.Service("web").site("./public", clean_urls=clean)
    asked = ["/", "/docs/", "/about", "/a.css", "/docs/v1.2"]
    script = f"{router(site)}; console.log(JSON.stringify({asked}.map(uri => handler({{request: {{uri}}}}).uri)))"
    done = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == found

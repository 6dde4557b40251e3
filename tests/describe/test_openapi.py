"""OpenAPI documents: of routes, types, authorizers and mounted applications; judged by OpenAPI's own schema rules."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs, allow-untyped-decorators

import dataclasses
import datetime
import enum
import json
import typing

import fastapi
import msgspec
import pydantic
import pytest

import lakon
from lakon.describe.openapi import openapi
from lakon.exceptions import ProgramError


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class Photo:
    """A photo of the album."""

    name: str
    colour: Colour = Colour.RED
    taken: datetime.datetime | None = None
    tags: list[str] = dataclasses.field(default_factory=list)
    parents: "dict[str, Photo]" = dataclasses.field(default_factory=dict)


class Order(typing.TypedDict):
    item: str
    count: typing.NotRequired[int]


class Point(msgspec.Struct, rename="camel"):
    far_left: int
    up: int = 0


class Inner(pydantic.BaseModel):
    age: int


class Model(pydantic.BaseModel):
    inner: Inner


@pytest.fixture
def service():
    return lakon.Service("shop", description="Sells photos")


def told(service, api, **options):
    document = openapi(service, api, root="/", **{"version": "1", "server": None, **options})
    assert json.loads(json.dumps(document)) == document
    references = set(_references(document))
    assert references <= {f"#/components/schemas/{name}" for name in document.get("components", {}).get("schemas", {})}
    return document


def _references(value):
    if isinstance(value, dict):
        yield from [value["$ref"]] if "$ref" in value else []
        yield from [each for item in value.values() for each in _references(item)]
    elif isinstance(value, list):
        yield from [each for item in value for each in _references(item)]


def test_a_route_with_all_it_has(service):
    api = service.http_api("public")

    @api.post("/albums/{album}/photos", status=201)
    def add(album: int, photo: Photo, dry: bool = False, since: datetime.date | None = None) -> Photo:
        """Add a photo.

        It is kept for ever.
        """
        return photo

    document = told(service, api)
    assert (document["openapi"], document["info"]) == (
        "3.1.0",
        {"title": "shop", "version": "1", "description": "Sells photos"},
    )
    operation = document["paths"]["/albums/{album}/photos"]["post"]
    assert (operation["operationId"], operation["summary"]) == ("add", "Add a photo.")
    assert operation["description"] == "It is kept for ever."
    assert operation["parameters"] == [
        {"name": "album", "in": "path", "schema": {"type": "integer"}, "required": True},
        {"name": "dry", "in": "query", "schema": {"type": "boolean", "default": False}},
        {
            "name": "since",
            "in": "query",
            "schema": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
        },
    ]
    photo = {"$ref": "#/components/schemas/Photo"}
    assert operation["requestBody"] == {"content": {"application/json": {"schema": photo}}, "required": True}
    assert operation["responses"]["201"]["content"] == {"application/json": {"schema": photo}}
    assert "422" in operation["responses"]
    schemas = document["components"]["schemas"]
    assert sorted(schemas) == ["Colour", "Photo", "Problem"]
    assert schemas["Photo"]["required"] == ["name"] and schemas["Photo"]["description"] == "A photo of the album."
    assert schemas["Photo"]["properties"]["parents"] == {"type": "object", "additionalProperties": photo}
    assert schemas["Photo"]["properties"]["colour"] == {"$ref": "#/components/schemas/Colour"}


def test_models_of_every_make(service):
    api = service.http_api("public")

    def take(kind):
        def handler(thing):
            return thing

        handler.__annotations__ = {"thing": kind, "return": list.__class_getitem__(kind)}
        return handler

    kinds = {"order": Order, "point": Point, "model": Model, "pair": tuple[int, str], "either": Point | Order}
    for name, kind in kinds.items():
        api.post(f"/{name}")(take(kind))
    document = told(service, api)
    schemas = document["components"]["schemas"]
    assert schemas["Order"]["required"] == ["item"]
    assert schemas["Point"]["properties"]["farLeft"] == {"type": "integer"}
    assert schemas["Model"]["properties"]["inner"] == {"$ref": "#/components/schemas/Inner"}
    ids = [item["post"]["operationId"] for item in document["paths"].values()]
    assert len(set(ids)) == len(ids)


def test_any_greedy_and_handlers_that_take_the_request(service):
    api = service.function_url("public", auth="public")
    api.any("/files/{name+}")(lambda request: None)

    @api.get("/text")
    def text(request) -> str:
        return "x"

    @api.delete("/none")
    def none(request) -> None:
        pass

    @api.put("/raw")
    def raw(body: bytes) -> bytes:
        return body

    document = told(service, api)
    assert sorted(document["paths"]["/files/{name}"]) == sorted(
        ["get", "put", "post", "delete", "options", "head", "patch"]
    )
    assert document["paths"]["/text"]["get"]["responses"]["200"]["content"] == {
        "text/plain": {"schema": {"type": "string"}}
    }
    assert list(document["paths"]["/none"]["delete"]["responses"]) == ["204"]
    assert "application/octet-stream" in document["paths"]["/raw"]["put"]["requestBody"]["content"]


def test_functions_of_their_own(service):
    api = service.rest_api("public")

    @service.function(on=api.get("/report/{year}"))
    @lakon.http
    def report(year: int) -> Order:
        """Report."""
        raise NotImplementedError

    @service.function(on=api.get("/plain/{x}"))
    def plain(event, context):
        """Plain."""

    service.go_function("fast", source="fast", on=api.post("/fast"))
    paths = told(service, api)["paths"]
    assert paths["/report/{year}"]["get"]["parameters"][0]["schema"] == {"type": "integer"}
    assert paths["/plain/{x}"]["get"]["parameters"] == [
        {"name": "x", "in": "path", "required": True, "schema": {"type": "string"}}
    ]
    assert paths["/plain/{x}"]["get"]["summary"] == "Plain."
    assert paths["/fast"]["post"]["operationId"] == "post_fast"


def test_who_may_call(service):
    @service.authorizer(identity="query.key")
    def check(request):
        return True

    api = service.http_api("public", auth=lakon.jwt("https://id.example/", "shop", scopes="read"))
    rest = service.rest_api("old", auth=check)
    api.get("/a")(lambda request: None)
    api.get("/b", auth=None)(lambda request: None)
    api.get("/c", scopes="write")(lambda request: None)
    api.get("/d", auth=lakon.iam())(lambda request: None)
    rest.get("/e", api_key=True)(lambda request: None)
    rest.get("/f", auth=lakon.cognito("arn:aws:cognito-idp:eu-west-1:111122223333:userpool/x"))(lambda request: None)
    document = told(service, api)
    needs = {path: item["get"].get("security") for path, item in document["paths"].items()}
    assert needs == {"/a": [{"jwt": ["read"]}], "/b": None, "/c": [{"jwt": ["write"]}], "/d": [{"iam": []}]}
    address = "https://id.example/.well-known/openid-configuration"
    assert document["components"]["securitySchemes"]["jwt"] == {"type": "openIdConnect", "openIdConnectUrl": address}
    document = told(service, rest)
    assert document["paths"]["/e"]["get"]["security"] == [{"check": [], "api_key": []}]
    assert document["components"]["securitySchemes"]["check"] == {"type": "apiKey", "in": "query", "name": "key"}
    url = service.function_url("url")
    url.get("/")(lambda request: None)
    assert told(service, url)["paths"]["/"]["get"]["security"] == [{"iam": []}]


def test_mounted_applications_tell_of_themselves(service):
    app = fastapi.FastAPI()

    @app.get("/items/{number}")
    def item(number: int):
        return {}

    api = service.http_api("public")
    api.mount(app, path="/shop")
    api.mount(lambda environ, start: [], path="/old")
    assert list(told(service, api)["paths"]) == ["/shop/items/{number}"]


def test_addresses(service):
    api = service.http_api("public", domain=lakon.Domain("api.shop.example", path="v1"))
    assert told(service, api)["servers"] == [{"url": "https://api.shop.example/v1"}]
    assert told(service, api, server="http://127.0.0.1:3000")["servers"] == [{"url": "http://127.0.0.1:3000"}]


def test_a_parameter_from_nowhere_is_told_with_its_place(service):
    api = service.http_api("public")
    api.get("/a")(lambda x, y: None)
    with pytest.raises(ProgramError, match="'x', which is not in its path"):
        told(service, api)

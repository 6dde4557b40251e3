"""Types whose annotations are texts, as `from __future__ import annotations` makes them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Annotated, NotRequired, Required, TypedDict
from uuid import UUID  # noqa: TC003 - it is looked up when a request comes

import pytest

import lakon
from lakon.describe.openapi import openapi
from lakon.runtime.http.validation import fields_of
from lakon.synth.schemas import body_schema

from .doors import Asked, http_api, seen


class Item(TypedDict):
    name: str
    note: NotRequired[str]
    size: Annotated[NotRequired[int], "centimetres"]


class Part(TypedDict, total=False):
    id: Required[UUID]
    tag: str


class Whole(Part):
    of: str


@dataclass
class Line:
    sku: UUID
    count: int = 1
    tags: list[str] = field(default_factory=list)
    hidden: int = field(init=False, default=0)


@pytest.mark.parametrize(("kind", "needed"), [(Item, ["name"]), (Part, ["id"]), (Whole, ["id", "of"]), (Line, ["sku"])])
def test_what_must_be_there_is_the_same_wherever_it_is_asked(kind: type, needed: list[str]) -> None:
    assert [name for name, _, must in fields_of(kind) if must] == needed
    service = lakon.Service("shop")
    api = service.http_api("public")

    def take(body: object) -> object:
        return body

    take.__annotations__ = {"body": kind}
    route = api.post("/")
    route(take)
    refused = seen(api(http_api(Asked("POST", body=b"{}")), None))
    assert [each["field"] for each in json.loads(refused.body)["errors"]] == needed
    assert (body_schema(route) or {})["required"] == needed
    document = openapi(service, api, root="", version="1", server=None)
    assert document["components"]["schemas"][kind.__name__]["required"] == needed

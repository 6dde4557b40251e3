"""What handlers of routes may ask for, found before their first request."""

# mypy: allow-untyped-defs, allow-untyped-calls

import functools
from collections.abc import Callable

import pytest

import lakon
from lakon.describe.openapi import openapi

from .declaring import ROOT, http, mistakes, only, rest


def test_an_asynchronous_handler_is_right():
    async def later(request):
        """Answer later."""

    service, api = http()
    api.get("/x")(later)
    assert mistakes(service) == []


class Thing:
    """Nothing that JSON could be made into."""


def nowhere(x, y):
    """Ask for what is not in the path."""


def unmakeable(thing: Thing) -> None:
    """Ask for an object of a class of one's own."""


def unknown(thing: "list[Nowhere]") -> None:  # type: ignore[name-defined]  # noqa: F821 - that is the mistake
    """Ask for what has no name."""


@pytest.mark.parametrize("handler", [nowhere, unmakeable, unknown])
def test_a_handler_that_asks_for_what_no_request_has(handler):
    service, api = http()
    api.post("/a/{x}")(handler)
    assert only(service) == "the handler of the route 'POST /a/{x}' of 'public' asks for what no request has"
    other, door = rest(validate=True)
    other.function(name="own", on=door.post("/a/{x}"))(lakon.http(handler))
    assert "asks for what no request has" in only(other)


def logged(call: Callable[..., object]) -> Callable[..., object]:
    """Wrap a handler, as the decorators of AWS's own library for Lambda do."""

    @functools.wraps(call)
    def wrapper(*arguments):
        return call(*arguments)

    return wrapper


@logged
def plain(event, context):
    """Take an event."""


@logged
@lakon.http
def asking(number: int) -> "Later":  # type: ignore[name-defined]  # noqa: F821 - that is the mistake
    """Take a request."""


def test_decorators_around_a_handler_are_seen_through():
    service, api = http()
    service.function(on=api.get("/plain"))(plain)
    service.function(on=api.get("/asking/{number}"))(asking)
    assert mistakes(service) == []
    document = openapi(service, api, root=ROOT, version="1", server=None)
    assert "parameters" not in document["paths"]["/plain"]["get"]
    [number] = document["paths"]["/asking/{number}"]["get"]["parameters"]
    assert number["schema"] == {"type": "integer"}

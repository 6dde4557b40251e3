"""The same request through every front door is the same to a handler, and its answer the same to the client."""

# mypy: allow-untyped-defs, allow-untyped-calls

import string
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lakon

from .doors import DOORS, Asked, seen

SURROGATES: tuple[Literal["Cs"]] = ("Cs",)

TOKEN = st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=8)
WORD = st.text(st.characters(min_codepoint=1, max_codepoint=0x2FFF, exclude_categories=SURROGATES), max_size=8)
PART = st.text(
    st.characters(
        min_codepoint=33, max_codepoint=0x2FFF, exclude_categories=("Cs", "Cc", "Z"), exclude_characters="/{}"
    ),
    min_size=1,
    max_size=6,
).filter(lambda part: part not in (".", ".."))
VALUE = st.text(string.ascii_letters + string.digits + " /;=.'\"", max_size=10).map(str.strip)
OWN = TOKEN.map(lambda name: f"x-{name}".lower())

ASKED = st.builds(
    Asked,
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"]),
    template=st.just("/things/{name}/{rest+}"),
    parameters=st.fixed_dictionaries({"name": PART, "rest": st.lists(PART, min_size=1, max_size=3).map("/".join)}),
    query=st.lists(st.tuples(WORD.filter(bool), WORD), max_size=4),
    headers=st.lists(st.tuples(OWN, VALUE), max_size=4),
    cookies=st.lists(st.tuples(TOKEN, TOKEN), max_size=3),
    body=st.one_of(
        st.binary(max_size=30), st.text(st.characters(exclude_categories=SURROGATES), max_size=20).map(str.encode)
    ),
)

ANSWER = st.builds(
    lambda body, status, headers, cookies: (body, status, headers, cookies),
    st.one_of(st.binary(max_size=30), st.text(max_size=20), st.dictionaries(TOKEN, st.integers()), st.none()),
    st.integers(200, 599),
    st.dictionaries(OWN, st.one_of(TOKEN, st.lists(TOKEN, min_size=1, max_size=3)), max_size=4),
    st.lists(TOKEN.map(lambda name: f"{name}=1; Path=/"), max_size=3),
)


def service_with(handler):
    """One handler behind every front door."""
    service = lakon.Service("same")
    apis = {
        "http_api": service.http_api("v2"),
        "rest_api": service.rest_api("v1"),
        "function_url": service.function_url("url"),
        "balancer": service.load_balancer("elb"),
    }
    for api in apis.values():
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            api.route(method, "/things/{name}/{rest+}")(handler)
    return apis


def picture(request):
    """All that a handler can know of a request."""
    return {
        "method": request.method,
        "path": request.path,
        "url_path": request.url_path,
        "query": request.query.items(),
        "headers": {name: value for name, value in request.headers.items() if name != "x-forwarded-for"},
        "cookies": request.cookies,
        "body": request.body,
        "client": request.client,
        "host": request.host,
        "scheme": request.scheme,
    }


def grouped(pairs):
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return [(name, value) for name, group in values.items() for value in group]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ASKED)
def test_a_request_is_the_same_through_every_door(asked):
    pictures: dict[str, Any] = {}
    door = ""
    apis = service_with(lambda request: pictures.setdefault(door, picture(request)) and None)
    for door, event in DOORS.items():
        assert apis[door](event(asked), None)["statusCode"] == 204
    first = pictures["http_api"]
    assert all(other == first for other in pictures.values())
    assert first["path"] == asked.parameters
    assert first["query"] == grouped(asked.query)
    assert first["body"] == asked.body
    assert first["client"] == asked.client
    for name, values in {name: [v for n, v in asked.headers if n == name] for name, _ in asked.headers}.items():
        assert first["headers"][name] == ",".join(values)
    assert first["cookies"] == dict(reversed(asked.cookies))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ANSWER)
def test_an_answer_is_the_same_through_every_door(answer):
    body, status, headers, cookies = answer
    apis = service_with(lambda request: lakon.Response(body, status, headers=headers, cookies=cookies))
    asked = Asked(template="/things/{name}/{rest+}", parameters={"name": "a", "rest": "b"})
    answers = {door: seen(apis[door](event(asked), None)) for door, event in DOORS.items()}
    first = answers["http_api"]
    assert all(other == first for other in answers.values())
    assert (first.status, sorted(first.cookies)) == (status, sorted(cookies))
    if isinstance(body, bytes):
        assert first.body == body


@pytest.mark.parametrize("door", DOORS)
def test_many_cookies_come_back_through_every_door(door):
    def handler(request):
        response = lakon.Response({"ok": True})
        response.set_cookie("a", "1", max_age=60)
        response.set_cookie("b", "2", same_site=None, http_only=False, secure=False)
        return response

    asked = Asked(template="/things/{name}/{rest+}", parameters={"name": "a", "rest": "b"})
    got = seen(service_with(handler)[door](DOORS[door](asked), None))
    assert got.cookies == ["a=1; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax", "b=2; Path=/"]

"""Which route takes a request, through every front door."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs, allow-untyped-decorators

import pytest

import lakon

from .doors import DOORS, Asked, function_url, http_api, seen


@pytest.fixture
def everywhere():
    """The same routes behind every front door."""
    service = lakon.Service("shop")
    apis = {
        "http_api": service.http_api("v2"),
        "rest_api": service.rest_api("v1"),
        "function_url": service.function_url("url"),
        "balancer": service.load_balancer("elb"),
    }
    for api in apis.values():
        api.get("/a/{x}")(lambda request: {"x": request.path["x"]})
        api.get("/a/fixed")(lambda request: "fixed")
        api.any("/a/{x}/more")(lambda request: f"any {request.method}")
        api.delete("/a/{x}/more")(lambda request: "deleted")
        api.get("/files/{name+}")(lambda request: request.path["name"])
        api.get("/files/{name}/meta")(lambda request: f"meta of {request.path['name']}")
    return apis


@pytest.mark.parametrize("door", DOORS)
def test_the_most_exact_route_answers(everywhere, door):
    def get(method, template, **parameters):
        asked = Asked(method, template, parameters)
        return seen(everywhere[door](DOORS[door](asked), None))

    assert get("GET", "/a/{x}", x="1").body == b'{"x":"1"}'
    assert get("GET", "/a/fixed").body == b"fixed"
    assert get("DELETE", "/a/{x}/more", x="1").body == b"deleted"
    assert get("GET", "/files/{name+}", name="a/b c/é").body == "a/b c/é".encode()
    assert get("GET", "/files/{name}/meta", name="a").body == b"meta of a"
    event = DOORS[door](Asked("PUT", "/a/{x}/more", {"x": "1"}))
    if door == "http_api":
        event["routeKey"] = "ANY /a/{x}/more"
    assert seen(everywhere[door](event, None)).body == b"any PUT"


@pytest.mark.parametrize("door", ["function_url", "balancer"])
def test_paths_and_methods_that_are_not_there(everywhere, door):
    def status(method, path):
        return seen(everywhere[door](DOORS[door](Asked(method, path)), None))

    assert status("GET", "/nowhere").status == 404
    assert status("GET", "/a/").status == 404
    refused = status("POST", "/a/1")
    assert (refused.status, refused.headers["allow"]) == (405, "GET")
    assert status("HEAD", "/a/1").status == 200
    assert status("GET", "/a/%7Bx%7D").status == 200


def test_head_falls_to_get(everywhere):
    for door in DOORS:
        event = DOORS[door](Asked("HEAD", "/a/{x}", {"x": "1"}))
        got = seen(everywhere[door](event, None))
        assert (got.status, got.body, got.headers["content-type"]) == (200, b"", "application/json")


def test_the_default_route_is_searched(everywhere):
    event = http_api(Asked("GET", "/a/{x}", {"x": "a b"}), key="$default")
    del event["pathParameters"]
    assert seen(everywhere["http_api"](event, None)).body == b'{"x":"a b"}'


def test_an_event_that_is_no_request_is_refused(api):
    with pytest.raises(ValueError, match="no HTTP request"):
        api({"Records": []}, None)


def test_a_function_url_decodes_the_path_and_an_http_api_does_not_twice(api):
    api.get("/{x}")(lambda request: request.path["x"])
    assert seen(api(http_api(Asked("GET", "/{x}", {"x": "50%25"})), None)).body == b"50%25"
    url = lakon.Service("shop").function_url("url")
    url.get("/{x}")(lambda request: request.path["x"])
    assert seen(url(function_url(Asked("GET", "/{x}", {"x": "50%25"})), None)).body == b"50%25"

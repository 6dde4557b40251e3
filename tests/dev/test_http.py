"""`lakon dev` with front doors: their addresses, and what becomes of them as files are saved."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import CompletedProcess

    from .conftest import Dev

PROGRAM = f"""
import lakon

service = lakon.Service("live", python="{sys.version_info[0]}.{sys.version_info[1]}")
api = service.http_api("public")
old = service.rest_api("old")
site = service.site("public", api=[api, old])


@api.get("/hello")
def hello(request):
    return {{"says": "v1"}}


@service.function(on=old.get("/where"), uses=api.call)
@lakon.http
def where(request):
    return {{"api": api.url}}


@service.function(url=lakon.Url(auth="public"))
def direct(event, context):
    return {{"direct": True}}
"""


@pytest.fixture
def program(project: Path) -> Path:
    (project / "app.py").write_text(PROGRAM)
    (project / "public").mkdir()
    (project / "public" / "index.html").write_text("home")
    return project


def get(address: str) -> Any:
    with urlopen(address) as answer:
        body = answer.read()
        return json.loads(body) if answer.headers["content-type"].startswith("application/json") else body.decode()


def addresses(ready: dict[str, Any]) -> dict[str, str]:
    return {front["name"]: front["url"] for front in ready["fronts"]}


def test_front_doors_follow_what_is_saved(program: Path, dev: Callable[..., Dev]) -> None:
    running = dev()
    ready = running.until("ready")
    urls = addresses(ready)
    assert [(front["name"], front["kind"]) for front in ready["fronts"]] == [
        ("public", "http_api"),
        ("old", "rest_api"),
        ("direct", "function_url"),
        ("site", "site"),
    ]
    assert get(f"{urls['public']}/hello") == {"says": "v1"}
    assert get(f"{urls['old']}/where") == {"api": urls["public"]}  # as its environment tells the function
    assert get(urls["direct"]) == {"direct": True}
    assert get(f"{urls['site']}/manifest.json") == {"apis": {"old": urls["old"], "public": urls["public"]}}
    assert get(f"{urls['public']}/_lakon/openapi.json")["paths"].keys() == {"/hello"}

    running.edit('"v1"', '"v2"')  # code alone
    running.until("reloaded")
    assert get(f"{urls['public']}/hello") == {"says": "v2"}

    running.edit('@api.get("/hello")', '@api.get("/bye")')  # the API itself
    assert addresses(running.until("ready")) == urls
    assert get(f"{urls['public']}/bye") == {"says": "v2"}
    with pytest.raises(HTTPError) as gone:
        get(f"{urls['public']}/hello")
    with gone.value:
        assert gone.value.code == 404

    (program / "public" / "index.html").write_text("news")
    running.until("reloaded")
    assert get(urls["site"]).startswith("news")
    assert running.end() == 0
    with pytest.raises(OSError, match="refused"):
        get(urls["public"])


def test_front_doors_have_the_same_addresses_again(
    program: Path, dev: Callable[..., Dev], lakon: Callable[..., CompletedProcess[str]]
) -> None:
    first = dev()
    urls = addresses(first.until("ready"))
    assert first.end() == 0
    second = dev("--keep")
    assert addresses(second.until("ready")) == urls
    assert second.end() == 0
    assert get(urls["direct"]) == {"direct": True}  # it was kept
    assert lakon("delete", "--local", "--yes").returncode == 0
    with pytest.raises(OSError, match="refused"):
        get(urls["direct"])


BALANCED = f"""
import lakon

service = lakon.Service("live", python="{sys.version_info[0]}.{sys.version_info[1]}")
listener = "arn:aws:elasticloadbalancing:us-east-1:111122223333:listener/app/main/0123456789abcdef/0123456789abcdef"
edge = service.load_balancer("edge", listener=listener)


@edge.get("/own/{{x}}")
def own(request):
    return "own " + request.path["x"]


@service.function(on=edge.rule(paths="/other/*", hosts="shop.example", priority=7))
@lakon.http
def other(request):
    return "other"
"""


def test_rules_for_a_listener_of_others_are_played(project: Path, dev: Callable[..., Dev]) -> None:
    (project / "app.py").write_text(BALANCED)
    running = dev()
    url = addresses(running.until("ready"))["edge"]
    assert get(f"{url}/own/a") == "own a"
    with urlopen(Request(f"{url}/other/b", headers={"Host": "shop.example"})) as answer:
        assert answer.read() == b"other"
    for address in (f"{url}/other/b", f"{url}/nowhere"):
        with pytest.raises(HTTPError) as gone:
            get(address)
        with gone.value:
            assert gone.value.code == 404
    assert running.end() == 0

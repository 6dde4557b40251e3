"""Sites; and doors as such: their ports, and that they come back."""

from __future__ import annotations

import http.client
import os
import socket
from typing import TYPE_CHECKING, Any

import pytest

from lakon.exceptions import LocalError
from lakon.local import daemon
from lakon.local.front.plan import Folder, Plan, from_json, to_json
from lakon.local.front.ports import assign
from lakon.report import Silent

from .fronts import Front, opened, plan

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lakon.local.daemon import Running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "index.html": "<body>home</body>",
        "about.html": "about",
        "404.html": "lost",
        "docs/index.html": "docs",
        "a b.js": "1",
        "drafts/x.html": "draft",
    }
    for name, text in files.items():
        path = tmp_path / "public" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "public" / "out.txt").symlink_to(tmp_path / "secret.txt")
    return tmp_path / "public"


def site(folder: Path, **more: Any) -> Plan:
    settings: dict[str, Any] = {
        "index": "index.html",
        "error": "404.html",
        "clean_urls": True,
        "single_page": False,
        "cache": {},
        "exclude": ("drafts/*",),
        "manifest": '{"apis": {"public": "http://127.0.0.1:1"}}',
    }
    return plan("site", folder=Folder(str(folder), **{**settings, **more}))


def test_files_are_those_of_the_bucket_with_its_headers(aws: Running, folder: Path) -> None:
    (folder / ".env").write_text("secret")
    (folder / ".well-known").mkdir()
    (folder / ".well-known" / "security.txt").write_text("contact")
    (folder / "deep").mkdir()
    for name in ("deep/x.map", "a.svg", "app-0a1b2c3d.js", "font.woff2"):
        (folder / name).write_text("x")
    told = {
        "/": ("text/html; charset=utf-8", "no-cache"),
        "/.well-known/security.txt": ("text/plain; charset=utf-8", "public, max-age=3600"),
        "/a.svg": ("image/svg+xml", "public, max-age=60"),
        "/app-0a1b2c3d.js": ("text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
        "/font.woff2": ("font/woff2", "public, max-age=3600"),
        "/manifest.json": ("application/json", "no-cache"),
    }
    wanted = {"cache": {"*.svg": "public, max-age=60"}, "exclude": ("*.map",)}
    with opened(aws, site(folder, **wanted)) as front:
        found = {path: front.get(path).headers for path in told}
        assert {path: (each["content-type"], each["cache-control"]) for path, each in found.items()} == told
        assert [front.get(path).status for path in ("/.env", "/deep/x.map")] == [404, 404]
    with opened(aws, site(folder, reload=True, **wanted)) as front:
        assert {front.get(path).headers["cache-control"] for path in told} == {"no-cache"}


def test_paths_become_files(aws: Running, folder: Path) -> None:
    with opened(aws, site(folder)) as front:
        found = {path: front.get(path) for path in ("/", "/about", "/about.html", "/docs/", "/a%20b.js")}
        lost = {path: front.get(path) for path in ("/docs", "/none", "/drafts/x", "/../secret.txt", "/out.txt", "/%00")}
        posted = front.ask("POST", "/", b"x")
        head = front.ask("HEAD", "/about")
        manifest = front.get("/manifest.json")
    assert [answer.body.decode() for answer in found.values()] == ["<body>home</body>", "about", "about", "docs", "1"]
    assert found["/"].headers["content-type"] == "text/html; charset=utf-8"
    assert found["/a%20b.js"].headers["content-type"].startswith("text/javascript")
    assert {(answer.status, answer.body) for answer in lost.values()} == {(404, b"lost")}
    assert posted.status == 403
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", "5")
    assert manifest.json == {"apis": {"public": "http://127.0.0.1:1"}}


def test_a_page_that_did_not_change_is_not_sent_again(aws: Running, folder: Path) -> None:
    with opened(aws, site(folder)) as front:
        tag = front.get("/about").headers["etag"]
        assert front.get("/about", if_none_match=tag).status == 304
        (folder / "about.html").write_text("news")
        assert front.get("/about", if_none_match=tag).body == b"news"


def test_a_single_page_answers_for_every_path(aws: Running, folder: Path) -> None:
    with opened(aws, site(folder, single_page=True)) as front:
        assert (front.get("/any/path").status, front.get("/any/path").body) == (200, b"<body>home</body>")
        assert front.get("/about.html").body == b"about"


def test_pages_load_again_when_they_are_saved(aws: Running, folder: Path) -> None:
    with opened(aws, site(folder, reload=True)) as front:
        assert b"EventSource" in front.get("/").body
        assert front.get("/").body.endswith(b"</body>")
        connection = http.client.HTTPConnection("127.0.0.1", front.plan.port, timeout=20)
        connection.request("GET", "/_lakon/reload")
        answer = connection.getresponse()
        assert answer.readline() == b": waiting\n"
        daemon.tell_saved(aws.folder, front.stack)
        assert answer.readline() == b"\n"
        assert answer.readline() == b"event: saved\n"
        connection.close()
        front.change(folder=site(folder).folder)
        assert b"EventSource" not in front.get("/").body


def test_a_port_that_is_taken_is_told(aws: Running, folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        wanted = Plan("site", "mine", taken.getsockname()[1], "a", "", "0", "eu-west-1", folder=site(folder).folder)
        with pytest.raises(LocalError, match=r"mine cannot be opened: port \d+"):
            daemon.open_doors(aws.folder, "taken", [wanted])


def test_a_door_that_is_closed_does_not_answer(aws: Running, folder: Path) -> None:
    with opened(aws, site(folder)) as front:
        assert front.get("/").status == 200
    with pytest.raises(ConnectionRefusedError):
        front.get("/")


def test_doors_come_back_with_what_the_emulator_keeps(
    folder: Path, environment_folder: Path, launcher: Sequence[str]
) -> None:
    daemon.ensure(environment_folder, launcher, Silent(), owner_pid=os.getpid())
    wanted = site(folder)
    try:
        daemon.open_doors(environment_folder, "stack", [wanted])
        assert daemon.had_doors(environment_folder, "stack")
        daemon.stop(environment_folder)
        with pytest.raises(ConnectionRefusedError):
            Front(wanted, environment_folder, "stack").get("/")
        daemon.ensure(environment_folder, launcher, Silent(), owner_pid=os.getpid())
        assert Front(wanted, environment_folder, "stack").get("/").status == 200
        daemon.open_doors(environment_folder, "stack", [])
        assert not daemon.had_doors(environment_folder, "stack")
    finally:
        daemon.stop(environment_folder)


def test_a_front_door_keeps_its_port(tmp_path: Path) -> None:
    first = assign(tmp_path, "stack", ["a", "b"], running=False)
    assert len(set(first.values())) == 2
    assert assign(tmp_path, "stack", ["b", "a"], running=False) == first
    other = assign(tmp_path, "other", ["a"], running=False)
    assert other["a"] not in first.values()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first["a"]))
        taken.listen()
        moved = assign(tmp_path, "stack", ["a", "b"], running=False)
        assert moved["a"] != first["a"]
        assert moved["b"] == first["b"]
        assert assign(tmp_path, "stack", ["a", "b"], running=True) == moved


def test_a_plan_survives_the_way_to_the_supervisor(tmp_path: Path) -> None:
    wanted = site(tmp_path)
    assert from_json(to_json(wanted)) == wanted

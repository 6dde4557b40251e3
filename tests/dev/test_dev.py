"""The service under `lakon dev`: up, reloaded, never stale, and gone at the end."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import boto3
import pytest

from lakon.local import daemon

from .conftest import PROGRAM, Dev, processes

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="process listings are read from /proc")

WAITER = (
    PROGRAM
    + """

@service.function(timeout=30)
def wait(event, context):
    import pathlib
    import time

    print("waiting")
    while not pathlib.Path(event).exists():
        time.sleep(0.02)
    return "v1"
"""
)


def call(dev: Dev, function: str = "greet", payload: object = None, *, qualifier: str = "$LATEST") -> object:
    """What the function answers now."""
    client = boto3.client(
        "lambda",
        endpoint_url=dev.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    event = json.dumps({} if payload is None else payload)
    answer = client.invoke(FunctionName=f"live-dev-{function}", Payload=event, Qualifier=qualifier)
    body = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, body
    return body


@needs_proc
def test_a_day_at_work(dev: Callable[..., Dev], project: Path) -> None:
    work = dev()
    ready = work.until("ready")
    assert [(each["name"], each["physical_name"]) for each in ready["functions"]] == [("greet", "live-dev-greet")]
    assert call(work, payload={"name": "Ada"}) == "v1"
    assert work.until("log", lambda event: "greeting" in event["message"])["group"] == "greet"

    work.edit("v1", "v2")
    reloaded = work.until("reloaded")
    assert (reloaded["functions"], reloaded["saved"]) == (["greet"], ["app.py"])
    assert call(work) == "v2"

    work.edit('return "v2"', 'return "v3')
    failed = work.until("failed")
    assert (failed["where"], "not Python" in failed["error"]) == ("app.py:10", True)
    assert call(work) == "v2"
    work.edit('return "v3', 'return "v2"')
    assert work.until("reloaded")["functions"] == []

    work.edit("@service.function", "@service.function(memory=64)")
    assert "the program has a mistake" in work.until("failed")["error"]
    assert call(work) == "v2"
    work.edit(
        "@service.function(memory=64)", 'photos = service.bucket("photos")\n\n\n@service.function(uses=photos.read)'
    )
    [photos] = work.until("ready")["resources"]
    assert (photos["name"], photos["kind"]) == ("photos", "bucket")
    assert photos["physical_id"].startswith("live-dev-photos-")
    assert call(work) == "v2"

    (project / "words").mkdir()
    (project / "words" / "__init__.py").write_text('WORD = "v4"\n')
    work.until("reloaded")
    work.edit('return "v2"', "from words import WORD\n    return WORD")
    work.until("reloaded")
    assert call(work) == "v4"
    (project / "words" / "__init__.py").write_text('WORD = "v5"\n')
    assert work.until("reloaded")["saved"] == ["words/__init__.py"]
    assert call(work) == "v5"

    assert work.end() == 0
    assert processes(project) == set()
    assert "Traceback" not in work.said()


def test_what_is_saved_but_changes_nothing_is_not_told(dev: Callable[..., Dev], project: Path) -> None:
    work = dev()
    work.until("ready")
    (project / "README.md").write_text("about\n")
    (project / "app.py").touch()
    (project / ".git").mkdir()
    (project / ".git" / "index").write_text("")
    work.edit("v1", "v2")
    assert work.until("reloaded")["functions"] == ["greet"]
    assert work.end(signal.SIGTERM) == 0


def test_an_event_under_way_ends_with_the_code_it_began_with(dev: Callable[..., Dev], project: Path) -> None:
    (project / "app.py").write_text(WAITER)
    work = dev()
    work.until("ready")
    release = project / ".released"
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(call, work, "wait", str(release))
        work.until("log", lambda event: event["message"].startswith("waiting"))
        work.edit("v1", "v2")
        work.until("reloaded")
        assert call(work, "greet") == "v2"
        assert call(work, "wait", str(project)) == "v2"
        release.touch()
        assert under_way.result() == "v1"
    assert work.end() == 0


def test_an_alias_has_moved_when_reloaded_is_said(dev: Callable[..., Dev], project: Path) -> None:
    aliased = PROGRAM.replace("@service.function", "@service.function(provisioned_concurrency=1)")
    (project / "app.py").write_text(aliased)
    work = dev()
    work.until("ready")
    assert call(work, qualifier="live") == "v1"
    for before, after in (("v1", "v2"), ("v2", "v3")):
        work.edit(before, after)
        assert work.until("reloaded")["functions"] == ["greet"]
        assert (call(work, qualifier="live"), call(work)) == (after, after)
    work.edit('return "v3"', 'return "v4')
    work.until("failed")
    assert call(work, qualifier="live") == "v3"
    assert work.end() == 0


def test_nothing_is_lost_and_nothing_stale_while_it_is_edited(dev: Callable[..., Dev], project: Path) -> None:
    names = [f"greet{number}" for number in range(10)]
    others = "".join(f'service.function(name="{name}")(greet)\n' for name in names)
    (project / "app.py").write_text(PROGRAM + others)
    work = dev()
    work.until("ready")
    assert call(work) == "v1"
    work.until("log", lambda event: event["message"].startswith("START"))
    told, ended = 1, threading.Event()

    def caller() -> int:
        calls = 0
        while not ended.is_set():
            before = told
            answer = str(call(work))
            assert int(answer.removeprefix("v")) >= before
            calls += 1
        return calls

    with ThreadPoolExecutor(2) as pool:
        callers = [pool.submit(caller) for _ in range(2)]
        try:
            for version in range(2, 7):
                work.edit(f"v{version - 1}", f"v{version}")
                assert work.until("reloaded")["functions"] == ["greet"]  # which is in use: it does not wait for others
                told = version
                assert work.until("reloaded")["functions"] == names
        finally:
            ended.set()
        assert all(each.result() for each in callers)
    assert call(work, names[-1]) == "v6"
    assert work.end() == 0


def test_a_program_that_is_broken_at_first_and_an_embedded_aws_that_is_kept(
    dev: Callable[..., Dev], project: Path
) -> None:
    (project / "app.py").write_text(PROGRAM.replace("import lakon", "import lakno"))
    work = dev("--keep")
    assert "No module named 'lakno'" in work.until("failed")["error"]
    work.edit("lakno", "lakon")
    work.until("ready")
    assert work.end(signal.SIGHUP) == 0
    assert daemon.find(project / ".lakon" / "aws")
    assert call(work) == "v1"


def test_an_embedded_aws_that_ran_is_left_running_and_knows_its_code(
    dev: Callable[..., Dev], project: Path, lakon: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    assert lakon("provision", "--local").returncode == 0
    work = dev()
    work.until("ready")
    work.edit("v1", "v2")
    work.until("reloaded")
    assert work.end() == 0
    assert call(work) == "v2"
    assert json.loads(lakon("provision", "--local", "--json").stdout)["action"] == "unchanged"
    (project / "app.py").write_text(PROGRAM)
    assert json.loads(lakon("provision", "--local", "--json").stdout)["action"] == "updated"
    assert call(work) == "v1"


@needs_proc
def test_killed_it_leaves_nothing_and_is_not_believed(dev: Callable[..., Dev], project: Path) -> None:
    work = dev()
    work.until("ready")
    work.edit("v1", "v2")
    work.until("reloaded")
    work.process.kill()
    work.wait()
    deadline = time.monotonic() + 20
    while processes(project):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    (project / "app.py").write_text(PROGRAM)
    again = dev()
    again.until("ready")
    assert call(again) == "v1"
    assert again.end() == 0


def test_an_embedded_aws_that_somebody_stops(
    dev: Callable[..., Dev], lakon: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    work = dev()
    work.until("ready")
    assert lakon("local", "stop").returncode == 0
    assert work.wait() == 8
    assert "the embedded AWS has ended" in work.said()

"""Go under `lakon dev`: built when it is saved, with no event lost and mistakes waited for to be mended."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from lakon.build.golang.building import build_go
from lakon.build.golang.sources import GoSource
from lakon.build.golang.system import this_machine
from lakon.report import Silent
from lakon.settings import cache_folder
from tests.build.golang import CACHE, HELLO, go_mod, needs_go

from .test_debug import Debugger
from .test_dev import call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Dev

PROGRAM = """
import lakon

service = lakon.Service("live")
service.go_function("hello", source="./hello", memory=128)
"""


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    """As for others, with what Go has compiled before."""
    needs_go()
    asked = subprocess.run(["go", "env", "GOCACHE"], capture_output=True, text=True, check=True)
    return {**environment, "GOCACHE": asked.stdout.strip()}


def test_go_is_built_when_it_is_saved(dev: Callable[..., Dev], project: Path) -> None:
    main = project / "hello" / "main.go"
    main.parent.mkdir()
    (project / "hello" / "go.mod").write_text(go_mod("hello"))
    main.write_text(HELLO)
    (project / "app.py").write_text(PROGRAM)
    work = dev()
    work.until("ready")
    assert call(work, "hello", "you") == "hello you"
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(lambda: {call(work, "hello", "you") for _ in range(50)})
        main.write_text(HELLO.replace("hello ", "good day "))
        told = work.until("reloaded")
        assert (told["functions"], told["saved"]) == (["hello"], ["hello/main.go"])
        assert asked.result() <= {"hello you", "good day you"}
    assert call(work, "hello", "you") == "good day you"
    main.write_text(HELLO.replace("return", "retrun"))
    assert "hello/main.go:5" in str(work.until("failed"))
    assert call(work, "hello", "you") == "good day you"
    main.write_text(HELLO)
    work.until("reloaded")
    assert call(work, "hello", "you") == "hello you"
    assert work.end() == 0


def started(project: Path, program: str = PROGRAM) -> None:
    (project / "app.py").write_text(program)
    (project / "hello").mkdir()
    (project / "hello" / "go.mod").write_text(go_mod("hello"))
    (project / "hello" / "main.go").write_text(HELLO)


def test_delve_stops_at_a_line(dev: Callable[..., Dev], project: Path, environment: dict[str, str]) -> None:
    environment["PATH"] = f"{delve().parent}{os.pathsep}{environment['PATH']}"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    started(project)
    folder = (project / "hello").resolve()
    built = GoSource(folder, "program", this_machine(), (), "app.py:5", debugged=True)
    build_go([built], Silent(), cache=CACHE)  # the first time, Go compiles its own library anew for that
    work = dev("--debug", "hello", "--debug-port", str(port))
    work.until("ready")
    assert call(work, "hello", "you") == "hello you"
    debugger = Debugger(port)
    debugger.ask("initialize", adapterID="test", linesStartAt1=True, pathFormat="path")
    debugger.send("attach", mode="remote")
    debugger.event("initialized")
    source = {"path": str((project / "hello" / "main.go").resolve())}
    [placed] = debugger.ask("setBreakpoints", source=source, breakpoints=[{"line": 5}])["breakpoints"]
    assert placed["verified"]
    debugger.ask("configurationDone")
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(call, work, "hello", "Ada")
        stopped = debugger.event("stopped")
        frame = debugger.ask("stackTrace", threadId=stopped["threadId"])["stackFrames"][0]
        assert (frame["line"], frame["source"]["path"]) == (5, source["path"])
        seen = debugger.ask("evaluate", expression="name", frameId=frame["id"], context="watch")
        assert seen["result"] == '"Ada"'
        assert not answer.done()
        debugger.ask("setBreakpoints", source=source, breakpoints=[])
        debugger.send("continue", threadId=stopped["threadId"])
        assert answer.result() == "hello Ada"
    debugger.close()
    assert work.end() == 0


def test_without_delve_it_is_told_how_to_have_it(
    dev: Callable[..., Dev], project: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    environment["PATH"] = str(only_go(tmp_path / "programs"))
    started(project)
    work = dev("--debug", "hello")
    assert work.wait() == 8
    assert "Delve, Go's debugger, is not installed" in work.said()
    assert "go install github.com/go-delve/delve/cmd/dlv@latest" in work.said()


def test_a_sidecar_has_no_debugger(dev: Callable[..., Dev], project: Path) -> None:
    started(project, PROGRAM.replace("memory=128", 'engine="sidecar"'))
    work = dev("--debug", "hello")
    assert work.wait() == 2
    assert "'hello' runs beside Python" in work.said()
    assert 'engine="runtime"' in work.said()


def delve() -> Path:
    """Delve, installed into the cache of tests. Skips where it cannot be."""
    folder = cache_folder() / "tests" / "delve"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "dlv").exists():
            command = ["go", "install", "github.com/go-delve/delve/cmd/dlv@v1.26.0"]
            settings = {"GOBIN": str(folder), "GOFLAGS": "-modcacherw", "GOTOOLCHAIN": "local"}
            done = subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"Delve cannot be installed: {done.stderr[-200:]}")
    return folder / "dlv"


def only_go(folder: Path) -> Path:
    """A folder of programs that has Go, and no Delve."""
    folder.mkdir()
    for name in ("go", "gcc", "sh"):
        if found := shutil.which(name):
            (folder / name).symlink_to(os.path.realpath(found))
    return folder

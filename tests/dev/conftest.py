"""`lakon dev` as a user has it: a process of its own, whose events are read as they come."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lakon.local import daemon
from lakon.local.spawning.groups import alive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIMIT = 30.0
PROGRAM = f"""
import lakon

service = lakon.Service("live", python="{sys.version_info[0]}.{sys.version_info[1]}")


@service.function
def greet(event, context):
    print("greeting", event.get("name"))
    return "v1"
"""


class Dev:
    """A running `lakon dev --json` in the folder `project`, whose program is `app.py`."""

    def __init__(self, project: Path, environment: dict[str, str], *arguments: str) -> None:
        self.project = project
        self.app = project / "app.py"
        self.endpoint_url = ""
        self._errors = (project.parent / f"{project.name}.err").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lakon", "dev", "--json", *arguments],
            cwd=project,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self._events: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def until(self, kind: str, wanted: Callable[[dict[str, Any]], object] = lambda event: True) -> dict[str, Any]:
        """The next event of a kind that is as wanted; what comes before is dropped, but for failures."""
        while True:
            event = self._events.get(timeout=LIMIT)
            assert event is not None, f"it ended: {self.said()}"
            if event["event"] == kind and wanted(event):
                self.endpoint_url = event.get("endpoint_url") or self.endpoint_url
                return event
            assert event["event"] in ("log", kind), f"{event} came, and not {kind}: {self.said()}"

    def edit(self, before: str, after: str) -> None:
        text = self.app.read_text()
        assert before in text
        self.app.write_text(text.replace(before, after))

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        code = self.process.wait(LIMIT)
        self._reader.join()
        return code

    def said(self) -> str:
        self._errors.seek(0)
        return self._errors.read()

    def close(self) -> None:
        self.process.kill()
        self.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._errors.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._events.put(json.loads(line))
        self._events.put(None)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The variables of a user without an AWS account."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAKON_"))}
    cache = os.environ.get("LAKON_CACHE") or str(Path.home() / ".cache" / "lakon")
    return {**kept, "HOME": str(tmp_path / "home"), "NO_COLOR": "1", "LAKON_CACHE": cache}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A project with a small program; what runs in it is ended afterwards."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "app.py").write_text(PROGRAM)
    yield folder
    daemon.stop(folder / ".lakon" / "aws")


@pytest.fixture
def dev(project: Path, environment: dict[str, str]) -> Iterator[Callable[..., Dev]]:
    """Starts `lakon dev` in the project."""
    started: list[Dev] = []

    def start(*arguments: str) -> Dev:
        started.append(Dev(project, environment, *arguments))
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.fixture
def lakon(project: Path, environment: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs another command in the project."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "lakon", *arguments],
            cwd=project,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    return run


def processes(folder: Path) -> set[int]:
    """Every living process that has the folder in its command line or environment, or a file of it open."""
    found = set()
    for place in Path("/proc").iterdir():
        if not place.name.isdigit() or int(place.name) == os.getpid() or not alive(int(place.name)):
            continue
        try:
            told = (place / "cmdline").read_bytes() + (place / "environ").read_bytes()
            links = " ".join(str(link.readlink()) for link in (place / "fd").iterdir())
        except OSError:
            continue
        if str(folder).encode() in told or str(folder) in links:
            found.add(int(place.name))
    return found

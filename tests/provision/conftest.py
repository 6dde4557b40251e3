"""A real emulator for the tests of this room, a reporter that remembers, and a server that only refuses."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
import uuid
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
import uv

from lakon.provision.session import Session
from lakon.provision.stack import Outcome, provision
from lakon.settings import Target, cache_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from lakon.report import ResourceEvent, Step

EMULATOR = "ministack==1.5.33"
START = """
from ministack.app import main
from ministack.services import lambda_svc

lambda_svc._LAMBDA_STATE_TRANSITION_DELAY = 0.05  # how long a changed function is pending: half a second otherwise
main()
"""
PATIENCE = 30.0

Template = dict[str, object]


class Memory:
    """A reporter that remembers what it was told."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.details: list[str] = []
        self.notes: list[str] = []
        self.events: list[ResourceEvent] = []

    @contextmanager
    def step(self, what: str) -> Iterator[Step]:
        self.steps.append(what)
        yield self

    def update(self, detail: str) -> None:
        self.details.append(detail)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def warn(self, text: str, hint: str | None = None) -> None:
        self.notes.append(f"{text} {hint}")

    def resource(self, event: ResourceEvent) -> None:
        self.events.append(event)


class World:
    """The emulator seen from a test: a session, a reporter, and a stack name of the test's own."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.target = session.target
        self.reporter = Memory()
        self.name = f"t-{uuid.uuid4().hex[:12]}"

    def provision(
        self,
        template: Template,
        parameters: Mapping[str, str] | None = None,
        *,
        tags: Mapping[str, str] | None = None,
        origins: Mapping[str, str] | None = None,
        artifacts: str | None = None,
    ) -> Outcome:
        return provision(
            self.session,
            self.name,
            json.dumps(template),
            parameters or {},
            self.reporter,
            tags=tags or {},
            origins=origins or {},
            artifacts=artifacts,
        )

    def state(self) -> str:
        return self.session.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"][0]["StackStatus"]


class Child:
    """A process of Python that runs a script against the emulator, as another terminal would."""

    def __init__(self, script: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-u", str(script), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def read_until(self, text: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if text in line:
                return line
        raise AssertionError(f"the child ended before it said {text!r}")

    def interrupt(self) -> tuple[int, str]:
        """Send Ctrl-C; return the exit code and all that it still said."""
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out + err

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


@pytest.fixture(autouse=True)
def _no_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the developer's own AWS configuration reaches a test."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="session")
def emulator() -> Iterator[str]:
    """The address of an emulator that lives as long as the test session."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_ACCOUNT_ID": "000000000000",
        "LAMBDA_EXECUTOR": "local",
    }
    process = subprocess.Popen(
        [_installed(), "-c", START],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _await_health(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # its own group: its workers end with it
        process.wait()


@pytest.fixture(scope="session")
def session(emulator: str) -> Session:
    """One session for all tests: making clients takes longer than most of them."""
    return Session(Target(endpoint_url=emulator, region="eu-west-1", local=True))


@pytest.fixture
def world(session: Session) -> World:
    return World(session)


@pytest.fixture
def child(tmp_path: Path) -> Iterator[list[Child]]:
    """A list for the children of a test; those that still run are killed at its end."""
    children: list[Child] = []
    yield children
    for each in children:
        each.close()


class Script:
    """A hand-written AWS that answers what a test told it to, for what the emulator never does.

    `refusal` is what it answers to everything, when set: HTTP status, AWS's code and message. `answers` tells the
    result of each action, one after the other; the last is repeated.
    """

    def __init__(self, endpoint: str) -> None:
        self.target = Target(endpoint_url=endpoint, region="eu-west-1", local=True)
        self.refusal: tuple[int, str, str] | None = None
        self.answers: dict[str, list[str]] = {}
        self.calls: list[str] = []

    def answer(self, action: str) -> tuple[int, str]:
        self.calls.append(action)
        if self.refusal is not None:
            status, code, message = self.refusal
            return status, f"<R><Error><Code>{code}</Code><Message>{message}</Message></Error></R>"
        queue = self.answers.get(action, [""])
        result = queue.pop(0) if len(queue) > 1 else queue[0]
        if action in ("ListObjectVersions", "DeleteObjects"):
            return 200, f"<Result>{result}</Result>"
        return 200, f"<{action}Response><{action}Result>{result}</{action}Result></{action}Response>"


@pytest.fixture
def script() -> Iterator[Script]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())

        def do_GET(self) -> None:
            self._answer("")

        def _answer(self, form: str) -> None:
            asked = urllib.parse.parse_qs(form).get("Action")
            stored = "ListObjectVersions" if self.command == "GET" else "DeleteObjects"
            status, text = told.answer(asked[0] if asked else stored)
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told = Script(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


def _installed() -> str:
    """The interpreter of the emulator's own environment, made once and kept; two workers may make it at once."""
    place = cache_folder() / "tests" / f"ministack-1.5.33-py{sys.version_info.major}.{sys.version_info.minor}"
    interpreter = place / "bin" / "python"
    if not interpreter.exists():
        made = place.with_name(f"{place.name}.{uuid.uuid4().hex}")
        command = uv.find_uv_bin()
        subprocess.run([command, "venv", "--quiet", "--python", sys.executable, str(made)], check=True)
        subprocess.run(
            [command, "pip", "install", "--quiet", "--python", str(made / "bin" / "python"), EMULATOR], check=True
        )
        try:
            made.rename(place)
        except OSError:
            shutil.rmtree(made)
    return str(interpreter)


def _await_health(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_ministack/health", timeout=1):
                return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError("the emulator did not start")

"""The door to the embedded AWS of a project.

Find it, start it, stop it. Light to import, for every command passes here.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

from lakon import interpreters
from lakon.exceptions import LocalError
from lakon.interpreters import RUNNING
from lakon.local.spawning.groups import alive
from lakon.local.state import DOORS_FILE, LOCK_FILE, LOG_FILE, PORT_FILE, PROVISION_LOCK, START_LOCK, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from lakon.local.front.plan import Plan
    from lakon.report import Reporter

_START_LIMIT = 60.0
_STOP_LIMIT = 20.0
_KILL_LIMIT = 15.0
_HEALTH_LIMIT = 2.0
_TICK = 0.02


@dataclass(frozen=True, slots=True)
class Running:
    """An embedded AWS that runs and answers: its endpoint, its supervisor's process id, and its state folder.

    `host_port` is where its Lambda host listens for the emulator, and for `settle`. It ends with the process `owner`.
    """

    endpoint_url: str
    pid: int
    folder: Path
    host_port: int
    owner: int | None = None


def find(folder: Path) -> Running | None:
    """The embedded AWS of the state folder `folder` (`<project>/.lakon/aws`), if it runs and answers.

    One whose owner is gone is about to end. A stale port file is removed.
    """
    told = _told(folder)
    if told is None or (told.owner is not None and not alive(told.owner)):
        return None
    if _free(folder):
        (folder / PORT_FILE).unlink(missing_ok=True)
        return None
    return told if _healthy(told.endpoint_url) else None


def ensure(
    folder: Path, launcher: Sequence[str], reporter: Reporter, owner_pid: int | None = None, python: str = RUNNING
) -> Running:
    """The embedded AWS of `folder`, started if it does not run, replaced if it does not answer.

    `launcher` is the command of a program that calls `supervisor.serve`; the folder and, when given, `--owner-pid
    PID` are appended. With an owner it ends when that process is gone. `python` is the version that functions will
    run under: its runtime is installed here, where the user sees it. LocalError, with the end of its log, when it
    cannot be started.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _install_runtime(python, reporter)
    with _alone(folder, START_LOCK):
        if running := find(folder):
            return running
        stop(folder)
        if State(folder).lost:
            reporter.warn(
                "the embedded AWS ended abruptly the last time and could not save its state: it starts empty",
                "Provision the service again.",
            )
        _install(reporter)
        with reporter.step("starting the embedded AWS"):
            return _start(folder, launcher, owner_pid)


def provisioning(folder: Path) -> AbstractContextManager[None]:
    """One terminal at a time: stacks that are made twice at once get mixed up in the embedded AWS."""
    return _alone(folder, PROVISION_LOCK)


def holds_state(folder: Path) -> bool:
    """Whether an embedded AWS that was stopped left in `folder` what it held, to go on with at the next start."""
    return State(folder).clean.exists()


def settle(folder: Path) -> None:
    """Wait until no invocation is under way, for at most three seconds, and all that was logged can be read."""
    _ask(folder, {"do": "settle"})


def open_doors(folder: Path, stack: str, plans: Sequence[Plan]) -> None:
    """Make `plans` the front doors of a stack, and no others. LocalError when one cannot be opened."""
    from lakon.local.front.plan import to_json

    payload = json.dumps([to_json(plan) for plan in plans]).encode()
    _ask(folder, {"do": "doors", "stack": stack}, payload)


def had_doors(folder: Path, stack: str) -> bool:
    """Whether a stack has front doors that are open, or were when the embedded AWS ended."""
    try:
        return stack in json.loads((folder / DOORS_FILE).read_text())
    except (OSError, ValueError):
        return False


def tell_saved(folder: Path, stack: str) -> None:
    """Let pages of a stack's sites load again: their files were saved."""
    _ask(folder, {"do": "saved", "stack": stack})


def _ask(folder: Path, message: dict[str, object], payload: bytes = b"") -> None:
    from lakon.local.inside.link import Link, frame

    if running := find(folder):
        with closing(Link(running.host_port)) as link:
            answer, _ = link.ask(frame(message, payload=payload))
        if answer.get("error"):
            raise LocalError(str(answer["error"]))


def stop(folder: Path) -> bool:
    """End the embedded AWS of `folder` and all its processes.

    Whether there was one. LocalError when something will not end.
    """
    if _free(folder):
        (folder / PORT_FILE).unlink(missing_ok=True)
        return False
    pid = _pid(folder)
    for name, limit in ((signal.SIGTERM, _STOP_LIMIT), (signal.SIGKILL, _KILL_LIMIT)):
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, name)
        if _wait_gone(folder, pid, limit):
            (folder / PORT_FILE).unlink(missing_ok=True)
            return True
    raise LocalError("the embedded AWS does not end", where=str(folder), hint=f"Its process is {pid or 'not known'}.")


def _start(folder: Path, launcher: Sequence[str], owner_pid: int | None) -> Running:
    command = [*launcher, str(folder), *(["--owner-pid", str(owner_pid)] if owner_pid else [])]
    log = folder / LOG_FILE
    program = which(command[0]) or command[0]
    output = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    try:
        pid = os.posix_spawn(
            program,
            command,
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(log), output, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
        )
    except OSError as error:
        raise LocalError(f"the supervisor could not be started: {error.strerror}", where=program) from error
    try:
        if running := _came_up(folder, pid):
            return running
    except KeyboardInterrupt:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        raise
    raise LocalError(
        "the embedded AWS did not start",
        where=str(log),
        detail="\n".join(log.read_text("utf-8", "replace").splitlines()[-20:]),
    )


def _came_up(folder: Path, pid: int) -> Running | None:
    """Wait until the embedded AWS answers, or its supervisor `pid` has ended, or time is over."""
    deadline = time.monotonic() + _START_LIMIT
    while time.monotonic() < deadline:
        if running := find(folder):
            return running
        _reap(pid)
        if not alive(pid):
            return None
        time.sleep(_TICK)
    stop(folder)
    return None


def _install(reporter: Reporter) -> None:
    """Make what a first start needs before it needs it, where the user sees it."""
    from lakon.local import installs  # not for commands that only find

    if not installs.emulator_installed():
        with reporter.step("installing the embedded AWS"):
            installs.ensure_emulator()


def _install_runtime(python: str, reporter: Reporter) -> None:
    from lakon.local import installs

    found = interpreters.find(python)
    if found and not installs.python_runtime_installed(python):
        with reporter.step(f"installing the Lambda runtime for Python {python}"):
            installs.ensure_python_runtime(Path(found.program), python)


@contextmanager
def _alone(folder: Path, lock: str) -> Iterator[None]:
    """One terminal at a time does what the file `lock` stands for; the others wait for it."""
    with (folder / lock).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _free(folder: Path) -> bool:
    """Whether neither a supervisor nor anything it started is left."""
    try:
        with (folder / LOCK_FILE).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return True
    except BlockingIOError:
        return False
    return True


def _wait_gone(folder: Path, pid: int | None, limit: float) -> bool:
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        if pid is not None:
            _reap(pid)
        if _free(folder) and not (pid and alive(pid)):
            return True
        time.sleep(_TICK)
    return False


def _told(folder: Path) -> Running | None:
    try:
        told = json.loads((folder / PORT_FILE).read_text())
        owner = told.get("owner") and int(told["owner"])
        return Running(str(told["endpoint_url"]), int(told["pid"]), folder, int(told["host_port"]), owner)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _pid(folder: Path) -> int | None:
    """The supervisor that has taken the lock."""
    try:
        return int((folder / LOCK_FILE).read_text())
    except (OSError, ValueError):
        return None


def _healthy(endpoint_url: str) -> bool:
    """Whether the emulator answers. By hand: an HTTP client costs every command 50 ms of imports."""
    host, _, port = endpoint_url.rpartition("/")[2].partition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=_HEALTH_LIMIT) as connection:
            connection.sendall(b"GET /_ministack/health HTTP/1.1\r\nHost: lakon\r\nConnection: close\r\n\r\n")
            return connection.recv(64).startswith(b"HTTP/1.1 200")
    except (OSError, ValueError):
        return False


def _reap(pid: int) -> None:
    """Collect a child of ours that has ended, so that it is gone from the process list."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)

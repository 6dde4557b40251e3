"""Child processes that never outlive the supervisor."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakon.local.spawning.groups import kill_group, signal_group

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lakon.local.spawning.sandbox import Sandbox

MAX_FILES = 1024
"""How many files a function may have open."""
FIRST_INHERITED = 62
"""The number by which a process finds the first descriptor that it inherits beside its output."""
_PACKAGES = Path(__file__).parents[2]
_SPAWNER = "import sys; sys.path.append(sys.argv[1]); from lakon.local.spawning.spawner import main; main()"


class ProcessGuard:
    """Starts the processes of functions, each environment's in a sandbox, and sees that nothing outlives this process.

    A small process of its own does so: see `spawning.spawner`. `keep_open` are file descriptors that it holds open as
    long as it lives (the supervisor's lock).
    """

    def __init__(self, keep_open: tuple[int, ...] = ()) -> None:
        self._connection, theirs = socket.socketpair()
        self._root = tempfile.mkdtemp(prefix="lakon-sandbox-")
        self._process = subprocess.Popen(  # noqa: S603 - our own words
            [sys.executable, "-I", "-S", "-c", _SPAWNER, str(_PACKAGES), str(theirs.fileno()), self._root],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(), *keep_open),
            start_new_session=True,
        )
        theirs.close()
        self._said = bytearray()
        self._ready: asyncio.Future[str | None] | None = None
        self._starting: dict[int, asyncio.Future[tuple[int, asyncio.Future[int]]]] = {}
        self._ended: dict[int, asyncio.Future[int]] = {}
        self._numbers = count()

    async def refusal(self) -> str | None:
        """Why processes cannot have sandboxes on this machine; None where they have them."""
        if self._ready is None:
            loop = asyncio.get_running_loop()
            self._ready = loop.create_future()
            loop.add_reader(self._connection, self._read)
        return await asyncio.shield(self._ready)

    async def spawn(
        self,
        argv: Sequence[str],
        *,
        folder: str,
        environment: Mapping[str, str],
        descriptors: Sequence[int],
        sandbox: Sandbox | None,
    ) -> tuple[int, asyncio.Future[int]]:
        """Start a program in `folder`: its process id, and the exit status that it will have.

        `descriptors` are its output and what else it inherits, from `FIRST_INHERITED` on. Programs of one `sandbox` see
        the same files. OSError when it cannot run.
        """
        await self.refusal()
        number = next(self._numbers)
        started: asyncio.Future[tuple[int, asyncio.Future[int]]] = asyncio.get_running_loop().create_future()
        self._starting[number] = started
        request = {
            "do": "spawn",
            "id": number,
            "argv": list(argv),
            "folder": folder,
            "environment": dict(environment),
            "sandbox": sandbox,
            "files": MAX_FILES,
        }
        self._tell(request, descriptors)
        return await started

    def add(self, pid: int, grace: float = 0.0) -> None:
        """Guard the process group led by `pid`; `grace` is how many seconds it may take to end by itself."""
        self._tell({"do": "guard", "pid": pid, "grace": grace})

    def remove(self, pid: int) -> None:
        """Stop guarding a group that has ended."""
        self._tell({"do": "release", "pid": pid})

    def forget(self, sandbox: Sandbox) -> None:
        """End whatever was left running in a sandbox, and the sandbox itself."""
        self._tell({"do": "forget", "sandbox": sandbox["id"]})

    def close(self) -> None:
        """End what is left, and wait for it."""
        self._connection.shutdown(socket.SHUT_RDWR)  # to close it would wait for the loop to let go of it
        self._connection.close()
        self._process.wait()
        with suppress(OSError):
            os.rmdir(self._root)  # noqa: PTH106 - a text already

    def _tell(self, request: Mapping[str, object], descriptors: Sequence[int] = ()) -> None:
        body = json.dumps(request).encode()
        message = len(body).to_bytes(4) + body
        with suppress(ConnectionError):
            sent = socket.send_fds(self._connection, [message], list(descriptors))
            self._connection.sendall(message[sent:])

    def _read(self) -> None:
        said = self._connection.recv(65536, socket.MSG_DONTWAIT)
        self._said += said
        while len(self._said) >= 4 and len(self._said) - 4 >= (length := int.from_bytes(self._said[:4])):
            self._heard(json.loads(self._said[4 : 4 + length]))
            del self._said[: 4 + length]
        if not said:
            asyncio.get_running_loop().remove_reader(self._connection)

    def _heard(self, answer: dict[str, Any]) -> None:
        if "refused" in answer:
            if self._ready:
                self._ready.set_result(answer["refused"])
        elif "status" in answer:
            self._ended.pop(answer["pid"]).set_result(answer["status"])
        elif "errno" in answer:
            error = OSError(answer["errno"], os.strerror(answer["errno"]))
            self._starting.pop(answer["id"]).set_exception(error)
        else:
            ended = self._ended[answer["pid"]] = asyncio.get_running_loop().create_future()
            started = self._starting.pop(answer["id"])
            if not started.cancelled():
                started.set_result((answer["pid"], ended))


class Child:
    """A process that runs a function or an extension, at the head of a group that ends with it."""

    def __init__(self, pid: int, ended: asyncio.Future[int], exited: Callable[[Child], None]) -> None:
        self.pid = pid
        self._ended = ended
        ended.add_done_callback(lambda _: exited(self))

    @classmethod
    async def spawn(
        cls,
        argv: Sequence[str],
        *,
        folder: str,
        environment: Mapping[str, str],
        output: int,
        inherited: tuple[int, ...] = (),
        sandbox: Sandbox | None,
        guard: ProcessGuard,
        exited: Callable[[Child], None],
    ) -> Child:
        """Start one that writes to the descriptor `output`; `exited` is called when it has ended.

        OSError when it cannot run.
        """
        pid, ended = await guard.spawn(
            argv, folder=folder, environment=environment, descriptors=(output, *inherited), sandbox=sandbox
        )
        return cls(pid, ended, exited)

    @property
    def returncode(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""
        return self._ended.result() if self._ended.done() else None

    def terminate(self) -> None:
        """Ask it to end."""
        if not self._ended.done():
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End its whole group at once."""
        if not self._ended.done():
            kill_group(self.pid)

    def freeze(self) -> None:
        """Let its whole group stand still."""
        if not self._ended.done():
            signal_group(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let its group go on."""
        if not self._ended.done():
            signal_group(self.pid, signal.SIGCONT)

    async def wait(self, limit: float | None = None) -> None:
        """Wait, for at most `limit` seconds, until it has ended."""
        await asyncio.wait((self._ended,), timeout=limit)


def describe_exit(returncode: int) -> str:
    """How a process ended, in Lambda's words: `exit status 3`, `signal: killed`."""
    if returncode >= 0:
        return f"exit status {returncode}"
    with suppress(ValueError):
        words = signal.strsignal(-returncode) or str(-returncode)
        return f"signal: {words.lower()}"
    return f"signal: {-returncode}"

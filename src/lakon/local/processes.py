"""Child processes that never outlive the supervisor."""

from __future__ import annotations

import asyncio
import resource
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from lakon.local import reaper

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MAX_FILES = 1024
"""How many files a function may have open."""


class ProcessGuard:
    """Tells the reaper which process groups must not outlive this process.

    `keep_open` are file descriptors that the reaper holds open as long as it lives (the supervisor's lock).
    """

    def __init__(self, keep_open: tuple[int, ...] = ()) -> None:
        self._reaper = subprocess.Popen(  # noqa: S603 - our own words
            [sys.executable, "-I", "-S", str(Path(reaper.__file__))],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=keep_open,
            start_new_session=True,
            text=True,
            bufsize=1,
        )

    def add(self, pid: int, grace: float = 0.0) -> None:
        """Guard the process group led by `pid`; `grace` is how many seconds it may take to end by itself."""
        self._tell(f"+{pid} {grace}\n")

    def remove(self, pid: int) -> None:
        """Stop guarding a group that has ended."""
        self._tell(f"-{pid}\n")

    def close(self) -> None:
        """Let the reaper end what is left, and wait for it."""
        with suppress(BrokenPipeError):
            if self._reaper.stdin:
                self._reaper.stdin.close()
        self._reaper.wait()

    def _tell(self, line: str) -> None:
        if self._reaper.stdin:
            self._reaper.stdin.write(line)


class Child:
    """A process that runs a function or an extension, at the head of a group that ends with it."""

    def __init__(
        self, process: asyncio.subprocess.Process, guard: ProcessGuard, exited: Callable[[Child], None]
    ) -> None:
        self._process = process
        self._guard = guard
        guard.add(process.pid)
        self._watcher = asyncio.create_task(self._watch(exited))

    @classmethod
    async def spawn(
        cls,
        argv: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        output: int,
        inherited: tuple[int, ...] = (),
        guard: ProcessGuard,
        exited: Callable[[Child], None],
    ) -> Child:
        """Start one that writes to the descriptor `output`; `exited` is called when it has ended.

        OSError when it cannot run.
        """
        process = await asyncio.create_subprocess_exec(
            *argv,
            cwd=folder,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=inherited,
            start_new_session=True,
        )
        if hasattr(resource, "prlimit"):  # Linux
            with suppress(ProcessLookupError):
                resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (MAX_FILES, MAX_FILES))
        return cls(process, guard, exited)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""
        return self._process.returncode

    def terminate(self) -> None:
        """Ask it to end."""
        with suppress(ProcessLookupError):
            self._process.terminate()

    def kill(self) -> None:
        """End its whole group at once."""
        reaper.kill_group(self.pid)

    async def wait(self, limit: float | None = None) -> None:
        """Wait, for at most `limit` seconds, until it has ended."""
        await asyncio.wait((self._watcher,), timeout=limit)

    async def _watch(self, exited: Callable[[Child], None]) -> None:
        await self._process.wait()
        self.kill()  # what it started ends with it
        self._guard.remove(self.pid)
        exited(self)


def describe_exit(returncode: int) -> str:
    """How a process ended, in Lambda's words: `exit status 3`, `signal: killed`."""
    if returncode >= 0:
        return f"exit status {returncode}"
    with suppress(ValueError):
        words = signal.strsignal(-returncode) or str(-returncode)
        return f"signal: {words.lower()}"
    return f"signal: {-returncode}"


def peak_memory_mb(pid: int) -> int | None:
    """The most memory process `pid` ever held, in MB; None where the platform does not tell (no /proc)."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return -(-int(line.split()[1]) // 1024)
    return None

"""Child processes that never outlive the supervisor."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from lakon.local import reaper


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

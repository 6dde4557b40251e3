"""Holds environments to their memory and their /tmp without the help of the kernel's control groups.

Those need rights that most users do not have, and a limit of address space (RLIMIT_AS) ends runtimes that only reserve
much. So what busy environments really hold is looked at, often enough that a runaway function ends before it harms the
machine. Linux only: where there is no /proc, nothing is looked at.
"""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

INTERVAL = 0.05
"""Seconds between two looks at memory, at least."""

_SHARE = 50  # looking takes no more than one part in so many of the time, however many are busy
_LOOKS_PER_FOLDER = 10


class Watched(Protocol):
    """What is held to limits."""

    def check_memory(self) -> None:
        """End if it holds more memory than it may."""

    def check_folder(self) -> None:
        """End if its /tmp holds more than it may."""


class LimitWatch:
    """Looks at those that are busy, every `INTERVAL`, more seldom when they are many; sleeps when none is."""

    def __init__(self) -> None:
        self._busy: set[Watched] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._looks = 0
        self._peaks_again = 0.0

    def add(self, watched: Watched) -> None:
        """It begins to work."""
        self._busy.add(watched)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(INTERVAL, self._look)

    def discard(self, watched: Watched) -> None:
        """It is idle, or gone."""
        self._busy.discard(watched)

    def peak(self, pid: int) -> int | None:
        """The most memory that process `pid` ever held, in MB; None where that cannot be told, or costs too much now.

        To look at each of a thousand invocations a second would take a tenth of them.
        """
        now = time.monotonic()
        if now < self._peaks_again:
            return None
        peak = peak_memory_mb(pid)
        self._peaks_again = now + (time.monotonic() - now) * _SHARE
        return peak

    def close(self) -> None:
        """Look no more."""
        if self._timer:
            self._timer.cancel()

    def _look(self) -> None:
        self._timer = None
        self._looks += 1
        began = time.thread_time()
        for watched in list(self._busy):
            watched.check_memory()
            if self._looks % _LOOKS_PER_FOLDER == 0:
                watched.check_folder()
        if self._busy:
            rest = max(INTERVAL, (time.thread_time() - began) * _SHARE)
            self._timer = asyncio.get_running_loop().call_later(rest, self._look)


def held_memory(pids: Iterable[int]) -> int:
    """The bytes that processes and all they started hold, shared memory too; what is read from files does not count."""
    waiting, total = list(pids), 0
    while waiting:
        folder = f"/proc/{waiting.pop()}"
        with suppress(OSError, ValueError):
            status = _read(f"{folder}/status")
            total += (_kilobytes(status, b"RssAnon") + _kilobytes(status, b"RssShmem")) * 1024
            for thread in os.listdir(f"{folder}/task"):  # noqa: PTH208 - names are enough, and this runs often
                waiting += map(int, _read(f"{folder}/task/{thread}/children").split())
    return total


def peak_memory_mb(pid: int) -> int | None:
    """The most memory process `pid` ever held, in MB; None where the platform does not tell (no /proc)."""
    with suppress(OSError, ValueError):
        return -(-_kilobytes(_read(f"/proc/{pid}/status"), b"VmHWM") // 1024) or None
    return None


def _read(path: str) -> bytes:
    """A file of /proc, which is made while it is read, and small: in one go. Raises OSError."""
    file = os.open(path, os.O_RDONLY)
    try:
        return os.read(file, 65536)
    finally:
        os.close(file)


def _kilobytes(status: bytes, name: bytes) -> int:
    """A line of `/proc/PID/status`, such as VmHWM, in KB; 0 where there is none. Raises ValueError."""
    rest = status.partition(b"\n" + name + b":")[2]
    return int(rest[: rest.find(b"kB")]) if rest else 0


def held_storage(folder: Path) -> int:
    """The bytes that the files below `folder` take on disk."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(f"{parent}/{name}").st_blocks * 512
    return total

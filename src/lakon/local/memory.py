"""Holds environments to their memory and their /tmp without the help of the kernel's control groups.

Those need rights that most users do not have, and a limit of address space (RLIMIT_AS) ends runtimes that only reserve
much. So what busy environments really hold is looked at, often enough that a runaway function ends before it harms the
machine. Linux only: where there is no /proc, nothing is looked at.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

INTERVAL = 0.05
"""Seconds between two looks at memory."""

_LOOKS_PER_FOLDER = 10


class Watched(Protocol):
    """What is held to limits."""

    def check_memory(self) -> None:
        """End if it holds more memory than it may."""

    def check_folder(self) -> None:
        """End if its /tmp holds more than it may."""


class LimitWatch:
    """Looks at those that are busy, every `INTERVAL`; sleeps when none is."""

    def __init__(self) -> None:
        self._busy: set[Watched] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._looks = 0

    def add(self, watched: Watched) -> None:
        """It begins to work."""
        self._busy.add(watched)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(INTERVAL, self._look)

    def discard(self, watched: Watched) -> None:
        """It is idle, or gone."""
        self._busy.discard(watched)

    def close(self) -> None:
        """Look no more."""
        if self._timer:
            self._timer.cancel()

    def _look(self) -> None:
        self._timer = None
        self._looks += 1
        for watched in list(self._busy):
            watched.check_memory()
            if self._looks % _LOOKS_PER_FOLDER == 0:
                watched.check_folder()
        if self._busy:
            self._timer = asyncio.get_running_loop().call_later(INTERVAL, self._look)


def held_memory(pids: Iterable[int]) -> int:
    """The bytes that processes and all they started hold, shared memory too; what is read from files does not count."""
    waiting, total = list(pids), 0
    while waiting:
        folder = Path(f"/proc/{waiting.pop()}")
        with suppress(OSError, ValueError):
            for line in (folder / "status").read_text().splitlines():
                if line.startswith(("RssAnon:", "RssShmem:")):
                    total += int(line.split()[1]) * 1024
            for thread in os.listdir(folder / "task"):  # noqa: PTH208 - names are enough, and this runs often
                waiting += map(int, (folder / "task" / thread / "children").read_text().split())
    return total


def held_storage(folder: Path) -> int:
    """The bytes that the files below `folder` take on disk."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(f"{parent}/{name}").st_blocks * 512
    return total

"""Processes and the groups they lead."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path


def alive(pid: int) -> bool:
    """Whether process `pid` runs; a zombie does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    with suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return True


def kill_group(pid: int) -> None:
    """Kill the process group led by `pid`, if there is one."""
    signal_group(pid, signal.SIGKILL)


def signal_group(pid: int, number: signal.Signals) -> None:
    """Send a signal to the process group led by `pid`, if there is one."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def descendants(pid: int) -> list[int]:
    """All processes that `pid` started, directly or not, and that run or wait to be reaped; empty without /proc."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        tasks = f"/proc/{waiting.pop()}/task"
        with suppress(OSError):
            for thread in os.listdir(tasks):
                started = [int(child) for child in Path(f"{tasks}/{thread}/children").read_text().split()]
                found += started
                waiting += started
    return found

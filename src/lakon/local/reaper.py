"""Ends what the supervisor leaves behind when it is killed. A process of its own; standard library only.

Reads lines from standard input: `+PID GRACE` when a process group was started, `-PID` when it is gone. When the pipe
closes, whatever is still listed ends: after GRACE seconds of patience (0: at once) the whole group is killed. The
process keeps the supervisor's lock file open, so the lock is free only when nothing is left.
"""

from __future__ import annotations

import os
import signal
import sys
import time
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
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def main() -> None:
    """Keep the list until the pipe closes, then end what it holds."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    left: dict[int, float] = {}
    for line in sys.stdin:
        if line.startswith("+"):
            pid, grace = line[1:].split()
            left[int(pid)] = float(grace)
        else:
            left.pop(int(line[1:]), None)
    started = time.monotonic()
    for pid, grace in sorted(left.items(), key=lambda entry: entry[1]):
        while alive(pid) and time.monotonic() - started < grace:
            time.sleep(0.02)
        kill_group(pid)


if __name__ == "__main__":
    main()

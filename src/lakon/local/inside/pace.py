"""How a process that serves invocations shares out its time."""

from __future__ import annotations

import gc
import sys

_COLLECT = 20_000, 20, 20  # what is made for an invocation is freed without a collection, but for a few objects
_SWITCH = 0.0005  # an invocation must not wait 5 ms, Python's default, for a thread that writes logs


def tune() -> None:
    """Set what holds for the whole process. To be called before its work begins."""
    gc.set_threshold(*_COLLECT)
    sys.setswitchinterval(_SWITCH)

"""How a process that serves invocations shares out its time."""

from __future__ import annotations

import gc
import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

_COLLECT = 20_000, 20, 20  # what is made for an invocation is freed without a collection, but for a few objects
_SWITCH = 0.0005  # an invocation must not wait 5 ms, Python's default, for a thread that writes logs
_MOMENT = 0.001  # longer than a warm runtime takes to answer
_WANTED = 0.00005  # to offer the processor takes a hundredth of that when nobody wants it
_PEACE = 1.0  # seconds in which it is not looked after somebody else wanted the processor


def tune() -> None:
    """Set what holds for the whole process. To be called before its work begins."""
    gc.set_threshold(*_COLLECT)
    sys.setswitchinterval(_SWITCH)


class Alert:
    """Has the event loop look for news, in place of sleeping, for a moment after it was stirred.

    To be woken takes longer than most of an invocation; Go's scheduler looks again for the same reason. Where somebody
    else wants the processor, it sleeps, for to look would put it at the end of the line.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._until = 0.0
        self._wanted = 0.0
        self._looking = False

    def stir(self) -> None:
        """News may come soon."""
        now = time.monotonic()
        self._until = now + _MOMENT
        if not self._looking and now > self._wanted + _PEACE:
            self._looking = True
            self._loop.call_soon(self._look)

    def _look(self) -> None:
        now = time.monotonic()
        self._looking = now < self._until
        if not self._looking:
            return
        os.sched_yield()
        if time.monotonic() - now > _WANTED:
            self._wanted, self._looking = now, False
        else:
            self._loop.call_soon(self._look)

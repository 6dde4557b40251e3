"""An event loop that looks for news, in place of sleeping, while a warm function is about to answer.

To be woken takes longer than most of such an invocation; Go's scheduler looks again for the same reason.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

_MOMENT = 0.001  # seconds: longer than a warm runtime takes to answer
_WANTED = 0.0015  # longer than what it waits for holds the processor
_PEACE = 1.0  # seconds in which it sleeps as ever


class Alert:
    """Keeps `loop` awake for a moment after it was stirred.

    The processor is offered to others all the while. Where somebody wants it for longer than a runtime would, the loop
    sleeps as ever for a second: who looks on stands at the end of the line.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._until = 0.0
        self._peace = 0.0
        self._looking = False

    def stir(self) -> None:
        """News may come soon."""
        now = time.monotonic()
        self._until = now + _MOMENT
        if not self._looking and now > self._peace:
            self._looking = True
            self._loop.call_soon(self._look)

    def rest(self) -> None:
        """It has come."""
        self._until = 0.0

    def _look(self) -> None:
        now = time.monotonic()
        self._looking = now < self._until
        if not self._looking:
            return
        os.sched_yield()
        after = time.monotonic()
        if after - now < _WANTED:
            self._loop.call_soon(self._look)
        else:
            self._looking, self._peace = False, after + _PEACE

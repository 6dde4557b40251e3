"""Idle environments stand still, as on Lambda: what a function left to a thread goes on with its next event.

See "Understanding the Lambda execution environment lifecycle" in the Lambda developer guide. Lambda freezes at once;
here an environment is idle for a moment first, so that one event after the other does not pay for it.
"""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

_MOMENT = 0.1


class Freezable(Protocol):
    """What stands still when it has nothing to do."""

    idle_since: float

    @property
    def usable(self) -> bool:
        """Whether it waits for an event."""

    def freeze(self) -> bool:
        """Stand still until the next event; False when something is under way yet."""


class Freezer:
    """Freezes what has been idle for a moment; sleeps when there is nothing to freeze."""

    def __init__(self) -> None:
        self._idle: set[Freezable] = set()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, environment: Freezable) -> None:
        """It is idle from now on."""
        self._idle.add(environment)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_MOMENT, self._look)

    def close(self) -> None:
        """Freeze nothing more."""
        if self._timer:
            self._timer.cancel()

    def _look(self) -> None:
        self._timer = None
        ripe = time.monotonic() - _MOMENT
        for environment in list(self._idle):
            if not environment.usable or (environment.idle_since <= ripe and environment.freeze()):
                self._idle.discard(environment)
        if self._idle:
            self._timer = asyncio.get_running_loop().call_later(_MOMENT, self._look)

"""Letting through as many requests as a token bucket holds tokens."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakon.local.front.plan import Limit


class Bucket:
    """A token bucket: filled at a rate, up to its burst."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._tokens = float(limit.burst)
        self._seen = time.monotonic()

    def take(self) -> bool:
        """Whether one more request passes."""
        now = time.monotonic()
        self._tokens = min(self._limit.burst, self._tokens + (now - self._seen) * self._limit.rate)
        self._seen = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

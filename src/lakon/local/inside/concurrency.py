"""How many invocations may be under way.

Rests on "Understanding Lambda function scaling" of the Lambda developer guide: a function with reserved concurrency has
that and no more; all others of an account and region share what is not reserved. Nothing waits: what is beyond is
throttled.
"""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ALWAYS_SHARED = 100  # Lambda never lets an account reserve its last hundred


class Key(NamedTuple):
    """Whose concurrency it is. All versions of a function share it."""

    account: str
    region: str
    name: str


class ThrottledError(Exception):
    """There is no room for an invocation; `reason` is that of TooManyRequestsException."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Concurrency:
    """Counts invocations under way, from any thread. `limit` is the account's concurrent executions in a region."""

    def __init__(self, limit: int = 1000) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._busy: Counter[Key] = Counter()
        self._shared: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def slot(self, key: Key, reserved: int | None, all_reserved: Callable[[], int]) -> Iterator[None]:
        """Hold room for one invocation. ThrottledError when there is none.

        `all_reserved` sums what the functions of the account have reserved; it is called only when that may matter.
        """
        pool = (key.account, key.region)
        with self._lock:
            if reserved is not None and self._busy[key] >= reserved:
                raise ThrottledError("ReservedFunctionConcurrentInvocationLimitExceeded")
            if reserved is None and not self._room(self._shared[pool], all_reserved):
                raise ThrottledError("ConcurrentInvocationLimitExceeded")
            self._busy[key] += 1
            self._shared[pool] += reserved is None
        try:
            yield
        finally:
            with self._lock:
                self._busy[key] -= 1
                self._shared[pool] -= reserved is None
                if not self._busy[key]:
                    del self._busy[key]

    def _room(self, shared: int, all_reserved: Callable[[], int]) -> bool:
        return shared < min(_ALWAYS_SHARED, self._limit) or shared < self._limit - all_reserved()

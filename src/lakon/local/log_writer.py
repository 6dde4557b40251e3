"""Records on their way to where they are kept, off the invocation's path."""

from __future__ import annotations

import logging
import queue
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypedDict

if TYPE_CHECKING:
    from collections.abc import Sequence

_BATCH_EVENTS, _BATCH_BYTES = 5_000, 900_000
_GATHER, _GATHER_MOST = 0.05, 1.0  # seconds until records are written, and until they are while there are many
_SHARE = 5  # for each second of writing there are so many in which nothing is written
_log = logging.getLogger("lakon.local")


class LogEvent(TypedDict):
    """One event of `PutLogEvents`: epoch milliseconds and text."""

    timestamp: int
    message: str


@dataclass(frozen=True, slots=True)
class StreamName:
    """Where a stream is."""

    region: str
    group: str
    stream: str


class LogStore(Protocol):
    """Where records are kept."""

    def put(self, stream: StreamName, events: Sequence[LogEvent]) -> None:
        """Keep events, at most as many as one call of `PutLogEvents` takes, in the order of time."""


class LogWriter:
    """Writes records to all `stores`, one after the other, from a thread of its own."""

    def __init__(self, *stores: LogStore) -> None:
        self._stores = stores
        self._queue: queue.SimpleQueue[tuple[StreamName, LogEvent] | threading.Event | None] = queue.SimpleQueue()
        self._hurry = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    def write(self, stream: StreamName, event: LogEvent) -> None:
        """Queue one event."""
        self._queue.put((stream, event))

    def flush(self, limit: float = 5.0) -> None:
        """Wait, for at most `limit` seconds, until all that was queued before is written."""
        written = threading.Event()
        self._queue.put(written)
        self._hurry.set()
        written.wait(limit)

    def close(self, limit: float = 5.0) -> None:
        """Write what is queued, for at most `limit` seconds."""
        self._queue.put(None)
        self._hurry.set()
        self._thread.join(limit)

    def _run(self) -> None:
        closed, took = False, 0.0
        while not closed:
            entries = self._gathered(min(max(_GATHER, took * _SHARE), _GATHER_MOST))
            began = time.monotonic()
            batches: dict[StreamName, list[LogEvent]] = {}
            written: list[threading.Event] = []
            for entry in entries:
                if entry is None:
                    closed = True
                elif isinstance(entry, threading.Event):
                    written.append(entry)
                else:
                    batches.setdefault(entry[0], []).append(entry[1])
            for stream, events in batches.items():
                for part in _parts(events):
                    self._put(stream, part)
            for waiting in written:
                waiting.set()
            took = time.monotonic() - began

    def _gathered(self, rest: float) -> list[tuple[StreamName, LogEvent] | threading.Event | None]:
        """What is queued, and what comes within `rest` seconds; the thread is not woken for each of it."""
        entries = [self._queue.get()]
        self._hurry.wait(rest)
        self._hurry.clear()
        with suppress(queue.Empty):
            while len(entries) < _BATCH_EVENTS:
                entries.append(self._queue.get_nowait())
        return entries

    def _put(self, stream: StreamName, events: list[LogEvent]) -> None:
        for store in self._stores:
            try:
                store.put(stream, events)
            except Exception:  # noqa: BLE001 - whatever a store raises: the thread must go on for the other streams
                _log.exception("could not write %d log events to %s", len(events), stream.group)


def _parts(events: list[LogEvent]) -> list[list[LogEvent]]:
    """Cut into what one call may carry."""
    parts: list[list[LogEvent]] = [[]]
    size = 0
    for event in events:
        size += 26 + len(event["message"].encode())
        if size > _BATCH_BYTES and parts[-1]:
            parts.append([])
            size = 26 + len(event["message"].encode())
        parts[-1].append(event)
    return parts

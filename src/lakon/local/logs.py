"""What functions write.

Read from their pipes, kept as records, written to CloudWatch Logs off the invocation's path.
"""

from __future__ import annotations

import asyncio
import logging
import os
import queue
import struct
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_RECORD = 262_118
"""The most bytes of one log event; longer lines are cut in pieces."""

_TAIL = 4096
_WIDEST = 4  # bytes of a character
_BATCH_EVENTS, _BATCH_BYTES = 5_000, 900_000
_GATHER = 0.05
_FRAME = struct.Struct(">IIQ")
_FRAME_TYPES = 0xA55A0000
_log = logging.getLogger("lakon.local")


class LogEvent(TypedDict):
    """One event of `PutLogEvents`: epoch milliseconds and text."""

    timestamp: int
    message: str


class LogsExceptions(Protocol):
    """The exception classes of a CloudWatch Logs client that are looked at."""

    @property
    def ResourceAlreadyExistsException(self) -> type[Exception]:  # noqa: N802 - AWS's name
        """The group or stream is already there."""

    @property
    def ResourceNotFoundException(self) -> type[Exception]:  # noqa: N802 - AWS's name
        """The group or stream is not there."""


class LogsClient(Protocol):
    """The calls of a CloudWatch Logs client that are used; boto3's has them."""

    @property
    def exceptions(self) -> LogsExceptions:
        """Its exception classes."""

    def create_log_group(self, *, logGroupName: str) -> object:  # noqa: N803 - AWS's name
        """Make a group."""

    def create_log_stream(self, *, logGroupName: str, logStreamName: str) -> object:  # noqa: N803 - AWS's names
        """Make a stream."""

    def put_log_events(
        self,
        *,
        logGroupName: str,  # noqa: N803 - AWS's name
        logStreamName: str,  # noqa: N803 - AWS's name
        logEvents: Sequence[LogEvent],  # noqa: N803 - AWS's name
    ) -> object:
        """Write events, in the order of time."""


@dataclass(frozen=True, slots=True)
class StreamName:
    """Where a stream is."""

    region: str
    group: str
    stream: str


class LogWriter:
    """Writes records to CloudWatch Logs from a thread of its own.

    `client` makes the client for a region; it is called in that thread, once per region.
    """

    def __init__(self, client: Callable[[str], LogsClient]) -> None:
        self._make_client = client
        self._clients: dict[str, LogsClient] = {}
        self._queue: queue.SimpleQueue[tuple[StreamName, LogEvent] | threading.Event | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    def write(self, stream: StreamName, event: LogEvent) -> None:
        """Queue one event."""
        self._queue.put((stream, event))

    def flush(self, limit: float = 5.0) -> None:
        """Wait, for at most `limit` seconds, until all that was queued before is written."""
        written = threading.Event()
        self._queue.put(written)
        written.wait(limit)

    def close(self, limit: float = 5.0) -> None:
        """Write what is queued, for at most `limit` seconds."""
        self._queue.put(None)
        self._thread.join(limit)

    def _run(self) -> None:
        closed = False
        while not closed:
            entries = [self._queue.get()]
            time.sleep(_GATHER)  # what comes in the meantime goes along
            with suppress(queue.Empty):
                while len(entries) < _BATCH_EVENTS:
                    entries.append(self._queue.get_nowait())
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

    def _put(self, stream: StreamName, events: list[LogEvent]) -> None:
        try:
            client = self._clients.get(stream.region)
            if client is None:
                client = self._clients[stream.region] = self._make_client(stream.region)
            names = {"logGroupName": stream.group, "logStreamName": stream.stream}
            try:
                client.put_log_events(**names, logEvents=events)
            except client.exceptions.ResourceNotFoundException:
                with suppress(client.exceptions.ResourceAlreadyExistsException):
                    client.create_log_group(logGroupName=stream.group)
                with suppress(client.exceptions.ResourceAlreadyExistsException):
                    client.create_log_stream(**names)
                client.put_log_events(**names, logEvents=events)
        except Exception:  # noqa: BLE001 - whatever the client raises: the thread must go on for the other streams
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


class LogStream:
    """The log stream of one execution environment, and the tail of what it wrote since `begin_tail`."""

    def __init__(self, writer: LogWriter, name: StreamName) -> None:
        self.name = name
        self._writer = writer
        self._tail: deque[str] = deque()
        self._tail_size = 0
        self._last = 0

    def write(self, message: str, timestamp: int | None = None) -> None:
        """Add one record; `timestamp` is epoch milliseconds, now by default. Time never runs backwards in a stream."""
        self._last = max(self._last, timestamp or int(time.time() * 1000))
        if len(message) * _WIDEST <= MAX_RECORD:
            self._writer.write(self.name, {"timestamp": self._last, "message": message})
        else:
            line = message.encode("utf-8", "replace")
            for start in range(0, len(line), MAX_RECORD):
                piece = line[start : start + MAX_RECORD].decode("utf-8", "replace")
                self._writer.write(self.name, {"timestamp": self._last, "message": piece})
        self._tail.append(message)
        self._tail_size += len(message) + 1
        while self._tail_size - len(self._tail[0]) - 1 >= _TAIL:
            self._tail_size -= len(self._tail.popleft()) + 1

    @property
    def tail(self) -> str:
        """The last 4 KB written, as `LogType=Tail` answers them."""
        tail = "".join(f"{line}\n" for line in self._tail).encode("utf-8", "replace")
        return tail[-_TAIL:].decode("utf-8", "ignore")

    def begin_tail(self) -> None:
        """What was written until now is no part of the tail any more."""
        self._tail.clear()
        self._tail_size = 0


class LogSink(Protocol):
    """Takes records."""

    def write(self, message: str, milliseconds: int | None = None) -> None:
        """One record; `milliseconds` is its time since the epoch, now by default."""


class LogPipe:
    """A pipe that a process writes its log to. `inlet` is the process's end."""

    def __init__(self, sink: LogSink) -> None:
        self.sink = sink
        self._outlet, self.inlet = os.pipe()
        os.set_blocking(self._outlet, False)
        self._rest = b""
        self._open = True
        asyncio.get_running_loop().add_reader(self._outlet, self.drain)

    def started(self) -> None:
        """The process has its end; give up ours."""
        os.close(self.inlet)

    def drain(self) -> None:
        """Take all that was written until now."""
        while self._open:
            try:
                data = os.read(self._outlet, 65536)
            except BlockingIOError:
                break
            if not data:
                self.close()
                break
            self._rest = self.feed(self._rest + data)

    def finish(self) -> None:
        """Take an unfinished line as it is."""
        if self._rest:
            self._rest = self.flush(self._rest)

    def close(self) -> None:
        """Read no more."""
        if self._open:
            self._open = False
            asyncio.get_running_loop().remove_reader(self._outlet)
            os.close(self._outlet)

    def feed(self, data: bytes) -> bytes:
        """Write the whole lines of `data`; what remains comes back."""
        *lines, rest = data.split(b"\n")
        for line in lines:
            self.sink.write(line.decode("utf-8", "replace").rstrip("\r"))
        while len(rest) > MAX_RECORD:
            self.sink.write(rest[:MAX_RECORD].decode("utf-8", "replace"))
            rest = rest[MAX_RECORD:]
        return rest

    def flush(self, rest: bytes) -> bytes:
        """Write the line that has no end yet."""
        self.sink.write(rest.decode("utf-8", "replace"))
        return b""


class FramedLogPipe(LogPipe):
    """The pipe behind `_LAMBDA_TELEMETRY_LOG_FD`.

    Type, length and microseconds before each record, so that one may hold many lines.
    """

    def feed(self, data: bytes) -> bytes:
        """Write the whole records of `data`; what remains comes back."""
        start = 0
        while len(data) - start >= _FRAME.size:
            kind, length, microseconds = _FRAME.unpack_from(data, start)
            if kind & 0xFFFF0000 != _FRAME_TYPES:
                return super().feed(data[start:])
            end = start + _FRAME.size + length
            if len(data) < end:
                break
            message = data[start + _FRAME.size : end].decode("utf-8", "replace")
            self.sink.write(message.rstrip("\n"), microseconds // 1000)
            start = end
        return data[start:]

    def flush(self, rest: bytes) -> bytes:
        """A record that is not whole yet is waited for."""
        return rest

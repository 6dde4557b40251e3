"""What functions write: read from their pipes, kept as records, given to the log writer."""

from __future__ import annotations

import asyncio
import os
import struct
import time
from collections import deque
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakon.local.log_writer import LogWriter, StreamName

MAX_RECORD = 262_118
"""The most bytes of one log event; longer lines are cut in pieces."""

_TAIL = 4096
_WIDEST = 4  # bytes of a character
_FRAME = struct.Struct(">IIQ")
_FRAME_TYPES = 0xA55A0000


class LogStream:
    """The log stream of one execution environment, and the tail of what it wrote since `begin_tail`.

    Records may be told by a function. It is called when the turn of the loop is over: no event waits for words.
    """

    def __init__(self, writer: LogWriter, name: StreamName) -> None:
        self.name = name
        self._writer = writer
        self._told: list[tuple[str | Callable[[], str] | None, int]] = []
        self._tail: deque[str] = deque()
        self._tail_size = 0
        self._last = 0

    def write(self, record: str | Callable[[], str], timestamp: int | None = None) -> None:
        """Add one record; `timestamp` is epoch milliseconds, now by default. Time never runs backwards in a stream."""
        self._last = max(self._last, timestamp or int(time.time() * 1000))
        self._later(record)

    @property
    def tail(self) -> str:
        """The last 4 KB written, as `LogType=Tail` answers them."""
        self._flush()
        tail = "".join(f"{line}\n" for line in self._tail).encode("utf-8", "replace")
        return tail[-_TAIL:].decode("utf-8", "ignore")

    def begin_tail(self) -> None:
        """What was written until now is no part of the tail any more."""
        self._later(None)

    def _later(self, record: str | Callable[[], str] | None) -> None:
        if not self._told:
            asyncio.get_running_loop().call_soon(self._flush)
        self._told.append((record, self._last))

    def _flush(self) -> None:
        told, self._told = self._told, []
        for record, timestamp in told:
            if record is None:
                self._tail.clear()
                self._tail_size = 0
            else:
                self._add(record if isinstance(record, str) else record(), timestamp)

    def _add(self, message: str, timestamp: int) -> None:
        if len(message) * _WIDEST <= MAX_RECORD:
            self._writer.write(self.name, {"timestamp": timestamp, "message": message})
        else:
            line = message.encode("utf-8", "replace")
            for start in range(0, len(line), MAX_RECORD):
                piece = line[start : start + MAX_RECORD].decode("utf-8", "replace")
                self._writer.write(self.name, {"timestamp": timestamp, "message": piece})
        self._tail.append(message)
        self._tail_size += len(message) + 1
        while self._tail_size - len(self._tail[0]) - 1 >= _TAIL:
            self._tail_size -= len(self._tail.popleft()) + 1


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

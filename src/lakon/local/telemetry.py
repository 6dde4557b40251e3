"""What happens in an execution environment, told to the extensions that subscribed to it.

Events are gathered and delivered in batches, by HTTP or over TCP, to a port on the loopback. Rests on the "Lambda
Telemetry API" pages of the Lambda developer guide.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_DELIVERY_LIMIT = 1.0
_BACKLOG_BATCHES = 10


@dataclass(frozen=True, slots=True)
class Buffering:
    """When a batch is full: `max_items`, `max_bytes`, or older than `timeout` seconds."""

    max_items: int = 10_000
    max_bytes: int = 262_144
    timeout: float = 1.0


@dataclass(frozen=True, slots=True)
class Destination:
    """A listener on the loopback: HTTP when there is a `path`, else lines of JSON over TCP."""

    port: int
    path: str | None


def event_line(kind: str, record: object, milliseconds: int | None = None) -> str:
    """One event as JSON. `milliseconds` is its time since the epoch, now by default."""
    moment = datetime.now(UTC) if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
    time = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"time": time, "type": kind, "record": record}, ensure_ascii=False)


class Subscription:
    """One subscriber's events, on their way to it in order.

    What a subscriber does not take in time is dropped and counted, and the count is told in its place.
    """

    def __init__(self, types: Sequence[str], destination: Destination, buffering: Buffering) -> None:
        self.types = frozenset(types)
        self._destination = destination
        self._buffering = buffering
        self._lines: list[str] = []
        self._size = 0
        self._timer: asyncio.TimerHandle | None = None
        self._batches: list[list[str]] = []
        self._sender: asyncio.Task[None] | None = None
        self._dropped = [0, 0]
        self._tcp: asyncio.StreamWriter | None = None

    def add(self, line: str) -> None:
        """Put one event in the batch."""
        self._lines.append(line)
        self._size += len(line)
        if len(self._lines) >= self._buffering.max_items or self._size >= self._buffering.max_bytes:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._buffering.timeout, self.flush)

    def flush(self) -> None:
        """Send the batch, after those that are on their way."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if not self._lines:
            return
        batch, self._lines, self._size = self._lines, [], 0
        if len(self._batches) >= _BACKLOG_BATCHES:
            self._drop(batch)
            return
        if any(self._dropped):
            records, size = self._dropped
            told = {"droppedRecords": records, "droppedBytes": size, "reason": "the subscriber did not take them"}
            batch.insert(0, event_line("platform.logsDropped", told))
            self._dropped = [0, 0]
        self._batches.append(batch)
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send())

    @property
    def pending(self) -> bool:
        """Whether something is not delivered yet."""
        return bool(self._lines or self._batches)

    async def deliver(self) -> None:
        """Send what is left, and wait until it was taken or dropped."""
        self.flush()
        if self._sender:
            await self._sender

    async def close(self) -> None:
        """Let go; what is left is lost."""
        if self._timer:
            self._timer.cancel()
        if self._sender:
            self._sender.cancel()
            await asyncio.wait((self._sender,))
        if self._tcp:
            self._tcp.close()

    async def _send(self) -> None:
        while self._batches:
            try:
                async with asyncio.timeout(_DELIVERY_LIMIT):
                    await self._deliver(self._batches[0])
            except (OSError, EOFError, ValueError, TimeoutError):
                self._drop(self._batches[0])
            self._batches.pop(0)

    def _drop(self, batch: Sequence[str]) -> None:
        self._dropped[0] += len(batch)
        self._dropped[1] += sum(map(len, batch))

    async def _deliver(self, batch: Sequence[str]) -> None:
        if self._destination.path is None:
            if self._tcp is None or self._tcp.is_closing():
                _, self._tcp = await asyncio.open_connection("127.0.0.1", self._destination.port)
            self._tcp.write("".join(f"{line}\n" for line in batch).encode())
            await self._tcp.drain()
            return
        body = f"[{','.join(batch)}]".encode()
        head = (
            f"POST {self._destination.path} HTTP/1.1\r\nHost: sandbox.localdomain:{self._destination.port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
            f"Lambda-Extension-Sequence-Id: {_sequence_id(body)}\r\n\r\n"
        )
        reader, writer = await asyncio.open_connection("127.0.0.1", self._destination.port)
        try:
            writer.write(head.encode() + body)
            await writer.drain()
            status = (await reader.readline()).split()
            if len(status) < 2 or not status[1].startswith(b"2"):
                raise ValueError(f"the subscriber answered {status}")
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


class Telemetry:
    """The events of one environment. Until init ends they are kept for those who subscribe later."""

    def __init__(self) -> None:
        self._subscriptions: dict[str, Subscription] = {}
        self._early: list[tuple[str, str]] | None = []

    @property
    def active(self) -> bool:
        """Whether anybody hears, or may come to hear, what is told."""
        return self._early is not None or bool(self._subscriptions)

    @property
    def pending(self) -> bool:
        """Whether a subscriber has something to hear yet."""
        return any(subscription.pending for subscription in self._subscriptions.values())

    def subscribe(self, subscriber: str, subscription: Subscription) -> None:
        """Take a subscription, in place of an earlier one of the same subscriber."""
        self._subscriptions[subscriber] = subscription
        for kind, line in self._early or ():
            if kind.partition(".")[0] in subscription.types:
                subscription.add(line)

    def seal(self) -> None:
        """Init is over: nobody subscribes any more."""
        self._early = None

    def tell(self, kind: str, record: object, milliseconds: int | None = None) -> None:
        """An event: `kind` is function, extension, or a name that begins with `platform.`."""
        if not self.active:
            return
        line = event_line(kind, record, milliseconds)
        if self._early is not None:
            self._early.append((kind, line))
        for subscription in self._subscriptions.values():
            if kind.partition(".")[0] in subscription.types:
                subscription.add(line)

    async def deliver(self) -> None:
        """Let what was gathered go, and wait until it was taken or dropped."""
        await asyncio.gather(*(subscription.deliver() for subscription in self._subscriptions.values()))

    async def close(self) -> None:
        """Let all subscribers go."""
        for subscription in self._subscriptions.values():
            await subscription.close()
        self._subscriptions.clear()


def _sequence_id(body: bytes) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode()

"""Invoking functions for front doors: in the host beside them, with the emulator's leave.

The emulator knows which version a name means, and counts how many run; the event and the answer do not pass through it.
"""

from __future__ import annotations

import asyncio
import json
import time
from functools import partial
from itertools import count
from random import getrandbits
from typing import TYPE_CHECKING, NamedTuple, Protocol

from lakon.local.functions import Call, Function, parse_function
from lakon.local.inside.link import ANSWERED

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lakon.local.host import LambdaHost
    from lakon.local.runs import Outcome, Run
    from lakon.local.streams import ResponseSink

    class StreamSink(ResponseSink, Protocol):
        """Where a streamed response goes, and what can hold it back."""

        run: Run | None


_GATHER = 0.1  # seconds of invocations that the emulator is told of in one go


class RefusedError(Exception):
    """The function does not run: it is not there, or ("throttled") there is no room for it."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.throttled = kind == "throttled"


class Functions(asyncio.Protocol):
    """Invokes functions by their ARNs; the protocol of the connection on which the emulator lets them in."""

    def __init__(self) -> None:
        self.host: LambdaHost | None = None
        self._ids = count(1)
        self._asked: dict[int, tuple[str, asyncio.Future[Entry]]] = {}
        self._leases: dict[str, Entry] = {}
        self._done: list[tuple[str, float, bool]] = []
        self._told = bytearray()
        self._transport: asyncio.Transport | None = None
        self._offered = asyncio.Event()

    def admit(self, transport: asyncio.Transport) -> None:
        """The emulator may be asked on this connection."""
        transport.set_protocol(self)
        self._transport = transport
        self._offered.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's parameter
        """The emulator ends."""
        self._transport = None
        self._offered.clear()
        self._leases.clear()
        for _, answer in self._asked.values():
            answer.cancel()
        self._asked.clear()

    def data_received(self, data: bytes) -> None:
        """Answers of the emulator, or pieces of them."""
        self._told += data
        while len(self._told) >= ANSWERED.size:
            size, length = ANSWERED.unpack_from(self._told)
            start, end = ANSWERED.size + size, ANSWERED.size + size + length
            if len(self._told) < end:
                return
            head = json.loads(self._told[ANSWERED.size : start])
            description = bytes(self._told[start:end])
            del self._told[:end]
            self._take(head, description)

    async def call(
        self, arn: str, event: bytes, *, limit: float, trace: str = "", sink: StreamSink | None = None, id: str
    ) -> Outcome:
        """Run a function with an event to its answer.

        A response that it streams goes to `sink`, which may hold the run back. `trace` is the root of its X-Ray header.
        RefusedError when it does not run; TimeoutError when it has not answered after `limit` seconds, in which case
        it runs on.
        """
        entry = await self.enter(arn)
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Outcome] = loop.create_future()
        timer = loop.call_later(limit, _give_up, answered)
        header = f"{trace};Parent={getrandbits(64):016x};Sampled={int(entry.function.tracing)}" if trace else ""
        call = Call(request_id=id, function_arn=arn, payload=event, trace_id=header)
        try:
            run = self._submit(entry, call, partial(_settle, answered), sink)
            if sink:
                sink.run = run
            return await answered
        finally:
            timer.cancel()

    def leased(self, arn: str) -> Entry | None:
        """Leave to run what a name means, where the emulator need not be asked for it."""
        return self._leases.get(arn)

    async def enter(self, arn: str) -> Entry:
        """Leave to run what a name means, from the emulator; RefusedError when it gives none."""
        return self._leases.get(arn) or await self._enter(arn)

    def leave(self, entry: Entry) -> None:
        """Give leave back that nothing was done with."""
        if entry.number is not None:
            self._send({"leave": entry.number})

    def invoke(self, entry: Entry, call: Call, tell: Callable[[Outcome], None]) -> None:
        """Run a version with leave to do so, however long it takes, and tell what it came to."""
        self._submit(entry, call, tell, None)

    def _submit(self, entry: Entry, call: Call, tell: Callable[[Outcome], None], sink: StreamSink | None) -> Run:
        if self.host is None:
            raise RuntimeError("the Lambda host is not ready")
        reply = partial(self._reply, call.function_arn, entry, time.monotonic(), tell)
        return self.host.submit(entry.function, call, reply, sink)

    async def _enter(self, arn: str) -> Entry:
        await self._offered.wait()
        number = next(self._ids)
        answer: asyncio.Future[Entry] = asyncio.get_running_loop().create_future()
        self._asked[number] = arn, answer
        self._send({"id": number, "enter": arn})
        return await answer

    def _take(self, head: dict[str, Any], description: bytes) -> None:
        """What the emulator says: who may enter, or that leases hold no more."""
        if "revoked" in head:
            for arn in head["revoked"]:
                self._leases.pop(arn, None)
            return
        arn, answer = self._asked.pop(head["id"])
        if "refused" in head:
            if not answer.done():
                answer.set_exception(RefusedError(head["refused"], head["reason"]))
            return
        number = None if "lease" in head else head["id"]
        entry = Entry(number, parse_function(json.loads(description)), head["plain"])
        if entry.number is None:
            self._leases[arn] = entry
        if not answer.done():
            answer.set_result(entry)
        else:  # who asked is gone
            self.leave(entry)

    def _reply(self, arn: str, entry: Entry, began: float, tell: Callable[[Outcome], None], outcome: Outcome) -> None:
        seconds, failed = time.monotonic() - began, outcome.answer.error_type is not None
        tell(outcome)
        if entry.number is not None:
            self._send({"leave": entry.number, "seconds": seconds, "error": failed})
            return
        if not self._done:
            asyncio.get_running_loop().call_later(_GATHER, self._tell_done)
        self._done.append((arn, seconds, failed))

    def _tell_done(self) -> None:
        done, self._done = self._done, []
        self._send({"done": done})

    def _send(self, message: dict[str, object]) -> None:
        if self._transport:
            told = json.dumps(message).encode()
            self._transport.write(ANSWERED.pack(len(told), 0) + told)


class Entry(NamedTuple):
    """Leave to run a version: by lease, or once, and then by the number it is given back with.

    One that is not `plain` wants more than an event of who invokes it.
    """

    number: int | None
    function: Function
    plain: bool = False


def _give_up(answered: asyncio.Future[Outcome]) -> None:
    if not answered.done():
        answered.set_exception(TimeoutError())


def _settle(answered: asyncio.Future[Outcome], outcome: Outcome) -> None:
    if not answered.done():
        answered.set_result(outcome)

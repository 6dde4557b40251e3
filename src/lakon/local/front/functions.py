"""Invoking functions for front doors: in the host beside them, with the emulator's leave.

The emulator knows which version a name means, and counts how many run; the event and the answer do not pass through it.
"""

from __future__ import annotations

import asyncio
import json
import time
from functools import lru_cache, partial
from itertools import count
from typing import TYPE_CHECKING

from lakon.local.functions import Call, Function, parse_function
from lakon.local.inside.link import ANSWERED

if TYPE_CHECKING:
    from typing import Any

    from lakon.local.host import LambdaHost
    from lakon.local.runs import Outcome
    from lakon.local.streams import ResponseSink


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
        self._asked: dict[int, asyncio.Future[tuple[dict[str, Any], bytes]]] = {}
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
        for answer in self._asked.values():
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
            answer = self._asked.pop(head["id"])
            if answer.cancelled():
                self._leave(head["id"], 0.0, failed=False)
            else:
                answer.set_result((head, description))

    async def call(
        self, arn: str, event: bytes, *, limit: float, trace: str = "", sink: ResponseSink | None = None, id: str
    ) -> Outcome:
        """Run a function with an event to its answer.

        A response that it streams goes to `sink`. RefusedError when it does not run; TimeoutError when it has not
        answered after `limit` seconds, in which case it runs on.
        """
        number = next(self._ids)
        head, description = await self._enter(number, arn, trace)
        if "refused" in head:
            raise RefusedError(head["refused"], head["reason"])
        if self.host is None:
            raise RuntimeError("the Lambda host is not ready")
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Outcome] = loop.create_future()
        timer = loop.call_later(limit, _give_up, answered)
        call = Call(request_id=id, function_arn=head["arn"], payload=event, trace_id=head["trace"])
        try:
            self.host.submit(_parsed(description), call, partial(self._reply, number, time.monotonic(), answered), sink)
            return await answered
        finally:
            timer.cancel()

    async def _enter(self, number: int, arn: str, trace: str) -> tuple[dict[str, Any], bytes]:
        await self._offered.wait()
        answer: asyncio.Future[tuple[dict[str, Any], bytes]] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        self._send({"id": number, "enter": arn, "trace": trace})
        return await answer

    def _reply(self, number: int, began: float, answered: asyncio.Future[Outcome], outcome: Outcome) -> None:
        self._leave(number, time.monotonic() - began, failed=outcome.answer.error_type is not None)
        if not answered.done():
            answered.set_result(outcome)

    def _leave(self, number: int, seconds: float, *, failed: bool) -> None:
        self._send({"leave": number, "seconds": seconds, "error": failed})

    def _send(self, message: dict[str, object]) -> None:
        if self._transport:
            told = json.dumps(message).encode()
            self._transport.write(ANSWERED.pack(len(told), 0) + told)


def _give_up(answered: asyncio.Future[Outcome]) -> None:
    if not answered.done():
        answered.set_exception(TimeoutError())


@lru_cache(maxsize=1024)
def _parsed(description: bytes) -> Function:
    """The same words for the same version: reading them costs more than all else here."""
    return parse_function(json.loads(description))

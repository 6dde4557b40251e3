"""Function URLs. See "Creating and managing Lambda function URLs"."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING

from lakon.local.front import answers, cors, events
from lakon.local.front.functions import RefusedError
from lakon.local.front.gateway import Gateway, new_trace
from lakon.local.front.refusals import Refusal
from lakon.local.front.requests import Answer, told

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lakon.local.front.events import Event
    from lakon.local.front.requests import Asked, Pairs
    from lakon.local.runs import Outcome, Run

_MAX_BODY = 6 * 1024 * 1024
_MOST_WAITING = 1024 * 1024  # bytes of a stream that a client has not taken


class FunctionUrlDoor(Gateway):
    """The address of one function: payload format 2.0, buffered or streamed."""

    max_body = _MAX_BODY

    async def answer(self, asked: Asked) -> Answer:
        """Answer a request: preflights here, all else by the function."""
        rules = self.plan.cors
        if rules and (early := cors.preflight(rules, asked)):
            return early
        answer = await self._answered(asked)
        if rules:
            cors.allow(rules, asked, answer)
        answer.headers.append(("x-amzn-requestid", asked.id))
        return answer

    async def _answered(self, asked: Asked) -> Answer:
        trace = new_trace()
        if len(asked.body) > self.max_body:
            return told(
                413, "Request must be smaller than 6291456 bytes for the InvokeFunction operation", name="Message"
            )
        event = events.version_2(
            self.plan,
            asked,
            trace,
            route_key="$default",
            path=asked.path,
            parameters={},
            domain=f"{self.plan.api_id}.lambda-url.{self.plan.region}.on.aws",
        )
        if "iam" in self.plan.guards:
            try:
                passed = await self.guards.check("iam", (), asked, "", lambda _guard, _identity: {})
            except Refusal:
                return told(403, "Forbidden", name="Message", headers=[("x-amzn-errortype", "AccessDeniedException")])
            event["requestContext"]["authorizer"] = passed.version_2()
        try:
            return await (self._streamed if self.plan.streaming else self._buffered)(event, asked, trace)
        except RefusedError as error:
            if not error.throttled:
                return told(502, "Internal Server Error")
            body = json.dumps({"Reason": str(error), "Type": "User", "message": "Rate Exceeded."}).encode()
            return Answer(429, [("content-type", "application/json")], body)

    async def _buffered(self, event: Event, asked: Asked, trace: str) -> Answer:
        outcome = await self.call(self.plan.default or "", event, asked, trace)
        if outcome.answer.error_type is not None:
            return _failed()
        try:
            return answers.version_2(outcome.answer.body)
        except answers.MalformedError:
            return _failed()

    async def _streamed(self, event: Event, asked: Asked, trace: str) -> Answer:
        """Answer when the stream begins; what follows goes to the client as it comes."""
        sink = _Sink()
        task = asyncio.create_task(self._follow(event, asked, trace, sink))
        begun = await sink.begun()
        if isinstance(begun, BaseException):
            raise begun
        status, headers = begun
        return Answer(status, headers, _pieces(sink, task))

    async def _follow(self, event: Event, asked: Asked, trace: str, sink: _Sink) -> None:
        body = json.dumps(event, separators=(",", ":")).encode()
        try:
            outcome = await self._functions.call(
                self.plan.default or "", body, limit=self.plan.timeout, trace=trace, id=asked.id, sink=sink
            )
        except (RefusedError, TimeoutError) as error:
            sink.fail(error)
        else:
            sink.end(outcome)


class _Sink:
    """Takes a streamed response, and hands it on piece by piece; None is its end."""

    def __init__(self) -> None:
        self.run: Run | None = None
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._waiting = 0
        self._begun: asyncio.Future[tuple[int, Pairs] | BaseException] = asyncio.get_running_loop().create_future()

    async def begun(self) -> tuple[int, Pairs] | BaseException:
        """Status and headers, once they are there, or why there are none."""
        return await self._begun

    def begin(self, content_type: str, prelude: bytes | None) -> None:
        """The response begins."""
        if prelude is None:
            self._begin(200, [("content-type", content_type or "application/octet-stream")])
            return
        try:
            self._begin(*answers.prelude(prelude))
        except answers.MalformedError:
            self._begin(502, [("content-type", "application/json")])

    def write(self, chunk: bytes) -> None:
        """A piece of the body. A client that takes nothing has the function wait."""
        self._pieces.put_nowait(chunk)
        self._waiting += len(chunk)
        if self._waiting > _MOST_WAITING and self.run:
            self.run.hold(wait=True)

    async def next(self) -> bytes | None:
        """The next piece; None at the end."""
        piece = await self._pieces.get()
        self._waiting -= len(piece or b"")
        if self._waiting <= _MOST_WAITING and self.run:
            self.run.hold(wait=False)
        return piece

    def fail(self, error: BaseException) -> None:
        """The function did not run."""
        if not self._begun.done():
            self._begun.set_result(error)
        self._pieces.put_nowait(None)

    def end(self, outcome: Outcome) -> None:
        """The invocation is over. What was not streamed is a whole answer."""
        if not self._begun.done():
            try:
                answer = _failed() if outcome.answer.error_type else answers.version_2(outcome.answer.body)
            except answers.MalformedError:
                answer = _failed()
            self._begin(answer.status, answer.headers)
            if isinstance(answer.body, bytes) and answer.body:
                self._pieces.put_nowait(answer.body)
        self._pieces.put_nowait(None)

    def _begin(self, status: int, headers: Pairs) -> None:
        if not self._begun.done():
            self._begun.set_result((status, headers))


async def _pieces(sink: _Sink, task: asyncio.Task[None]) -> AsyncIterator[bytes]:
    while (piece := await sink.next()) is not None:
        yield piece
    with suppress(asyncio.CancelledError):
        await task


def _failed() -> Answer:
    return Answer(502, [("content-type", "application/json")], b"Internal Server Error")

"""Answers that reach the client while the function makes them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from lakon.local.front import answers
from lakon.local.front.functions import RefusedError
from lakon.local.front.requests import Answer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from lakon.local.front.requests import Pairs
    from lakon.local.runs import Outcome, Run

_MOST_WAITING = 1024 * 1024  # bytes of a stream that a client has not taken


async def streamed(call: Callable[[Sink], Awaitable[Outcome]], whole: Callable[[Outcome], Answer]) -> Answer:
    """Answer when the stream begins; what follows goes to the client as it comes.

    `call` invokes the function, `whole` makes an answer of what did not stream. Raises what either raises before the
    stream begins, and MalformedError for a stream that is no HTTP answer.
    """
    sink = Sink(whole)
    task = asyncio.create_task(_follow(call, sink))
    begun = await sink.begun()
    if isinstance(begun, BaseException):
        raise begun
    return Answer(*begun, _pieces(sink, task))


class Sink:
    """Takes a streamed response, and hands it on piece by piece; None is its end."""

    def __init__(self, whole: Callable[[Outcome], Answer]) -> None:
        self.run: Run | None = None
        self._whole = whole
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._waiting = 0
        self._begun: asyncio.Future[tuple[int, Pairs] | BaseException] = asyncio.get_running_loop().create_future()

    async def begun(self) -> tuple[int, Pairs] | BaseException:
        """Status and headers, once they are there, or why there are none."""
        return await self._begun

    def begin(self, content_type: str, prelude: bytes | None) -> None:
        """The response begins."""
        if prelude is None:
            self._begin((200, [("content-type", content_type or "application/octet-stream")]))
            return
        try:
            self._begin(answers.prelude(prelude))
        except answers.MalformedError as error:
            self._begin(error)

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
        self._begin(error)
        self._pieces.put_nowait(None)

    def end(self, outcome: Outcome) -> None:
        """The invocation is over. What was not streamed is a whole answer."""
        if not self._begun.done():
            try:
                answer = self._whole(outcome)
            except Exception as error:  # noqa: BLE001 - the door's own refusals go to the door
                self._begin(error)
            else:
                self._begin((answer.status, answer.headers))
                if isinstance(answer.body, bytes) and answer.body:
                    self._pieces.put_nowait(answer.body)
        self._pieces.put_nowait(None)

    def _begin(self, said: tuple[int, Pairs] | BaseException) -> None:
        if not self._begun.done():
            self._begun.set_result(said)


async def _follow(call: Callable[[Sink], Awaitable[Outcome]], sink: Sink) -> None:
    try:
        outcome = await call(sink)
    except (RefusedError, TimeoutError) as error:
        sink.fail(error)
    else:
        sink.end(outcome)


async def _pieces(sink: Sink, task: asyncio.Task[None]) -> AsyncIterator[bytes]:
    while (piece := await sink.next()) is not None:
        yield piece
    with suppress(asyncio.CancelledError):
        await task

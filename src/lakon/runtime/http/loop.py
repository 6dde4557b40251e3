"""The one event loop of an environment, kept between requests. Ships into Lambda."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import AsyncIterator, Coroutine, Iterator
    from typing import Any, TypeVar

    Result = TypeVar("Result")

_loop: AbstractEventLoop | None = None


def loop() -> AbstractEventLoop:
    """The loop, made when first needed."""
    global _loop
    if _loop is None or _loop.is_closed():
        import asyncio
        import atexit

        _loop = asyncio.new_event_loop()
        atexit.register(_loop.close)
    return _loop


def run(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end."""
    return loop().run_until_complete(coroutine)


def iterate(parts: AsyncIterator[Any]) -> Iterator[Any]:
    """The parts of an asynchronous iterator, each made when it is asked for."""
    while True:
        try:
            yield run(_next(parts))
        except StopAsyncIteration:
            return


async def _next(parts: AsyncIterator[Any]) -> Any:
    return await parts.__anext__()

"""The one event loop of an environment, kept between requests. Ships into Lambda.

Lambda stops a function's process when its answer is there. So what a request has started with
`asyncio.create_task` is finished first, as long as there is time.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Task
    from collections.abc import AsyncIterator, Coroutine, Iterator
    from typing import Any, TypeVar

    Result = TypeVar("Result")

_MARGIN = 0.5  # seconds that are left for the answer itself

_loop: AbstractEventLoop | None = None
_lasting: set[Task[Any]] = set()  # which no request waits for


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


def finish(coroutine: Coroutine[Any, Any, Result], context: Any) -> Result:
    """Run a coroutine to its end, and then the tasks that it started; `context` is Lambda's, which knows the time."""
    return run(_finished(coroutine, context))


def iterate(parts: AsyncIterator[Any], context: Any) -> Iterator[Any]:
    """The parts of an asynchronous iterator, each made when it is asked for; tasks that it started are finished."""
    while True:
        try:
            yield run(_next(parts))
        except StopAsyncIteration:
            run(settled(context))
            return


async def settled(context: Any) -> None:
    """Wait for tasks that are not done. One that is not when the time is nearly over is waited for no more."""
    from asyncio import wait

    remaining = getattr(context, "get_remaining_time_in_millis", None)  # not in every test
    while left := _running():
        timeout = None if remaining is None else max(remaining() / 1000 - _MARGIN, 0)
        _, running = await wait(left, timeout=timeout)
        if running:
            leave()
            from logging import getLogger

            named = ", ".join(sorted({getattr(task.get_coro(), "__qualname__", "a task") for task in running}))
            getLogger("lakon").warning(
                "%s did not end in the time of its request: what is to last begins in the lifespan", named
            )


def leave() -> None:
    """Wait for no task that runs now, in this request or another."""
    for task in _running():
        _lasting.add(task)
        task.add_done_callback(_lasting.discard)


def _running() -> list[Task[Any]]:
    from asyncio import all_tasks, current_task

    current = current_task()
    return [task for task in all_tasks() if task is not current and task not in _lasting]


async def _finished(coroutine: Coroutine[Any, Any, Result], context: Any) -> Result:
    try:
        return await coroutine
    finally:
        await settled(context)


async def _next(parts: AsyncIterator[Any]) -> Any:
    return await parts.__anext__()

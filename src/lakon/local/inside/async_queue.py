"""Events: accepted with 202, run later, retried, and told of where the function wants it.

Rests on "How Lambda handles errors and retries with asynchronous invocation" of the Lambda developer guide:

- an event whose function fails is run again after one minute, and after two more (MaximumRetryAttempts of the
  EventInvokeConfig, 2 unless it says otherwise);
- an event that is throttled, or that Lambda itself fails, is tried again after one second, then two, four, ... at most
  five minutes apart; such tries do not count;
- an event older than MaximumEventAgeInSeconds (six hours unless the config says otherwise) is given up.

All attempts have the same request id. Time is scaled here: a minute of waiting lasts `minute` seconds, and an event's
age counts the minutes that it would have waited on AWS, so that every event ends as it would there.

Events that the emulator holds when it ends in order, waiting ones and those under way, are saved, and run again at its
next start: as on AWS, an event may run twice, and none is lost.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import os
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from lakon.local.inside.concurrency import ThrottledError
from lakon.local.inside.invoker import Asked

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from lakon.local.inside.destinations import Destinations
    from lakon.local.inside.invoker import Invoker, Result
    from lakon.local.inside.records import Records, Target

MAX_RETRIES = 2
MAX_AGE = 6 * 3600
_MAX_BACKOFF = 300
_WIDTH = 8 * (os.cpu_count() or 1)
_PATIENCE = 0.5
_log = logging.getLogger("lakon.events")


@dataclass(slots=True)
class Event:
    """An event on its way. `born` is an epoch time; `skipped` are seconds that AWS would have waited and we did not."""

    arn: str
    request_id: str
    payload: bytes
    trace_id: str
    tenant_id: str
    born: float
    attempts: int = 0
    throttles: int = 0
    skipped: float = 0.0

    @classmethod
    def of(cls, arn: str, asked: Asked) -> Event:
        """A new event for the function, version or alias `arn`."""
        return cls(arn, asked.request_id, asked.payload, asked.trace_id, asked.tenant_id, time.time())

    @property
    def age(self) -> float:
        """How old it is on AWS's clock, in seconds."""
        return time.time() - self.born + self.skipped


class _Lane:
    """The events of one function.

    At first as many at once as keep the machine busy; one more each half second while none ends: what waits, perhaps
    for another of its kind, keeps no processor busy.
    """

    def __init__(self, attempt: Callable[[Event], Coroutine[None, None, None]]) -> None:
        self._attempt = attempt
        self._ready: asyncio.Queue[Event] = asyncio.Queue()
        self._ended = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._dispatcher = asyncio.create_task(self._dispatch())

    def put(self, event: Event) -> None:
        """Run an event when it is its turn."""
        self._ready.put_nowait(event)

    def stop(self) -> None:
        """Run nothing more."""
        self._dispatcher.cancel()
        for task in self._running:
            task.cancel()

    async def _dispatch(self) -> None:
        while True:
            event = await self._ready.get()
            self._ended.clear()
            if len(self._running) >= _WIDTH:
                try:
                    await asyncio.wait_for(self._ended.wait(), _PATIENCE)
                except TimeoutError:
                    _log.info("%d events of %s are under way and none ends: one more starts", _WIDTH, event.arn)
            task = asyncio.create_task(self._attempt(event))
            self._running.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._ended.set()
        if not task.cancelled() and (error := task.exception()):
            _log.error("an event could not be handled", exc_info=error)


class AsyncQueue:
    """Runs events, those of each function in a lane of their own, so that none waits for another's."""

    def __init__(self, records: Records, invoker: Invoker, destinations: Destinations, minute: float = 1.0) -> None:
        self._records = records
        self._invoker = invoker
        self._destinations = destinations
        self._scale = minute / 60
        self._held: dict[int, Event] = {}
        self._lanes: dict[str, _Lane] = {}
        self._loop = asyncio.get_running_loop()

    def put(self, event: Event) -> None:
        """Accept an event. From any thread."""
        self._held[id(event)] = event
        self._loop.call_soon_threadsafe(self._line_up, event)

    def load(self, saved: Path) -> None:
        """Accept what `save` has saved."""
        if saved.exists():
            for event in json.loads(saved.read_text()):
                self.put(Event(**event | {"payload": base64.b64decode(event["payload"])}))
            saved.unlink()

    def save(self, saved: Path) -> None:
        """Run nothing more; write every event that has not ended."""
        for lane in self._lanes.values():
            lane.stop()
        events = [
            asdict(event) | {"payload": base64.b64encode(event.payload).decode()} for event in self._held.values()
        ]
        saved.write_text(json.dumps(events))

    def _line_up(self, event: Event) -> None:
        lane = self._lanes.get(event.arn)
        if lane is None:
            lane = self._lanes[event.arn] = _Lane(self._attempt)
        lane.put(event)

    async def _attempt(self, event: Event) -> None:
        try:
            target = self._records.find(event.arn)
        except LookupError as error:
            _log.warning("event %s is dropped: %s", event.request_id, error)
            del self._held[id(event)]
            return
        settings = target.event_settings
        if target.reserved == 0:
            await self._end(event, target, "ZeroReservedConcurrency", None)
        elif event.age > settings.get("MaximumEventAgeInSeconds", MAX_AGE):
            await self._end(event, target, "EventAgeExceeded", None)
        else:
            await self._run(event, target, settings.get("MaximumRetryAttempts", MAX_RETRIES))

    async def _run(self, event: Event, target: Target, retries: int) -> None:
        asked = Asked(event.request_id, event.payload, event.trace_id, tenant_id=event.tenant_id)
        try:
            with self._invoker.slot(target):
                result = await self._invoker.run(target, asked)
        except (ThrottledError, OSError):
            event.throttles += 1
            self._again(event, min(2.0 ** (event.throttles - 1), _MAX_BACKOFF))
            return
        event.attempts += 1
        if not result.error_type:
            await self._end(event, target, "Success", result)
        elif event.attempts > retries:
            await self._end(event, target, "RetriesExhausted", result)
        else:
            self._again(event, 60.0 * event.attempts)

    def _again(self, event: Event, wait: float) -> None:
        scaled = wait * self._scale
        event.skipped += wait - scaled
        self._loop.call_later(scaled, self._line_up, event)

    async def _end(self, event: Event, target: Target, condition: str, result: Result | None) -> None:
        await self._destinations.tell(event, target, condition, result)
        self._held.pop(id(event), None)

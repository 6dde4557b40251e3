"""One attempt at one invocation: room for it, the version's description, the host's answer, the metrics."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from lakon.local.inside.concurrency import Concurrency, ThrottledError
from lakon.local.inside.link import frame

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from lakon.local.inside.link import Json, Link
    from lakon.local.inside.records import Records, Target
    from lakon.local.inside.seam import Emulator

_ROOT = re.compile(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}", re.IGNORECASE)
_SAMPLED = re.compile(r"Sampled=([01])")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the host is asked for beyond the function: see `lakon.local.functions.Call`."""

    request_id: str
    payload: bytes
    trace_id: str
    client_context: str = ""
    tenant_id: str = ""
    tail: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an invocation. `error_type` is empty for a success; `log` is the log's tail, if it is wanted."""

    body: bytes
    error_type: str = ""
    log: str = ""


class Invoker:
    """Invokes the versions of functions. ThrottledError, or OSError when the host is not there."""

    def __init__(self, emulator: Emulator, records: Records, concurrency: Concurrency, link: Link) -> None:
        self._emulator = emulator
        self._records = records
        self._concurrency = concurrency
        self._link = link

    @contextmanager
    def slot(self, target: Target) -> Iterator[None]:
        """Hold room for one invocation of `target`. ThrottledError when there is none."""
        try:
            account, region, _ = target.key
            with self._concurrency.slot(
                target.key, target.reserved, lambda: self._emulator.all_reserved(account, region)
            ):
                yield
        except ThrottledError:
            self._emulator.count(target.key, 0.0, error=False, throttled=True)
            raise

    async def run(self, target: Target, asked: Asked, part: Callable[[bytes], Awaitable[None]] | None = None) -> Result:
        """Invoke on the event loop, in room that is held; with `part`, a streamed response goes there as it comes."""
        began = time.monotonic()
        try:
            message = self._frame(target, asked, streamed=part is not None)
        except LookupError as error:
            result = _failure(error)
        else:
            result = _result(*await self._link.tell(message, part))
        count = partial(self.count, target, time.monotonic() - began, error=bool(result.error_type))
        asyncio.get_running_loop().call_soon(count)  # the answer does not wait for it
        return result

    def count(self, target: Target, seconds: float, *, error: bool) -> None:
        """Put an invocation that others ran into the metrics."""
        self._emulator.count(target.key, seconds, error=error, throttled=False)

    async def initialize(self, target: Target) -> None:
        """Have an environment of a version wait for an event. What goes wrong stands in the function's log."""
        with suppress(LookupError):
            await self._link.tell(frame({"do": "initialize"}, self._records.describe(target, "")))

    def run_blocking(self, target: Target, asked: Asked) -> Result:
        """Invoke from a thread, which waits."""
        with self.slot(target):
            try:
                message = self._frame(target, asked, streamed=False)
            except LookupError as error:
                return _failure(error)
            return _result(*self._link.ask(message))

    def _frame(self, target: Target, asked: Asked, *, streamed: bool) -> bytes:
        message = {
            "do": "invoke",
            "requestId": asked.request_id,
            "functionArn": target.arn,
            "clientContext": asked.client_context,
            "traceId": asked.trace_id,
            "tenantId": asked.tenant_id,
            "tail": asked.tail,
            "streamed": streamed,
        }
        return frame(message, self._records.describe(target, asked.tenant_id), asked.payload)


def trace_id(config: Json, inbound: str = "") -> str:
    """The X-Ray header of an invocation of a version: see `trace_header`."""
    return trace_header(inbound, active=(config.get("TracingConfig") or {}).get("Mode") == "Active")


def trace_header(inbound: str, *, active: bool) -> str:
    """The X-Ray header of an invocation: the caller's trace goes on, or a new one begins, sampled if that is active."""
    root = _ROOT.search(inbound)
    sampled = _SAMPLED.search(inbound) if root else None
    found = root[0] if root else f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    return f"{found};Parent={secrets.token_hex(8)};Sampled={sampled[1] if sampled else int(active)}"


def _result(head: Json, body: bytes) -> Result:
    return Result(body, str(head["errorType"] or ""), str(head["log"]))


def _failure(error: LookupError) -> Result:
    body = json.dumps({"errorType": "Sandbox.Failure", "errorMessage": str(error)}).encode()
    return Result(body, "Sandbox.Failure")

"""Letting the host in: it runs functions for front doors and callers, and asks here which, and whether there is room.

One connection, opened from here, on which the host asks and is answered in frames of two parts (`link.ANSWERED`): a
head in JSON, and a body. `{"id": 1, "enter": ARN}` is answered with the version that is meant, its description as the
body, or with why it cannot be; "plain" tells whether an event is all that it wants of who invokes it, and the emulator
itself has no part in it. `{"leave": 1, "seconds": 0.2, "error": false}` gives the room back, without the seconds where
nothing ran.

An answer may come with a lease: as long as it is not revoked, the host need not ask, and tells only what was done
(`{"done": [[ARN, seconds, error], ...]}`). Before a request that may have changed functions is answered, all leases are
looked at again: who changed a function never meets the old one afterwards. What changes them without a request, as the
work of stacks does, is seen a moment later. A function with reserved concurrency is not leased, nor is any where
little is left of the account's concurrency: there each invocation has to be counted first; nor an alias with weights,
which means another version each time.
"""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from lakon.local.inside.concurrency import ThrottledError
from lakon.local.inside.link import ANSWERED, frame

if TYPE_CHECKING:
    from lakon.local.inside.invoker import Invoker
    from lakon.local.inside.link import Json
    from lakon.local.inside.records import Records, Target
    from lakon.local.inside.seam import Emulator

_ROOMY = 500  # concurrent executions that callers on one machine cannot use up
_MOMENT = 0.05  # seconds between two looks
_SHARE = 50  # looking takes no more than one part in so many of the time


class Admissions:
    """Answers the host until it is gone. `limit` is the account's concurrency."""

    def __init__(self, emulator: Emulator, records: Records, invoker: Invoker, host_port: int, limit: int) -> None:
        self._emulator = emulator
        self._records = records
        self._invoker = invoker
        self._host_port = host_port
        self._limit = limit
        self._inside: dict[int, tuple[Target, ExitStack]] = {}
        self._leased: dict[str, bytes] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Offer the host to ask, and answer."""
        reader, self._writer = await asyncio.open_connection("127.0.0.1", self._host_port)
        self._writer.write(frame({"do": "admit"}))
        try:
            while True:
                size, length = ANSWERED.unpack(await reader.readexactly(ANSWERED.size))
                self._answer(json.loads(await reader.readexactly(size + length)))
        except (asyncio.IncompleteReadError, ConnectionError):
            return  # the supervisor is ending
        finally:
            self._leased.clear()
            self._writer.close()

    def look(self) -> None:
        """Revoke the leases of functions that are not what they were."""
        revoked = [arn for arn, described in self._leased.items() if self._described(arn) != described]
        for arn in revoked:
            del self._leased[arn]
        if revoked:
            self._send({"revoked": revoked})

    def _look_again(self) -> None:
        began = time.monotonic()
        self.look()
        self._timer = None
        if self._leased:
            self._look_later(max(_MOMENT, (time.monotonic() - began) * _SHARE))

    def _look_later(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._look_again)

    def _answer(self, asked: Json) -> None:
        if "enter" in asked:
            self._send(*self._enter(asked))
        elif "leave" in asked:
            target, held = self._inside.pop(asked["leave"])
            held.close()
            if "seconds" in asked:
                self._invoker.count(target, asked["seconds"], error=asked["error"])
        else:
            for arn, seconds, error in asked["done"]:
                self._count(arn, seconds, error=error)

    def _enter(self, asked: Json) -> tuple[Json, bytes]:
        head: Json = {"id": asked["id"]}
        held = ExitStack()
        try:
            target = self._records.find(asked["enter"])
            held.enter_context(self._invoker.slot(target))
            described = self._records.describe(target)
        except ThrottledError as error:
            return head | {"refused": "throttled", "reason": error.reason}, b""
        except (LookupError, ValueError) as error:
            held.close()
            return head | {"refused": "missing", "reason": str(error)}, b""
        head["plain"] = _is_plain(target)
        if self._may_be_leased(target):
            held.close()
            self._leased[asked["enter"]] = described
            self._look_later(_MOMENT)
            return head | {"lease": True}, described
        self._inside[asked["id"]] = target, held
        return head, described

    def _described(self, arn: str) -> bytes | None:
        try:
            target = self._records.find(arn)
            return self._records.describe(target) if self._may_be_leased(target) else None
        except (LookupError, ValueError):
            return None

    def _may_be_leased(self, target: Target) -> bool:
        account, region, _ = target.key
        left = self._limit - self._emulator.all_reserved(account, region)
        return target.reserved is None and not target.weighted and left >= _ROOMY

    def _count(self, arn: str, seconds: float, *, error: bool) -> None:
        try:
            target = self._records.find(arn)
        except LookupError:
            return  # it was deleted meanwhile, and its metrics with it
        self._invoker.count(target, seconds, error=error)

    def _send(self, head: Json, body: bytes = b"") -> None:
        if self._writer:
            told = json.dumps(head).encode()
            self._writer.write(ANSWERED.pack(len(told), len(body)) + told + body)


def _is_plain(target: Target) -> bool:
    config = target.function["config"]
    durable = (config.get("DurableConfig") or {}).get("Enabled")
    snapshot = (target.config.get("SnapStart") or {}).get("OptimizationStatus") == "On"
    return not (durable or snapshot or config.get("TenancyConfig"))

"""Letting front doors in: they run functions in the host itself, and ask here which, and whether there is room.

One connection, opened from here, on which the host asks and is answered in frames of two parts (`link.ANSWERED`): a
head in JSON, and a body. `{"id": 1, "enter": ARN}` is answered with the version that is meant, its description as the
body, or with why it cannot be; `{"leave": 1, "seconds": 0.2, "error": false}` gives the room back.

Without the seconds it did not run.

An answer may come with a lease: as long as it is not revoked, the host need not ask, and tells only what was done
(`{"done": [[ARN, seconds, error], ...]}`). A lease is "plain" unless whoever invokes the function has to say more than
an event, or the emulator itself runs it. Before a request that may have changed functions is answered, all leases are
looked at again: who changed a function never meets the old one afterwards. A function with reserved concurrency is
not leased, nor is any where the account's concurrency was made small: there each invocation has to be counted first;
nor an alias with weights, which means another version each time.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import ExitStack
from typing import TYPE_CHECKING

from lakon.local.inside.concurrency import ThrottledError
from lakon.local.inside.link import ANSWERED, frame

if TYPE_CHECKING:
    from lakon.local.inside.invoker import Invoker
    from lakon.local.inside.link import Json
    from lakon.local.inside.records import Records, Target

_ROOMY = 1000  # concurrent executions of an account that no front door on one machine can use up


class Admissions:
    """Answers the host's front doors until it is gone."""

    def __init__(self, records: Records, invoker: Invoker, host_port: int, concurrency: int) -> None:
        self._records = records
        self._invoker = invoker
        self._host_port = host_port
        self._roomy = concurrency >= _ROOMY
        self._inside: dict[int, tuple[Target, ExitStack]] = {}
        self._leased: dict[str, bytes] = {}
        self._writer: asyncio.StreamWriter | None = None

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
            self._writer.close()

    def look(self) -> None:
        """Revoke the leases of functions that are not what they were."""
        revoked = [arn for arn, described in self._leased.items() if self._described(arn) != described]
        for arn in revoked:
            del self._leased[arn]
        if revoked:
            self._send({"revoked": revoked})

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
        if self._roomy and _may_be_leased(target):
            held.close()
            self._leased[asked["enter"]] = described
            return head | {"lease": "plain" if _is_plain(target) else "other"}, described
        self._inside[asked["id"]] = target, held
        return head, described

    def _described(self, arn: str) -> bytes | None:
        try:
            target = self._records.find(arn)
            return self._records.describe(target) if _may_be_leased(target) else None
        except (LookupError, ValueError):
            return None

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


def _may_be_leased(target: Target) -> bool:
    return target.reserved is None and not target.weighted


def _is_plain(target: Target) -> bool:
    config = target.function["config"]
    durable = (config.get("DurableConfig") or {}).get("Enabled")
    snapshot = (target.config.get("SnapStart") or {}).get("OptimizationStatus") == "On"
    return not (durable or snapshot or config.get("TenancyConfig"))

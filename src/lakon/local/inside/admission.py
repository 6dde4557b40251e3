"""Letting front doors in: they run functions in the host itself, and ask here which, and whether there is room.

One connection, opened from here, on which the host asks and is answered in frames of two parts (`link.ANSWERED`): a
head in JSON, and a body. `{"id": 1, "enter": ARN, "trace": HEADER}` is answered with the version that is meant, its
description as the body, or with why it cannot be; `{"leave": 1, "seconds": 0.2, "error": false}` gives the room back.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import ExitStack
from typing import TYPE_CHECKING

from lakon.local.inside.concurrency import ThrottledError
from lakon.local.inside.invoker import trace_id
from lakon.local.inside.link import ANSWERED, frame

if TYPE_CHECKING:
    from lakon.local.inside.invoker import Invoker
    from lakon.local.inside.link import Json
    from lakon.local.inside.records import Records, Target


class Admissions:
    """Answers the host's front doors until it is gone."""

    def __init__(self, records: Records, invoker: Invoker, host_port: int) -> None:
        self._records = records
        self._invoker = invoker
        self._host_port = host_port
        self._inside: dict[int, tuple[Target, ExitStack]] = {}

    async def run(self) -> None:
        """Offer the host to ask, and answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._host_port)
        writer.write(frame({"do": "admit"}))
        try:
            while True:
                size, length = ANSWERED.unpack(await reader.readexactly(ANSWERED.size))
                asked = json.loads(await reader.readexactly(size + length))
                if "leave" in asked:
                    self._leave(asked)
                    continue
                head, body = self._enter(asked)
                told = json.dumps({"id": asked["id"], **head}).encode()
                writer.write(ANSWERED.pack(len(told), len(body)) + told + body)
        except (asyncio.IncompleteReadError, ConnectionError):
            return  # the supervisor is ending
        finally:
            writer.close()

    def _enter(self, asked: Json) -> tuple[Json, bytes]:
        held = ExitStack()
        try:
            target = self._records.find(asked["enter"])
            held.enter_context(self._invoker.slot(target))
            described = self._records.describe(target)
        except ThrottledError as error:
            return {"refused": "throttled", "reason": error.reason}, b""
        except (LookupError, ValueError) as error:
            held.close()
            return {"refused": "missing", "reason": str(error)}, b""
        self._inside[asked["id"]] = target, held
        return {"arn": target.arn, "trace": trace_id(target.config, asked["trace"])}, described

    def _leave(self, asked: Json) -> None:
        target, held = self._inside.pop(asked["leave"])
        held.close()
        self._invoker.count(target, asked["seconds"], error=asked["error"])

"""Provisioned concurrency, and the ends of functions: what the host must know without being asked to invoke."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING

from lakon.local.inside.link import frame

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from lakon.local.inside.link import Json, Link
    from lakon.local.inside.records import Records, Target

    Handler = Callable[..., tuple[int, dict[str, str], bytes]]

_log = logging.getLogger("lakon.provisioning")


class Provisioning:
    """Follows what the emulator records, and tells the host."""

    def __init__(self, records: Records, link: Link) -> None:
        self._records = records
        self._link = link
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()

    def restore(self) -> None:
        """Have the host initialise again what was provisioned when the emulator ended."""
        for target, settings in self._records.provisioned():
            self._soon(target, settings)

    def put(self, original: Handler) -> Handler:
        """PutProvisionedConcurrencyConfig, which begins IN_PROGRESS and is READY when the host is."""

        def put(func_name: str, qualifier: str, data: Json) -> tuple[int, dict[str, str], bytes]:
            status, headers, body = original(func_name, qualifier, data)
            if status != 202:
                return status, headers, body
            target = self._records.find(func_name, qualifier)
            if target.version == "$LATEST":
                _settings(target).pop(target.qualifier or "$LATEST", None)
                return _refused("Provisioned Concurrency Configs cannot be applied to unpublished function versions.")
            settings = _settings(target)[target.qualifier]
            settings |= {
                "AvailableProvisionedConcurrentExecutions": 0,
                "AllocatedProvisionedConcurrentExecutions": 0,
                "Status": "IN_PROGRESS",
            }
            self._soon(target, settings)
            return status, headers, json.dumps(settings).encode()

        return put

    def delete(self, original: Handler) -> Handler:
        """DeleteProvisionedConcurrencyConfig."""

        def delete(func_name: str, qualifier: str) -> tuple[int, dict[str, str], bytes]:
            status, headers, body = original(func_name, qualifier)
            if status == 204:
                self._soon(self._records.find(func_name, qualifier), {"RequestedProvisionedConcurrentExecutions": 0})
            return status, headers, body

        return delete

    def forget(self) -> None:
        """Let the host end what was deleted. In place of `lambda_svc._sweep_extract_cache`: every deletion calls it."""
        for name in self._records.gone():
            self._loop.call_soon_threadsafe(self._start, self._link.tell(frame({"do": "forget", "name": name})), None)

    def _soon(self, target: Target, settings: Json) -> None:
        count = settings["RequestedProvisionedConcurrentExecutions"]
        try:
            asked = frame({"do": "provision", "count": count}, self._records.describe(target))
        except LookupError as error:
            settings |= {"Status": "FAILED", "StatusReason": str(error)}
            return
        self._loop.call_soon_threadsafe(self._start, self._link.tell(asked), settings)

    def _start(self, asking: Coroutine[None, None, tuple[Json, bytes]], settings: Json | None) -> None:
        task = self._loop.create_task(_follow(asking, settings))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _follow(asking: Coroutine[None, None, tuple[Json, bytes]], settings: Json | None) -> None:
    try:
        answer, _ = await asking
    except OSError as error:
        answer = {"error": str(error)}
    if answer.get("error"):
        _log.warning("%s", answer["error"])
    if settings is None:
        return
    if answer.get("error"):
        settings |= {"Status": "FAILED", "StatusReason": answer["error"]}
    else:
        count = settings["RequestedProvisionedConcurrentExecutions"]
        settings |= {
            "AvailableProvisionedConcurrentExecutions": count,
            "AllocatedProvisionedConcurrentExecutions": count,
            "Status": "READY",
        }


def _settings(target: Target) -> Json:
    settings: Json = target.function.get("provisioned_concurrency") or {}
    return settings


def _refused(message: str) -> tuple[int, dict[str, str], bytes]:
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": "InvalidParameterValueException"}
    return 400, headers, json.dumps({"Type": "User", "message": message}).encode()

"""Functions invoked by other services of the emulator: the same way as through the API.

S3, SNS, EventBridge, its Scheduler and CloudWatch Logs invoke asynchronously on AWS: their events go to the queue. All
others (API Gateway, function URLs, Step Functions, Cognito, custom resources, pollers of queues and streams, ...) wait
for the answer.
"""

from __future__ import annotations

import json
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from lakon.local.inside.async_queue import Event
from lakon.local.inside.concurrency import ThrottledError
from lakon.local.inside.invoker import Asked, trace_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakon.local.inside.async_queue import AsyncQueue
    from lakon.local.inside.invoker import Invoker
    from lakon.local.inside.link import Json
    from lakon.local.inside.records import Records
    from lakon.local.inside.seam import Emulator

_asynchronous: ContextVar[bool] = ContextVar("asynchronous", default=False)


class Triggers:
    """Takes the place of the emulator's own doors into a function. Called from many threads."""

    def __init__(self, emulator: Emulator, records: Records, invoker: Invoker, events: AsyncQueue) -> None:
        self._emulator = emulator
        self._records = records
        self._invoker = invoker
        self._events = events

    def execute(self, func: Json, event: object) -> Json:
        """Invoke and wait; the result in the emulator's shape. In place of `lambda_svc._execute_function`."""
        if _asynchronous.get() or (isinstance(event, dict) and event.keys() == {"awslogs"}):
            self.submit(func, event)
            return {"body": None, "log": ""}
        try:
            target = self._records.find(_config(func)["FunctionArn"])
            result = self._invoker.run_blocking(target, _asked(target.config, event))
        except ThrottledError as error:
            return self._emulator.throttle(error.reason)
        except (LookupError, OSError) as error:
            body = {"errorType": "Sandbox.Failure", "errorMessage": str(error)}
            return {"body": body, "log": "", "error": True, "function_error": "Unhandled"}
        told: Json = {"body": _parsed(result.body), "log": result.log}
        return told | {"error": True, "function_error": "Unhandled"} if result.error_type else told

    def submit(self, func: Json, event: object) -> None:
        """Invoke asynchronously. In place of `lambda_svc.invoke_async_with_retry`."""
        config = _config(func)
        self._events.put(Event.of(config["FunctionArn"], _asked(config, event)))

    def from_topic(self, deliver: Callable[..., None]) -> Callable[..., None]:
        """`sns._deliver_to_lambda`, invoking asynchronously."""

        def deliver_asynchronously(*arguments: object) -> None:
            token = _asynchronous.set(True)
            try:
                deliver(*arguments)
            finally:
                _asynchronous.reset(token)

        return deliver_asynchronously

    def from_bus(self, arn: str, payload: str) -> None:
        """Invoke asynchronously. In place of `eventbridge._dispatch_to_lambda`."""
        if func := self._emulator.found(arn):
            try:
                event = json.loads(payload)
            except (ValueError, TypeError):
                event = payload
            self.submit(func, event)

    def effective(self, original: Callable[..., tuple[Any, Any]]) -> Callable[..., tuple[Any, Any]]:
        """`lambda_svc._effective_func_record_for_qualifier`, with the alias kept in the ARN of what it finds.

        So the function sees the ARN that was invoked, and its weights are drawn at each invocation.
        """

        def effective(func: Json | None, qualifier: str | None) -> tuple[Any, Any]:
            record, config = original(func, qualifier)
            alias = ((func or {}).get("aliases") or {}).get(qualifier)
            if record is None or not alias:
                return record, config
            config = config | {"FunctionArn": alias["AliasArn"]}
            return record | {"config": config}, config

        return effective


def _config(func: Json) -> Json:
    config: Json = func.get("config") or func
    return config


def _asked(config: Json, event: object) -> Asked:
    return Asked(str(uuid4()), json.dumps(event, ensure_ascii=False).encode(), trace_id(config))


def _parsed(body: bytes) -> object:
    """JSON becomes a value, for the emulator's consumers look into it; anything else stays bytes."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body

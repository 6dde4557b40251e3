"""Where the records of asynchronous invocations go: destinations, and dead letter queues.

Rests on "Capturing records of Lambda asynchronous invocations" and "Adding a dead-letter queue" of the Lambda developer
guide: a record (version 1.0) goes to OnSuccess or OnFailure (a queue, a topic, a function, a bus or, for failures, a
bucket); the bare event goes to the dead letter target, with RequestID, ErrorCode and ErrorMessage as attributes.

Each is sent through the emulator's own API for that service.
"""

from __future__ import annotations

import json
import logging
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lakon.local.inside.async_queue import Event
    from lakon.local.inside.invoker import Result
    from lakon.local.inside.link import Json
    from lakon.local.inside.records import Target
    from lakon.local.inside.seam import Emulator

_MAX_ERROR = 1024
_log = logging.getLogger("lakon.destinations")


class DeliveryError(Exception):
    """A target that did not take what it was sent."""


class Destinations:
    """Tells of events that have ended. `invoke` takes a function's ARN and a payload, and invokes it asynchronously."""

    def __init__(self, emulator: Emulator, invoke: Callable[[str, bytes], None]) -> None:
        self._emulator = emulator
        self._invoke = invoke

    async def tell(self, event: Event, target: Target, condition: str, result: Result | None) -> None:
        """Send the record of an event that has ended. What cannot be delivered is told in the log, and is lost."""
        failed = condition != "Success"
        config = target.event_settings.get("DestinationConfig") or {}
        destination = (config.get("OnFailure" if failed else "OnSuccess") or {}).get("Destination")
        dead_letters = (target.config.get("DeadLetterConfig") or {}).get("TargetArn") if failed else None
        with self._emulator.scope(target.key.account, target.key.region):
            if destination:
                await self._deliver(destination, event, target, _record(event, target, condition, result))
            if dead_letters:
                await self._bury(dead_letters, event, result, condition)

    async def _deliver(self, destination: str, event: Event, target: Target, record: Json) -> None:
        text = json.dumps(record)
        try:
            match destination.split(":")[2]:
                case "sqs":
                    await _send_message(self._emulator, destination, text, {})
                case "sns":
                    await _publish(self._emulator, destination, text, {})
                case "lambda":
                    self._invoke(destination, text.encode())
                case "events":
                    await _put_event(self._emulator, destination, record)
                case "s3":
                    await _put_object(self._emulator, destination, target, text)
                case service:
                    raise DeliveryError(f"nothing is known of {service}")
        except DeliveryError as error:
            _log.warning("the record of event %s did not reach %s: %s", event.request_id, destination, error)

    async def _bury(self, dead_letters: str, event: Event, result: Result | None, condition: str) -> None:
        message = _error_message(result) if result else condition
        attributes = {
            "RequestID": ("String", event.request_id),
            "ErrorCode": ("Number", "200" if result else "429"),
            "ErrorMessage": ("String", message[:_MAX_ERROR]),
        }
        send = _send_message if dead_letters.split(":")[2] == "sqs" else _publish
        try:
            await send(self._emulator, dead_letters, event.payload.decode(), attributes)
        except DeliveryError as error:
            _log.warning("event %s did not reach its dead letter target %s: %s", event.request_id, dead_letters, error)


def _record(event: Event, target: Target, condition: str, result: Result | None) -> Json:
    record: Json = {
        "version": "1.0",
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": target.arn if target.qualifier else f"{target.arn}:$LATEST",
            "condition": condition,
            "approximateInvokeCount": event.attempts,
        },
        "requestPayload": json.loads(event.payload),
    }
    if result:
        error = {"functionError": "Unhandled"} if result.error_type else {}
        record["responseContext"] = {"statusCode": 200, "executedVersion": target.version} | error
        record["responsePayload"] = _parsed(result.body)
    return record


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")


def _error_message(result: Result) -> str:
    answer = _parsed(result.body)
    return str(answer.get("errorMessage", "")) if isinstance(answer, dict) else str(answer)


async def _send_message(emulator: Emulator, arn: str, text: str, attributes: Mapping[str, tuple[str, str]]) -> None:
    queue = await _json(emulator, "sqs", "AmazonSQS.GetQueueUrl", {"QueueName": arn.rpartition(":")[2]})
    told = {name: {"DataType": kind, "StringValue": value} for name, (kind, value) in attributes.items()}
    message = {"QueueUrl": queue["QueueUrl"], "MessageBody": text, "MessageAttributes": told}
    await _json(emulator, "sqs", "AmazonSQS.SendMessage", message)


async def _publish(emulator: Emulator, arn: str, text: str, attributes: Mapping[str, tuple[str, str]]) -> None:
    fields = {"Action": "Publish", "Version": "2010-03-31", "TopicArn": arn, "Message": text}
    for number, (name, (kind, value)) in enumerate(attributes.items(), 1):
        entry = f"MessageAttributes.entry.{number}"
        fields |= {f"{entry}.Name": name, f"{entry}.Value.DataType": kind, f"{entry}.Value.StringValue": value}
    headers = {"content-type": "application/x-www-form-urlencoded"}
    await _call(emulator, "sns", "POST", "/", headers, urlencode(fields).encode())


async def _put_event(emulator: Emulator, arn: str, record: Json) -> None:
    outcome = "Success" if record["requestContext"]["condition"] == "Success" else "Failure"
    entry = {
        "Source": "lambda",
        "DetailType": f"Lambda Function Invocation Result - {outcome}",
        "Detail": json.dumps(record),
        "EventBusName": arn,
        "Resources": [arn, record["requestContext"]["functionArn"]],
        "Time": time.time(),
    }
    answer = await _json(emulator, "eventbridge", "AWSEvents.PutEvents", {"Entries": [entry]})
    if answer.get("FailedEntryCount"):
        raise DeliveryError(json.dumps(answer["Entries"]))


async def _put_object(emulator: Emulator, arn: str, target: Target, text: str) -> None:
    now = datetime.now(UTC)
    key = f"aws/lambda/async/{target.key.name}/{now:%Y/%m/%d}/{now:%Y-%m-%dT%H.%M.%S}-{uuid4()}"
    await _call(
        emulator,
        "s3",
        "PUT",
        f"/{arn.rpartition(':')[2]}/{quote(key)}",
        {"content-type": "application/json"},
        text.encode(),
    )


async def _json(emulator: Emulator, service: str, operation: str, document: Json) -> Json:
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": operation}
    answer: Json = json.loads(
        await _call(emulator, service, "POST", "/", headers, json.dumps(document).encode()) or b"{}"
    )
    return answer


async def _call(
    emulator: Emulator, service: str, method: str, path: str, headers: Mapping[str, str], body: bytes
) -> bytes:
    status, _, answer = await emulator.call(service, method, path, headers, body)
    told: bytes = answer if isinstance(answer, bytes) else str(answer).encode()
    if status >= 300:
        raise DeliveryError(told.decode("utf-8", "replace"))
    return told

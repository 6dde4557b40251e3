"""The Lambda API's Invoke and InvokeWithResponseStream, in AWS's shapes.

Rests on "Invoke" and "InvokeWithResponseStream" of the Lambda API reference, and for what it does not say on what AWS
was seen to answer: messages, and RequestEntityTooLargeException where the reference has RequestTooLargeException.

Function errors are 200 with X-Amz-Function-Error: Unhandled, as all runtimes of today have it.
"""

from __future__ import annotations

import base64
import json
import re
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote
from uuid import UUID, uuid4

from lakon.local.inside import eventstream
from lakon.local.inside.async_queue import Event
from lakon.local.inside.concurrency import ThrottledError
from lakon.local.inside.invoker import Asked, Invoker, Result, trace_id
from lakon.local.inside.records import InvalidReferenceError, MismatchError, NotFoundError, Records, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lakon.local.inside.async_queue import AsyncQueue
    from lakon.local.inside.link import Json
    from lakon.local.inside.seam import Reply, Runner, Send

MAX_PAYLOAD = 6 * 1024 * 1024
MAX_EVENT_PAYLOAD = 1024 * 1024
MAX_CLIENT_CONTEXT = 3583

_INVOKE = re.compile(r"/2015-03-31/functions/([^/]+)/invocations/?")
_STREAM = re.compile(r"/2021-11-15/functions/([^/]+)/response-streaming-invocations/?")
_TENANT = re.compile(r"[a-zA-Z0-9._:/=+\-@ ]{1,256}")
_TYPES = ("Event", "RequestResponse", "DryRun")
_INITIALIZE = '{"custom": {"lakon": "initialize"}}'  # client context of a dry run: `lakon.provision.code.initialize`
_NO_TENANTS = "The invoked function is not enabled with tenancy configuration. Remove the tenant ID and try again."
_TENANT_NEEDED = "The invoked function is enabled with tenancy configuration. Add a valid tenant ID and try again."


def is_invoke(path: str) -> bool:
    """Whether a path, percent-decoded, is that of one of the two operations."""
    return bool(_INVOKE.fullmatch(path) or _STREAM.fullmatch(path))


class RefusedError(Exception):
    """A request that AWS answers with an error instead of an invocation."""

    def __init__(self, status: int, code: str, message: str, members: Json | None = None) -> None:
        super().__init__(message)
        self._status = status
        self._code = code
        self._members = members or {"message": message}

    def reply(self, headers: dict[str, str]) -> Reply:
        """The error in the shape of the REST JSON protocol."""
        kind = "User" if self._status < 500 else "Service"
        body = json.dumps({"Type": kind} | self._members).encode()
        return self._status, {"Content-Type": "application/json", "x-amzn-ErrorType": self._code} | headers, body


def throttled(reason: str) -> RefusedError:
    """What says that there is no room for an invocation."""
    return RefusedError(429, "TooManyRequestsException", reason, {"message": "Rate Exceeded.", "Reason": reason})


@dataclass(frozen=True, slots=True)
class _Request:
    reference: str
    qualifier: str
    headers: Mapping[str, str]
    body: bytes
    streamed: bool

    @property
    def type(self) -> str:
        return self.headers.get("x-amz-invocation-type") or "RequestResponse"

    @property
    def tail(self) -> bool:
        return self.headers.get("x-amz-log-type") == "Tail"


class InvokeApi:
    """Answers the two operations; `streaming` makes the emulator's reply body of a function that sends it."""

    def __init__(
        self,
        records: Records,
        invoker: Invoker,
        events: AsyncQueue,
        streaming: Callable[[Runner], object],
    ) -> None:
        self._records = records
        self._invoker = invoker
        self._events = events
        self._streaming = streaming

    async def handle(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, object]
    ) -> Reply | None:
        """The reply; None when this is another operation, or the invocation of a durable function."""
        match = (_INVOKE.fullmatch(path) or _STREAM.fullmatch(path)) if method == "POST" else None
        if not match:
            return None
        qualifier = query.get("Qualifier") or ""
        request = _Request(
            reference=unquote(match[1]),
            qualifier=str(qualifier[0] if isinstance(qualifier, list) else qualifier),
            headers=headers,
            body=body or b"{}",
            streamed=match.re is _STREAM,
        )
        told = {"x-amzn-requestid": str(uuid4())}
        try:
            return await self._answer(request, told)
        except RefusedError as error:
            return error.reply(told)
        except ThrottledError as error:
            return throttled(error.reason).reply(told)
        except OSError as error:
            return RefusedError(500, "ServiceException", f"the Lambda host is not there: {error}").reply(told)

    async def _answer(self, request: _Request, told: dict[str, str]) -> Reply | None:
        told["x-amzn-requestid"] = _request_id(request, told["x-amzn-requestid"])
        if request.type not in _TYPES:
            raise _constraint(request.type, "invocationType", f"enum value set: [{', '.join(_TYPES)}]")
        target = self._target(request)
        if (target.function["config"].get("DurableConfig") or {}).get("Enabled"):
            return None
        context = _checked(request, target)
        asked = Asked(
            request_id=told["x-amzn-requestid"],
            payload=request.body,
            trace_id=trace_id(target.config, request.headers.get("x-amzn-trace-id", "")),
            client_context=context,
            tenant_id=request.headers.get("x-amz-tenant-id", ""),
            tail=request.tail,
        )
        told["X-Amzn-Trace-Id"] = asked.trace_id
        if request.type == "Event":
            self._events.put(Event.of(target.arn, asked))
            return 202, told, b""
        told["X-Amz-Executed-Version"] = target.version
        if request.type == "DryRun":
            if context == _INITIALIZE:
                await self._invoker.initialize(target)
            return 204, told, b""
        if request.streamed:
            return self._stream(request, target, asked, told)
        with self._invoker.slot(target):
            result = await self._invoker.run(target, asked)
        if result.error_type:
            told["X-Amz-Function-Error"] = "Unhandled"
        if request.tail:
            told["X-Amz-Log-Result"] = _log_result(result)
        return 200, {"Content-Type": "application/json"} | told, result.body

    def _target(self, request: _Request) -> Target:
        try:
            return self._records.find(request.reference, request.qualifier)
        except NotFoundError as error:
            raise RefusedError(404, "ResourceNotFoundException", str(error), {"Message": str(error)}) from error
        except InvalidReferenceError as error:
            pattern = "the pattern of a function name, version, alias or ARN"
            raise _constraint(request.reference, "functionName", pattern) from error
        except MismatchError as error:
            message = "The derived qualifier from the function name does not match the specified qualifier."
            raise RefusedError(400, "InvalidParameterValueException", message) from error

    def _stream(self, request: _Request, target: Target, asked: Asked, told: dict[str, str]) -> Reply:
        held = ExitStack()
        held.enter_context(self._invoker.slot(target))

        async def send_all(send: Send, _receive: object) -> None:
            async def part(chunk: bytes, *, more: bool = True) -> None:
                await send({"type": "http.response.body", "body": chunk, "more_body": more})

            with held:
                try:
                    result = await self._invoker.run(
                        target, asked, lambda chunk: part(eventstream.payload_chunk(chunk))
                    )
                except OSError as error:
                    result = Result(str(error).encode(), "ServiceException")
                log = _log_result(result) if request.tail else ""
                if result.error_type:
                    end = eventstream.invoke_complete("Unhandled", result.body.decode("utf-8", "replace"), log)
                else:
                    end = eventstream.invoke_complete(log_result=log)
                    if result.body:
                        end = eventstream.payload_chunk(result.body) + end
                await part(end, more=False)

        return 200, {"Content-Type": eventstream.CONTENT_TYPE} | told, self._streaming(send_all)


def _checked(request: _Request, target: Target) -> str:
    """Refuse what AWS refuses; the client context, decoded."""
    size, limit = len(request.body), MAX_EVENT_PAYLOAD if request.type == "Event" else MAX_PAYLOAD
    if size > MAX_PAYLOAD:
        message = f"Request must be smaller than {MAX_PAYLOAD} bytes for the InvokeFunction operation"
        raise RefusedError(413, "RequestEntityTooLargeException", message)
    if size > limit:
        message = f"{size} byte payload is too large for the Event invocation type (limit {limit} bytes)"
        raise RefusedError(413, "RequestEntityTooLargeException", message)
    try:
        json.loads(request.body)
    except (ValueError, RecursionError) as error:
        message = f"Could not parse request body into json: {error}"
        raise RefusedError(400, "InvalidRequestContentException", message) from error
    _check_tenant(request, target)
    snapshot = (target.config.get("SnapStart") or {}).get("OptimizationStatus") == "On"
    if snapshot and target.config.get("State") == "Pending":
        message = (
            "The operation cannot be performed at this time. The function is currently in the following state: Pending"
        )
        raise RefusedError(409, "ResourceConflictException", message)
    return "" if request.type == "Event" else _client_context(request.headers.get("x-amz-client-context", ""))


def _check_tenant(request: _Request, target: Target) -> None:
    tenant, wanted = request.headers.get("x-amz-tenant-id"), target.function["config"].get("TenancyConfig")
    if tenant and not _TENANT.fullmatch(tenant):
        raise _constraint(tenant, "tenantId", f"regular expression pattern: {_TENANT.pattern}")
    if bool(tenant) != bool(wanted):
        message = _NO_TENANTS if tenant else _TENANT_NEEDED
        raise RefusedError(400, "InvalidParameterValueException", message)


def _client_context(encoded: str) -> str:
    if len(encoded) > MAX_CLIENT_CONTEXT:
        message = f"Client context must be no more than {MAX_CLIENT_CONTEXT} bytes when base64-encoded."
        raise RefusedError(400, "InvalidRequestContentException", message)
    try:
        context = base64.b64decode(encoded, validate=True).decode()
        if context:
            json.loads(context)
    except (ValueError, RecursionError) as error:
        message = "Client context must be a valid Base64-encoded JSON object."
        raise RefusedError(400, "InvalidRequestContentException", message) from error
    return context


def _request_id(request: _Request, made: str) -> str:
    """The caller's own, if it has one."""
    given = request.headers.get("x-amzn-requestid")
    try:
        return str(UUID(given)) if given else made
    except ValueError as error:
        message = f"x-amzn-RequestId {given} is not a valid UUID string"
        raise RefusedError(400, "InvalidRequestContentException", message) from error


def _constraint(value: str, member: str, wanted: str) -> RefusedError:
    message = (
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "
        f"Member must satisfy {wanted}"
    )
    return RefusedError(400, "ValidationException", message)


def _log_result(result: Result) -> str:
    return base64.b64encode(result.log.encode()).decode()

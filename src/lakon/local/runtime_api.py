"""The Lambda Runtime API (2018-06-01) of one execution environment: its states, statuses, headers and bodies.

Served on a loopback port of its own, as `AWS_LAMBDA_RUNTIME_API` names it to the runtime. `RuntimeApi` is the state
machine; `http` holds the wire. Rests on the "Using the Lambda runtime API for custom runtimes" page of the Lambda
developer guide.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from dataclasses import dataclass
from enum import Enum, auto

from lakon.local.http import HttpConnection, Reply, Request

MAX_PAYLOAD = 6 * 1024 * 1024 + 100
"""The largest event and the largest buffered response, in bytes."""

_ERROR_TYPE = re.compile(r"(Runtime|Function)\.[A-Z][a-zA-Z]+")
_INVOCATION = re.compile(r"/2018-06-01/runtime/invocation/([^/]+)/(response|error)")
_NEXT = "/2018-06-01/runtime/invocation/next"
_INIT_ERROR = "/2018-06-01/runtime/init/error"
_ERROR_CAUSE = "application/vnd.aws.lambda.error.cause+json"


class State(Enum):
    """Where the runtime is; the values are the names that Lambda uses in its refusals."""

    STARTED = "Started"
    INIT_ERROR = "InitError"
    READY = "Ready"
    RUNNING = "Running"
    RESPONSE_SENT = "RuntimeResponseSentState"


class Ending(Enum):
    """How an invocation, or the init phase, came to its end."""

    DONE = auto()
    EXITED = auto()
    TIMED_OUT = auto()


@dataclass(frozen=True, slots=True)
class Invocation:
    """One event for the runtime. `deadline_ms` is epoch milliseconds; empty headers are left out."""

    request_id: str
    payload: bytes
    function_arn: str
    deadline_ms: int
    trace_id: str = ""
    client_context: str = ""
    cognito_identity: str = ""
    tenant_id: str = ""
    content_type: str = "application/json"

    def headers(self) -> list[tuple[str, str]]:
        """The headers of the reply to /next."""
        named = (
            ("Lambda-Runtime-Aws-Request-Id", self.request_id),
            ("Lambda-Runtime-Deadline-Ms", str(self.deadline_ms)),
            ("Lambda-Runtime-Invoked-Function-Arn", self.function_arn),
            ("Lambda-Runtime-Trace-Id", self.trace_id),
            ("Lambda-Runtime-Client-Context", self.client_context),
            ("Lambda-Runtime-Cognito-Identity", self.cognito_identity),
            ("Lambda-Runtime-Aws-Tenant-Id", self.tenant_id),
        )
        return [(name, value) for name, value in named if value]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the runtime, or Lambda in its place, answers to an event. `error_type` is None for a success."""

    body: bytes
    content_type: str = "application/json"
    error_type: str | None = None

    @classmethod
    def failure(cls, error_type: str, message: str) -> Answer:
        """An error made by Lambda itself, in its shape."""
        body = json.dumps({"errorType": error_type, "errorMessage": message}).encode()
        return cls(body, error_type=error_type)


class RuntimeApi:
    """The state machine of one runtime process. All calls happen on the event loop.

    `ended` resolves when the init phase, and then each invocation, is over; the runtime itself ends it by asking for
    the next event, and the environment by `finish`. `answer` is what the runtime has posted until then.
    """

    def __init__(self) -> None:
        self.state = State.STARTED
        self.answer: Answer | None = None
        self.ended: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._invocation: Invocation | None = None
        self._waiting: HttpConnection | None = None
        self._server: asyncio.Server | None = None
        self._connections: set[HttpConnection] = set()

    async def start(self) -> str:
        """Listen on a free loopback port; the address is `host:port`."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: HttpConnection(self.handle, self._connections, MAX_PAYLOAD), "127.0.0.1", 0
        )
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"{host}:{port}"

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        if self._server:
            self._server.close()
        for connection in list(self._connections):
            connection.abort()
        await asyncio.sleep(0)

    def submit(self, invocation: Invocation) -> asyncio.Future[Ending]:
        """Hand an event to the runtime, which must be Ready; the future resolves when the invocation is over."""
        self.answer = None
        self.ended = asyncio.get_running_loop().create_future()
        self._invocation = invocation
        if self._waiting and not self._waiting.closed:
            self._waiting.send(self._event(invocation))
        return self.ended

    def finish(self, ending: Ending) -> None:
        """End what is going on, unless it has ended."""
        if not self.ended.done():
            self.ended.set_result(ending)

    def handle(self, request: Request, connection: HttpConnection) -> Reply | None:
        """The reply to one request; None when it will be sent on `connection` later, as for /next."""
        if match := _INVOCATION.fullmatch(request.path):
            return self._post(request, *match.groups()) if request.method == "POST" else Reply(405)
        if request.path == _NEXT:
            return self._next(connection) if request.method == "GET" else Reply(405)
        if request.path == _INIT_ERROR:
            return self._init_error(request) if request.method == "POST" else Reply(405)
        return Reply(404, b"404 page not found\n", "text/plain; charset=utf-8")

    def _next(self, connection: HttpConnection) -> Reply | None:
        if self.state is State.INIT_ERROR or (self._waiting and not self._waiting.closed):
            return self._refused("Ready")
        if self._invocation and self.state in (State.READY, State.RUNNING):
            return self._event(self._invocation)  # the same again, or one that no connection was there for
        self.state = State.READY
        self._invocation = None
        self._waiting = connection
        self.finish(Ending.DONE)
        return None

    def _event(self, invocation: Invocation) -> Reply:
        self.state = State.RUNNING
        self._waiting = None
        return Reply(200, invocation.payload, invocation.content_type, invocation.headers())

    def _init_error(self, request: Request) -> Reply:
        if self.state is not State.STARTED:
            return self._refused("InitError")
        self.state = State.INIT_ERROR
        self.answer = Answer(request.body, _json_or_bytes(request.body), _error_type(request))
        self.finish(Ending.DONE)
        return _ACCEPTED

    def _post(self, request: Request, request_id: str, kind: str) -> Reply:
        wanted = "InvocationResponse" if kind == "response" else "InvocationErrorResponse"
        if self.state is State.STARTED:
            return self._refused(wanted)
        if self._invocation is None or request_id != self._invocation.request_id:
            return _error(400, "InvalidRequestID", "Invalid request ID")
        if self.state is not State.RUNNING:
            return self._refused(wanted)
        self.state = State.RESPONSE_SENT
        self.answer, reply = _response(request) if kind == "response" else (_posted_error(request), _ACCEPTED)
        return reply

    def _refused(self, wanted: str) -> Reply:
        return _error(
            403,
            "InvalidStateTransition",
            f"State transition from {self.state.value} to {wanted} failed for runtime. "
            "Error: State transition is not allowed",
        )


def _response(request: Request) -> tuple[Answer, Reply]:
    mode = request.headers.get("lambda-runtime-function-response-mode")
    if mode not in (None, "streaming"):
        message = f"Invalid response mode: {mode}"
        return Answer.failure("Runtime.InvalidResponseModeHeader", message), _error(
            400, "InvalidFunctionResponseMode", "Invalid response mode"
        )
    if request.size > MAX_PAYLOAD:
        limit = f"exceeded maximum allowed payload size ({MAX_PAYLOAD} bytes)."
        too_large = f"Response payload size ({request.size} bytes) {limit}"
        return Answer.failure("Function.ResponseSizeTooLarge", too_large), _error(
            413, "RequestEntityTooLarge", f"Exceeded maximum allowed payload size ({MAX_PAYLOAD} bytes)."
        )
    if "lambda-runtime-function-error-type" in request.headers:  # a trailer: the stream broke off with an error
        return Answer(_trailing_error(request), error_type=_error_type(request)), _ACCEPTED
    return Answer(request.body, request.headers.get("content-type", "application/octet-stream")), _ACCEPTED


def _trailing_error(request: Request) -> bytes:
    return base64.b64decode(request.headers.get("lambda-runtime-function-error-body", ""))


def _posted_error(request: Request) -> Answer:
    body = request.body
    if request.headers.get("content-type") == _ERROR_CAUSE:
        try:
            shape = json.loads(body)
            shape.pop("errorCause", None)
            body = json.dumps(shape).encode()
        except (ValueError, AttributeError):
            return Answer(b'"Invalid error body"', "application/octet-stream", _error_type(request))
    return Answer(body, _json_or_bytes(body), _error_type(request))


def _error_type(request: Request) -> str:
    named = request.headers.get("lambda-runtime-function-error-type", "")
    if _ERROR_TYPE.fullmatch(named):
        return named
    return "Function.Unknown" if named.startswith("Function.") else "Runtime.Unknown"


def _json_or_bytes(body: bytes) -> str:
    try:
        json.loads(body)
    except ValueError:
        return "application/octet-stream"
    return "application/json"


def _error(status: int, error_type: str, message: str) -> Reply:
    return Reply(status, json.dumps({"errorMessage": message, "errorType": error_type}).encode() + b"\n")


_ACCEPTED = Reply(202, b'{"status":"OK"}\n')

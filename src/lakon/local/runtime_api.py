"""The Lambda Runtime API (2018-06-01) of one execution environment: its states, statuses, headers and bodies.

Rests on the "Using the Lambda runtime API for custom runtimes" page of the Lambda developer guide.
"""

from __future__ import annotations

import asyncio
import re
from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple

from lakon.local.answers import (
    ACCEPTED,
    MAX_PAYLOAD,
    Answer,
    error_type,
    json_or_bytes,
    posted_error,
    refusal,
    too_large,
    too_large_refusal,
    trailing_error,
)
from lakon.local.http import Body, HttpConnection, Reply, Request
from lakon.local.streams import MAX_STREAMED, ResponseSink, StreamedBody

if TYPE_CHECKING:
    from collections.abc import Callable

_INVOCATION = re.compile(r"/2018-06-01/runtime/invocation/([^/]+)/(response|error)")
_NEXT = "/2018-06-01/runtime/invocation/next"
_INIT_ERROR = "/2018-06-01/runtime/init/error"
_RESTORE_NEXT = "/2018-06-01/runtime/restore/next"
_RESTORE_ERROR = "/2018-06-01/runtime/restore/error"
_MODE = "lambda-runtime-function-response-mode"


class State(Enum):
    """Where the runtime is; the values are the names that Lambda uses in its refusals."""

    STARTED = "Started"
    INIT_ERROR = "InitError"
    RESTORING = "Restoring"
    RESTORE_ERROR = "RuntimeRestoreErrorState"
    READY = "Ready"
    RUNNING = "Running"
    RESPONDING = "InvocationResponse"
    RESPONSE_SENT = "RuntimeResponseSentState"


_TERMINAL = (State.INIT_ERROR, State.RESTORE_ERROR)


class Ending(Enum):
    """How an invocation, or the init phase, came to its end."""

    DONE = auto()
    EXITED = auto()
    TIMED_OUT = auto()


class Invocation(NamedTuple):
    """One event for the runtime. `deadline_ms` is epoch milliseconds; empty headers are left out.

    With a `sink`, a response that the runtime streams goes there as it comes.
    """

    request_id: str
    payload: bytes
    function_arn: str
    deadline_ms: int
    trace_id: str = ""
    client_context: str = ""
    cognito_identity: str = ""
    tenant_id: str = ""
    content_type: str = "application/json"
    sink: ResponseSink | None = None

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


class RuntimeApi:
    """The state machine of one runtime process. All calls happen on the event loop.

    `ended` resolves when the init phase, and then each invocation, is over: the runtime asks for the next event and
    nobody else is `busy`, or the environment calls `finish`. `answer` is what the runtime has posted until then.
    `snap_start` opens the calls of a runtime that is restored from a snapshot. `answered` is called when the runtime
    has posted its answer to an event and knows that it was taken, `ready` when it asks for the next one, `over` as
    `ended` resolves, but without delay. Causes of errors, meant for X-Ray, are taken and dropped: nothing traces.
    """

    def __init__(
        self,
        *,
        snap_start: bool = False,
        busy: Callable[[], bool] = lambda: False,
        answered: Callable[[], None] = lambda: None,
        ready: Callable[[], None] = lambda: None,
        over: Callable[[Ending], None] = lambda _: None,
    ) -> None:
        self.state = State.STARTED
        self.answer: Answer | None = None
        self.streaming: StreamedBody | None = None
        self.ended: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._snap_start = snap_start
        self._busy = busy
        self._answered = answered
        self._ready = ready
        self._over = over
        self._invocation: Invocation | None = None
        self._waiting: HttpConnection | None = None

    def submit(self, invocation: Invocation) -> asyncio.Future[Ending]:
        """Hand an event to the runtime, which must be Ready; the future resolves when the invocation is over."""
        self.answer = None
        self.streaming = None
        self.ended = asyncio.get_running_loop().create_future()
        self._invocation = invocation
        if self._waiting and not self._waiting.closed:
            self._waiting.send(self._event(invocation))
        return self.ended

    def finish(self, ending: Ending) -> None:
        """End what is going on, unless it has ended."""
        if not self.ended.done():
            if self.streaming:
                self.streaming.close()
            self.ended.set_result(ending)
            self._over(ending)

    def settle(self) -> None:
        """End what is going on if the runtime is Ready and nobody else is busy."""
        if self.state is State.READY and not self._busy():
            self.finish(Ending.DONE)

    def accept(self, request: Request) -> Body | Reply | None:
        """Take a streamed response to where it goes; refuse what is too large before it is sent."""
        streams, waits = _streams(request), request.expects_leave
        if not (streams or waits):
            return None
        match = _INVOCATION.fullmatch(request.path)
        if match is None or match[2] != "response" or not self._answerable(match[1]):
            return None
        length = request.headers.get("content-length", "")
        if waits and length.isdecimal() and int(length) > MAX_PAYLOAD:
            request.size = int(length)
            return self._post(request, *match.groups())
        sink = self._invocation.sink if self._invocation else None
        if sink is None or not streams:
            return None
        self.state = State.RESPONDING
        self.streaming = StreamedBody(_content_type(request), sink)
        return self.streaming

    def handle(self, request: Request, connection: HttpConnection) -> Reply | None:
        """The reply to one request; None when it will be sent on `connection` later, as for /next."""
        if match := _INVOCATION.fullmatch(request.path):
            if request.method != "POST":
                return Reply(405)
            self._posted(request, connection, *match.groups())
            return None
        if request.path == _NEXT:
            return self._next(connection) if request.method == "GET" else Reply(405)
        if request.path == _INIT_ERROR:
            return self._init_error(request) if request.method == "POST" else Reply(405)
        if self._snap_start and request.path == _RESTORE_NEXT:
            return self._restore_next() if request.method == "GET" else Reply(405)
        if self._snap_start and request.path == _RESTORE_ERROR:
            return self._restore_error(request) if request.method == "POST" else Reply(405)
        return Reply(404, b"404 page not found\n", "text/plain; charset=utf-8")

    def _answerable(self, request_id: str) -> bool:
        current = self._invocation
        return self.state is State.RUNNING and current is not None and request_id == current.request_id

    def _next(self, connection: HttpConnection) -> Reply | None:
        if self.state in _TERMINAL or (self._waiting and not self._waiting.closed):
            return self._refused("Ready")
        if self._invocation and self.state in (State.READY, State.RUNNING):
            return self._event(self._invocation)  # the same again, or one that no connection was there for
        if self.state is State.RESPONDING:
            if not (self.streaming and self.streaming.broken):
                return self._refused("Ready")
            self.answer = Answer.failure("Runtime.TruncatedResponse", "the response stream was broken off")
        invocation, self._invocation = self._invocation, None
        self.state = State.READY
        self._waiting = connection
        if invocation:
            self._ready()
        self.settle()
        return None

    def _event(self, invocation: Invocation) -> Reply:
        self.state = State.RUNNING
        self._waiting = None
        return Reply(200, invocation.payload, invocation.content_type, invocation.headers())

    def _init_error(self, request: Request) -> Reply:
        if self.state is not State.STARTED:
            return self._refused("InitError")
        return self._failed(request, State.INIT_ERROR)

    def _restore_next(self) -> Reply:
        if self.state is not State.STARTED:
            return self._refused("RestoreReady")
        self.state = State.RESTORING  # a snapshot is not taken: what was initialised is restored at once
        return Reply(200)

    def _restore_error(self, request: Request) -> Reply:
        if self.state is not State.RESTORING:
            return self._refused("RuntimeRestoreErrorState")
        return self._failed(request, State.RESTORE_ERROR)

    def _failed(self, request: Request, state: State) -> Reply:
        self.state = state
        self.answer = Answer(request.body, json_or_bytes(request.body), error_type(request))
        self.finish(Ending.DONE)
        return ACCEPTED

    def _posted(self, request: Request, connection: HttpConnection, request_id: str, kind: str) -> None:
        """Answer the runtime first: it turns to its next event while the answer is on its way."""
        running = self.state is not State.RESPONSE_SENT
        connection.send(self._post(request, request_id, kind))
        if running and self.state is State.RESPONSE_SENT:
            self._answered()

    def _post(self, request: Request, request_id: str, kind: str) -> Reply:
        wanted = "InvocationResponse" if kind == "response" else "InvocationErrorResponse"
        if self.state in (State.STARTED, State.RESTORING, *_TERMINAL):
            return self._refused(wanted)
        if self._invocation is None or request_id != self._invocation.request_id:
            return refusal(400, "InvalidRequestID", "Invalid request ID")
        if self.streaming and self.streaming is request.taker:
            self.state = State.RESPONSE_SENT
            self.answer = _streamed(request, self.streaming)
            return ACCEPTED
        if self.state is not State.RUNNING:
            return self._refused(wanted)
        self.state = State.RESPONSE_SENT
        self.answer, reply = _response(request) if kind == "response" else (posted_error(request), ACCEPTED)
        return reply

    def _refused(self, wanted: str) -> Reply:
        return refusal(
            403,
            "InvalidStateTransition",
            f"State transition from {self.state.value} to {wanted} failed for runtime. "
            "Error: State transition is not allowed",
        )


def _response(request: Request) -> tuple[Answer, Reply]:
    mode = request.headers.get(_MODE)
    if mode not in (None, "streaming"):
        answer = Answer.failure("Runtime.InvalidResponseModeHeader", f"Invalid response mode: {mode}")
        return answer, refusal(400, "InvalidFunctionResponseMode", "Invalid response mode")
    if request.size > MAX_PAYLOAD:
        return too_large(request.size), too_large_refusal()
    if broken := trailing_error(request):
        return broken, ACCEPTED
    return Answer(request.body, _content_type(request)), ACCEPTED


def _streams(request: Request) -> bool:
    """Whether a response may be passed on as it comes; clients that know no mode, as that for Go, send chunks."""
    default = "streaming" if "transfer-encoding" in request.headers else ""
    return request.headers.get(_MODE, default) == "streaming"


def _streamed(request: Request, stream: StreamedBody) -> Answer:
    """What is left to tell of a response that was streamed: nothing, or the error that broke it off."""
    if stream.oversized:
        return too_large(request.size, MAX_STREAMED)
    return trailing_error(request) or Answer(b"", _content_type(request))


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "application/octet-stream")

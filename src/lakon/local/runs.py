"""One invocation, from its event to its REPORT line.

The caller has its answer when the runtime has posted it, as on Lambda: that the runtime asks for its next event, and
that extensions come to their end, is not waited for. The log's tail is the exception, for its last line comes last.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, NamedTuple

from lakon.local.platform_log import PlatformLog, Status
from lakon.local.runtime_api import Ending, Invocation
from lakon.local.telemetry import Telemetry
from lakon.local.verdicts import Verdict, failure, judge

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakon.local.answers import Answer
    from lakon.local.environment import ExecutionEnvironment
    from lakon.local.functions import Call
    from lakon.local.logs import LogStream
    from lakon.local.pool import Pool
    from lakon.local.streams import ResponseSink


class Outcome(NamedTuple):
    """What an invocation came to: its answer and, if the call wants it, the last 4 KB of its log.

    When the response was `streamed` into the sink, the answer has an empty body, or it is the error that broke the
    stream off.
    """

    answer: Answer
    log_tail: str = ""
    streamed: bool = False


class Run:
    """One invocation in one environment. All calls happen on the event loop.

    `reply` hears what it came to, once; `over` is called when the environment is free again, or lost.
    """

    def __init__(
        self,
        pool: Pool,
        call: Call,
        sink: ResponseSink | None,
        reply: Callable[[Outcome], None],
        over: Callable[[Run, ExecutionEnvironment, Verdict], None],
    ) -> None:
        self.pool = pool
        self.call = call
        self._sink = sink
        self._reply: Callable[[Outcome], None] | None = reply
        self._over = over
        self._trace_id = call.trace_id or _trace_id(pool.function.tracing)
        self._began = 0.0
        self._init_seconds = 0.0
        self._answered = 0.0
        self._runtime_done = 0.0
        self._environment: ExecutionEnvironment | None = None

    def begin(self, environment: ExecutionEnvironment, init_seconds: float = 0.0) -> None:
        """Hand the event to an environment that waits for one; its init took `init_seconds` before this moment."""
        self._began = time.monotonic()
        self._init_seconds = init_seconds
        self._hand_over(environment, self.pool.function.timeout)
        environment.platform.start(self.call.request_id, self._trace_id)

    def prepare(self, environment: ExecutionEnvironment, init_seconds: float) -> None:
        """The invocation begins, the function does not: what failed to initialise is to be tried once more."""
        self._began = time.monotonic()
        self._init_seconds = init_seconds
        environment.platform.start(self.call.request_id, self._trace_id)

    def resume(self, environment: ExecutionEnvironment) -> None:
        """Hand the event to what was initialised on this invocation's time."""
        self._hand_over(environment, self.pool.function.timeout - (time.monotonic() - self._began))

    def conclude(self, environment: ExecutionEnvironment, verdict: Verdict) -> None:
        """Write the last lines, reply unless that is done, and let go of the environment."""
        now = time.monotonic()
        seconds = float(self.pool.function.timeout) if verdict.timed_out else now - self._began
        if not self._runtime_done:
            self._tell_runtime_done(environment, verdict, seconds)
        environment.platform.end(
            self.call.request_id,
            verdict.status,
            seconds=seconds,
            init_seconds=self._init_seconds,
            peak_memory=environment.peak_memory,
            extensions_seconds=now - (self._runtime_done or now),
        )
        if self._reply:
            tail = environment.stream.tail if self.call.tail else ""
            self.reply(Outcome(verdict.answer, tail, environment.streamed))
        environment.stream.begin_tail()
        self._over(self, environment, verdict)

    def refuse(self, stream: LogStream, error_type: str, reason: str) -> None:
        """There is no environment for it, and why: said to the caller and in the log, as of an environment that fails.

        It has a log `stream` of its own.
        """
        request_id, status = self.call.request_id, Status("error", error_type, fatal=True)
        platform = PlatformLog(self.pool.function, stream, Telemetry(), "on-demand")
        platform.start(request_id, self._trace_id)
        stream.write(f"RequestId: {request_id} Error: {reason}\n{error_type}")
        platform.end(request_id, status, seconds=0, init_seconds=0, peak_memory=None, extensions_seconds=0)
        self.reply(Outcome(failure(error_type, request_id, reason), stream.tail if self.call.tail else ""))

    def hold(self, *, wait: bool) -> None:
        """Have the runtime wait with what it streams, or go on; the caller takes no more, or takes more."""
        if self._environment:
            self._environment.hold(wait=wait)

    def reply(self, outcome: Outcome) -> None:
        """Tell the caller, unless that is done."""
        reply, self._reply = self._reply, None
        if reply:
            reply(outcome)

    def answered(self) -> None:
        """The runtime has posted its answer."""
        environment = self._environment
        if environment is None:
            return
        self._answered = time.monotonic()
        self.pool.finishing.add(environment)
        if environment.answer and not self.call.tail:
            self.reply(Outcome(environment.answer, streamed=environment.streamed))

    def ready(self) -> None:
        """The runtime asks for its next event."""
        if environment := self._environment:
            self._runtime_done = time.monotonic()
            verdict = judge(self.pool.function, environment, self.call.request_id, Ending.DONE)
            self._tell_runtime_done(environment, verdict, self._runtime_done - self._began)

    def over(self, ending: Ending) -> None:
        """The environment has come to the end of it."""
        environment = self._environment
        if environment is None:
            return
        self.pool.finishing.discard(environment)
        environment.hold(wait=False)
        self.conclude(environment, judge(self.pool.function, environment, self.call.request_id, ending))

    def _tell_runtime_done(self, environment: ExecutionEnvironment, verdict: Verdict, seconds: float) -> None:
        environment.platform.runtime_done(
            self.call.request_id,
            verdict.status,
            seconds=seconds,
            produced=len(verdict.answer.body),
            latency=self._answered - self._began if self._answered else None,
        )

    def _hand_over(self, environment: ExecutionEnvironment, left: float) -> None:
        self._environment = environment
        invocation = Invocation(
            request_id=self.call.request_id,
            payload=self.call.payload,
            function_arn=self.call.function_arn,
            client_context=self.call.client_context,
            cognito_identity=self.call.cognito_identity,
            tenant_id=self.call.tenant_id,
            deadline_ms=int((time.time() + left) * 1000),
            trace_id=self._trace_id,
            sink=self._sink,
        )
        environment.invoke(invocation, left, self)


def _trace_id(sampled: bool) -> str:
    root = f"1-{int(time.time()):08x}-{random.getrandbits(96):024x}"
    return f"Root={root};Parent={random.getrandbits(64):016x};Sampled={int(sampled)}"

"""The Lambda host.

Execution environments for every function, warm ones reused, new ones made for concurrent invocations.
"""

from __future__ import annotations

import asyncio
import math
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lakon.exceptions import LakonError, LocalError
from lakon.local.answers import Answer
from lakon.local.environment import ExecutionEnvironment
from lakon.local.launches import InvalidEntrypointError, Launcher
from lakon.local.logs import LogStream, LogWriter, StreamName
from lakon.local.runtime_api import Ending, Invocation

if TYPE_CHECKING:
    from lakon.local.archives import Archives
    from lakon.local.environment import Launch
    from lakon.local.functions import Call, Function
    from lakon.local.processes import ProcessGuard
    from lakon.local.streams import ResponseSink


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an invocation came to: its answer and the last 4 KB of its log.

    When the response was `streamed` into the sink, the answer has an empty body, or it is the error that broke the
    stream off.
    """

    answer: Answer
    log_tail: str
    streamed: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """Time limits in seconds: of the init phase, and after which an idle environment ends."""

    init: float = 10.0
    idle: float = 300.0


@dataclass(frozen=True, slots=True)
class _Verdict:
    """An answer, and what the REPORT line says of it beyond the usual."""

    answer: Answer
    status: str = ""
    timed_out: bool = False


class _Pool:
    """The environments of one configuration of one function version."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.retired = False
        self.idle: list[ExecutionEnvironment] = []
        self.wanted = 0  # how many environments are to be ready before they are needed
        self.provisioned: set[ExecutionEnvironment] = set()


class LambdaHost:
    """Invokes functions. All calls happen on the event loop; `close` ends every process it started."""

    def __init__(
        self,
        archives: Archives,
        endpoint_url: str,
        writer: LogWriter,
        guard: ProcessGuard,
        limits: Limits | None = None,
    ) -> None:
        self._archives = archives
        self._launcher = Launcher(archives, endpoint_url)
        self._writer = writer
        self._guard = guard
        self._limits = limits or Limits()
        self._pools: dict[str, _Pool] = {}
        self._all: set[ExecutionEnvironment] = set()
        self._endings: set[asyncio.Task[None]] = set()
        self._sweeper = asyncio.create_task(self._sweep())

    async def invoke(self, function: Function, call: Call, sink: ResponseSink | None = None) -> Outcome:
        """Run one invocation to its end, in a warm environment if one is idle, else in a new one.

        With a `sink`, a response that the function streams goes there as it comes.
        """
        pool = self._pool(function)
        environment = pool.idle.pop() if pool.idle else None
        init_seconds = 0.0
        if environment is None:
            try:
                environment, init_seconds = await self._create(function)
            except LakonError as error:
                kind = "Runtime.InvalidEntrypoint" if isinstance(error, InvalidEntrypointError) else "Sandbox.Failure"
                detail = f"\n{error.detail}" if error.detail else ""
                return Outcome(_failure(kind, call.request_id, f"{error.what}{detail}"), "")
        try:
            outcome, environment = await self._serve(function, environment, init_seconds, call, sink)
        except BaseException:
            self._end_soon(environment)
            raise
        self._release(pool, environment)
        return outcome

    async def provision(self, function: Function, count: int) -> None:
        """Keep `count` environments of a version initialised, whether they are needed or not; 0 ends that.

        Returns when they are. LocalError, with what the function said, when one cannot be initialised; none is kept
        then.
        """
        pool = self._pool(function)
        pool.wanted = count
        for environment in list(pool.provisioned)[count:]:
            pool.provisioned.discard(environment)  # idle or busy, it goes on as one made on demand
        missing = count - len(pool.provisioned)
        made = await asyncio.gather(*(self._provision_one(pool) for _ in range(missing)), return_exceptions=True)
        for failure in made:
            if isinstance(failure, BaseException):
                pool.wanted = 0
                pool.provisioned.clear()
                raise failure

    def forget(self, function_name: str) -> None:
        """End the warm environments of a function that was deleted; busy ones end after their invocation."""
        for key, pool in list(self._pools.items()):
            if pool.function.name == function_name:
                del self._pools[key]
                self._retire(pool)

    async def close(self) -> None:
        """End every environment, busy ones too."""
        self._sweeper.cancel()
        with suppress(asyncio.CancelledError):
            await self._sweeper
        for environment in list(self._all):
            self._end_soon(environment)
        while self._endings:
            await asyncio.gather(*self._endings)

    async def _serve(
        self,
        function: Function,
        environment: ExecutionEnvironment,
        init_seconds: float,
        call: Call,
        sink: ResponseSink | None,
    ) -> tuple[Outcome, ExecutionEnvironment]:
        request_id = call.request_id
        stream = environment.stream
        stream.write(f"START RequestId: {request_id} Version: {function.version}")
        began = time.monotonic()
        verdict = None
        if not environment.usable:  # its init failed: Lambda tries once more, on the invocation's time
            self._all.discard(environment)
            await environment.stop()
            environment = self._environment(environment.launch, stream)
            verdict = await self._init_again(function, environment, request_id)
        if verdict is None:
            left = function.timeout - (time.monotonic() - began)
            invocation = Invocation(
                request_id=request_id,
                payload=call.payload,
                function_arn=call.function_arn,
                client_context=call.client_context,
                deadline_ms=int((time.time() + left) * 1000),
                trace_id=_trace_id(function.tracing),
                sink=sink,
            )
            ending = await environment.invoke(invocation, left)
            verdict = _judge(function, environment, request_id, ending)
        seconds = float(function.timeout) if verdict.timed_out else time.monotonic() - began
        stream.write(f"END RequestId: {request_id}")
        stream.write(_report(function, environment, request_id, seconds, init_seconds) + verdict.status)
        return Outcome(verdict.answer, stream.take_tail(), environment.streamed), environment

    async def _create(self, function: Function, *, provisioned: bool = False) -> tuple[ExecutionEnvironment, float]:
        now = datetime.now(UTC)
        name = StreamName(
            function.region, function.log_group, f"{now:%Y/%m/%d}/[{function.version}]{secrets.token_hex(16)}"
        )
        launch, notice = await self._launcher.prepare(function, name, provisioned=provisioned)
        stream = LogStream(self._writer, name)
        if notice:
            stream.write(notice)
        environment = self._environment(launch, stream)
        began = time.monotonic()
        ending = await self._start(environment, self._limits.init)
        seconds = time.monotonic() - began
        if not environment.usable:
            error_type = _init_failure(environment, "").error_type
            status = "timeout" if ending is Ending.TIMED_OUT else f"error\tError Type: {error_type}"
            stream.write(f"INIT_REPORT Init Duration: {seconds * 1000:.2f} ms\tPhase: init\tStatus: {status}")
        return environment, seconds

    async def _init_again(
        self, function: Function, environment: ExecutionEnvironment, request_id: str
    ) -> _Verdict | None:
        ending = await self._start(environment, function.timeout)
        if ending is Ending.TIMED_OUT:
            return _timeout(function, environment, request_id)
        if environment.usable:
            return None
        failure = _init_failure(environment, request_id)
        return _Verdict(failure, f"\tStatus: error\tError Type: {failure.error_type}")

    def _environment(self, launch: Launch, stream: LogStream) -> ExecutionEnvironment:
        environment = ExecutionEnvironment(launch, stream, self._guard)
        self._all.add(environment)
        return environment

    async def _start(self, environment: ExecutionEnvironment, limit: float) -> Ending:
        try:
            return await environment.start(limit)
        except BaseException as error:
            self._end_soon(environment)
            if isinstance(error, OSError):
                raise InvalidEntrypointError(f"fork/exec {environment.launch.argv[0]}: {error.strerror}") from error
            raise

    async def _provision_one(self, pool: _Pool) -> None:
        environment, _ = await self._create(pool.function, provisioned=True)
        if not environment.usable:
            self._end_soon(environment)
            failure = _init_failure(environment, "")
            raise LocalError(
                f"an environment of {pool.function.name} could not be initialised",
                where=pool.function.key,
                detail=failure.body.decode("utf-8", "replace"),
            )
        pool.provisioned.add(environment)
        self._release(pool, environment)

    def _release(self, pool: _Pool, environment: ExecutionEnvironment) -> None:
        """Keep an environment that has done its work for the next invocation, or end it."""
        if environment.usable and not pool.retired:
            environment.idle_since = time.monotonic()
            pool.idle.append(environment)
            return
        self._end_soon(environment)
        pool.provisioned.discard(environment)
        if not pool.retired and len(pool.provisioned) < pool.wanted:
            task = asyncio.create_task(self._replace(pool))
            self._endings.add(task)
            task.add_done_callback(self._endings.discard)

    async def _replace(self, pool: _Pool) -> None:
        with suppress(LakonError):  # then the next invocation makes one, and is told
            await self._provision_one(pool)

    def _pool(self, function: Function) -> _Pool:
        pool = self._pools.get(function.key)
        if pool is None or pool.function.fingerprint != function.fingerprint:
            if pool:
                self._retire(pool)
            pool = self._pools[function.key] = _Pool(function)
        return pool

    def _retire(self, pool: _Pool) -> None:
        pool.retired = True
        for environment in pool.idle:
            self._end_soon(environment)

    def _end_soon(self, environment: ExecutionEnvironment) -> None:
        if environment in self._all:
            self._all.discard(environment)
            task = asyncio.create_task(self._end(environment))
            self._endings.add(task)
            task.add_done_callback(self._endings.discard)

    async def _end(self, environment: ExecutionEnvironment) -> None:
        await environment.stop()
        self._archives.discard(environment.launch.scratch)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self._limits.idle / 4)
            oldest = time.monotonic() - self._limits.idle
            for pool in self._pools.values():
                for environment in [each for each in pool.idle if self._spent(pool, each, oldest)]:
                    pool.idle.remove(environment)
                    self._end_soon(environment)

    @staticmethod
    def _spent(pool: _Pool, environment: ExecutionEnvironment, oldest: float) -> bool:
        too_old = environment.idle_since < oldest and environment not in pool.provisioned
        return too_old or not environment.usable


def _judge(function: Function, environment: ExecutionEnvironment, request_id: str, ending: Ending) -> _Verdict:
    """What an invocation came to: an answer once posted stands, whatever happens to the process afterwards."""
    if ending is Ending.TIMED_OUT:
        return _timeout(function, environment, request_id)
    if ending is Ending.EXITED:
        failure = _failure("Runtime.ExitError", request_id, environment.exit_reason)
        environment.stream.write(f"RequestId: {request_id} Error: {environment.exit_reason}\nRuntime.ExitError")
        return _Verdict(environment.answer or failure, "\tStatus: error\tError Type: Runtime.ExitError")
    return _Verdict(environment.answer or _failure("Runtime.Unknown", request_id, "no answer"))


def _timeout(function: Function, environment: ExecutionEnvironment, request_id: str) -> _Verdict:
    message = f"Task timed out after {function.timeout:.2f} seconds"
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    environment.stream.write(f"{now} {request_id} {message}\n")
    failure = _failure("Sandbox.Timedout", request_id, message)
    return _Verdict(environment.answer or failure, "\tStatus: timeout", timed_out=True)


def _init_failure(environment: ExecutionEnvironment, request_id: str) -> Answer:
    return environment.answer or _failure("Runtime.ExitError", request_id, environment.exit_reason)


def _failure(error_type: str, request_id: str, message: str) -> Answer:
    return Answer.failure(error_type, f"RequestId: {request_id} Error: {message}")


def _report(
    function: Function, environment: ExecutionEnvironment, request_id: str, seconds: float, init_seconds: float
) -> str:
    """The REPORT line. On-demand environments are billed for their init phase too."""
    fields = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {seconds * 1000:.2f} ms",
        f"Billed Duration: {math.ceil((seconds + init_seconds) * 1000)} ms",
        f"Memory Size: {function.memory} MB",
    ]
    if environment.peak_memory is not None:
        fields.append(f"Max Memory Used: {environment.peak_memory} MB")
    if init_seconds:
        fields.append(f"Init Duration: {init_seconds * 1000:.2f} ms")
    return "\t".join(fields) + "\t"


def _trace_id(sampled: bool) -> str:
    root = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    return f"Root={root};Parent={secrets.token_hex(8)};Sampled={int(sampled)}"

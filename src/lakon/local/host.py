"""The Lambda host.

Execution environments for every function, warm ones reused, new ones made for concurrent invocations.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lakon.exceptions import LakonError, LocalError
from lakon.local.environment import ExecutionEnvironment
from lakon.local.launches import InvalidEntrypointError, Launcher
from lakon.local.logs import LogStream, LogWriter, StreamName
from lakon.local.memory import LimitWatch
from lakon.local.runtime_api import Ending, Invocation
from lakon.local.verdicts import Verdict, failure, init_failure, init_status, judge, timeout

if TYPE_CHECKING:
    from lakon.local.answers import Answer
    from lakon.local.archives import Archives
    from lakon.local.environment import Launch
    from lakon.local.functions import Call, Function
    from lakon.local.processes import ProcessGuard
    from lakon.local.streams import ResponseSink


_PROVISIONED_INIT = 130.0


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


class _Pool:
    """The environments of one configuration of one function version."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.retired = False
        self.idle: list[ExecutionEnvironment] = []
        self.wanted = 0  # how many environments are to be ready before they are needed
        self.provisioned: set[ExecutionEnvironment] = set()
        self.under_way = 0
        self.initializing: asyncio.Task[None] | None = None

    def take(self, tenant: str) -> ExecutionEnvironment | None:
        """The idle environment that worked last, for tenants never work in one another's."""
        for environment in reversed(self.idle):
            if environment.tenant == tenant:
                self.idle.remove(environment)
                return environment
        return None


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
        self._watch = LimitWatch()
        self._limits = limits or Limits()
        self._pools: dict[str, _Pool] = {}
        self._all: set[ExecutionEnvironment] = set()
        self._endings: set[asyncio.Task[None]] = set()
        self._sweeper = asyncio.create_task(self._sweep())
        self._under_way = 0

    async def invoke(self, function: Function, call: Call, sink: ResponseSink | None = None) -> Outcome:
        """Run one invocation to its end, in a warm environment if one is idle, else in a new one.

        With a `sink`, a response that the function streams goes there as it comes.
        """
        pool = self._pool(function)
        self._under_way += 1
        pool.under_way += 1
        try:
            return await self._invoke(pool, call, sink)
        finally:
            self._under_way -= 1
            pool.under_way -= 1

    async def settle(self, limit: float = 3.0) -> None:
        """Wait until no invocation is under way, for at most `limit` seconds, and all logs are written."""
        deadline = time.monotonic() + limit
        while self._under_way and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(self._writer.flush)

    async def _invoke(self, pool: _Pool, call: Call, sink: ResponseSink | None) -> Outcome:
        function = pool.function
        if pool.initializing:  # the first event goes to the environment that is started for it
            await asyncio.wait([pool.initializing])
        environment = pool.take(call.tenant_id)
        init_seconds = 0.0
        if environment is None:
            try:
                environment, init_seconds = await self._create(function)
                environment.tenant = call.tenant_id
            except LakonError as error:
                kind = "Runtime.InvalidEntrypoint" if isinstance(error, InvalidEntrypointError) else "Sandbox.Failure"
                detail = f"\n{error.detail}" if error.detail else ""
                return Outcome(failure(kind, call.request_id, f"{error.what}{detail}"), "")
        found = environment
        try:
            outcome, environment = await self._serve(function, environment, init_seconds, call, sink)
        except BaseException:
            self._end_soon(environment)
            raise
        if environment is not found:
            pool.provisioned.discard(found)
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
        if broken := next((each for each in made if each is not None), None):
            pool.wanted = 0
            pool.provisioned.clear()
            raise broken

    async def initialize(self, function: Function) -> None:
        """Have an environment of a version wait for the next event, unless one does or runs. LocalError as `invoke`."""
        pool = self._pool(function)
        if pool.idle or pool.under_way or pool.initializing:
            return
        pool.initializing = asyncio.create_task(self._initialize(pool))
        try:
            await asyncio.shield(pool.initializing)
        finally:
            pool.initializing = None

    async def _initialize(self, pool: _Pool) -> None:
        environment, _ = await self._create(pool.function)
        self._release(pool, environment)

    def forget(self, function_name: str) -> None:
        """End the warm environments of a function that was deleted; busy ones end after their invocation."""
        for key, pool in list(self._pools.items()):
            if pool.function.name == function_name:
                del self._pools[key]
                self._retire(pool)

    def idle_pids(self, function: Function) -> set[int]:
        """The runtime processes of a version that wait for an event."""
        pool = self._pools.get(function.key)
        return {each.pid for each in pool.idle if each.usable} if pool else set()

    async def close(self) -> None:
        """End every environment, busy ones too."""
        self._sweeper.cancel()
        with suppress(asyncio.CancelledError):
            await self._sweeper
        for environment in list(self._all):
            self._end_soon(environment)
        while self._endings:
            await asyncio.gather(*self._endings)
        self._watch.close()

    async def _serve(
        self,
        function: Function,
        environment: ExecutionEnvironment,
        init_seconds: float,
        call: Call,
        sink: ResponseSink | None,
    ) -> tuple[Outcome, ExecutionEnvironment]:
        request_id = call.request_id
        trace_id = call.trace_id or _trace_id(function.tracing)
        environment.platform.start(request_id, trace_id)
        began = time.monotonic()
        verdict = None
        if not environment.usable:  # its init failed: Lambda tries once more, on the invocation's time
            self._all.discard(environment)
            await environment.stop("failure")
            environment = self._environment(function, environment.launch, environment.stream)
            environment.tenant = call.tenant_id
            verdict = await self._init_again(function, environment, request_id)
        if verdict is None:
            left = function.timeout - (time.monotonic() - began)
            invocation = Invocation(
                request_id=request_id,
                payload=call.payload,
                function_arn=call.function_arn,
                client_context=call.client_context,
                cognito_identity=call.cognito_identity,
                tenant_id=call.tenant_id,
                deadline_ms=int((time.time() + left) * 1000),
                trace_id=trace_id,
                sink=sink,
            )
            ending = await environment.invoke(invocation, left)
            verdict = judge(function, environment, request_id, ending)
        environment.platform.end(
            request_id,
            verdict.status,
            seconds=float(function.timeout) if verdict.timed_out else time.monotonic() - began,
            init_seconds=init_seconds,
            produced=len(verdict.answer.body),
            peak_memory=environment.peak_memory,
        )
        if verdict.status.fatal:
            self._end_soon(environment, "timeout" if verdict.timed_out else "failure")
        return Outcome(verdict.answer, environment.stream.take_tail(), environment.streamed), environment

    async def _create(self, function: Function, *, provisioned: bool = False) -> tuple[ExecutionEnvironment, float]:
        now = datetime.now(UTC)
        name = StreamName(
            function.region, function.log_group, f"{now:%Y/%m/%d}/[{function.version}]{secrets.token_hex(16)}"
        )
        launch, notice = await self._launcher.prepare(function, name, provisioned=provisioned)
        stream = LogStream(self._writer, name)
        environment = self._environment(function, launch, stream)
        if notice:
            stream.write(notice)
        began = time.monotonic()
        unhurried = provisioned or function.snap_start  # then Lambda has time for init
        limit = max(_PROVISIONED_INIT, function.timeout) if unhurried else self._limits.init
        ending = await self._start(environment, limit)
        seconds = time.monotonic() - began
        environment.platform.init_end(seconds, init_status(environment, ending))
        return environment, seconds

    async def _init_again(
        self, function: Function, environment: ExecutionEnvironment, request_id: str
    ) -> Verdict | None:
        ending = await self._start(environment, function.timeout)
        if ending is Ending.TIMED_OUT:
            return timeout(function, environment, request_id)
        status = init_status(environment, ending)
        return Verdict(init_failure(environment, request_id), status) if status.fatal else None

    def _environment(self, function: Function, launch: Launch, stream: LogStream) -> ExecutionEnvironment:
        environment = ExecutionEnvironment(function, launch, stream, self._guard, self._watch)
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
            raise LocalError(
                f"an environment of {pool.function.name} could not be initialised",
                where=pool.function.key,
                detail=init_failure(environment, "").body.decode("utf-8", "replace"),
            )
        pool.provisioned.add(environment)
        self._release(pool, environment)

    def _release(self, pool: _Pool, environment: ExecutionEnvironment) -> None:
        """Keep an environment that has done its work for the next invocation, or end it."""
        if environment.usable and not pool.retired:
            environment.idle_since = time.monotonic()
            pool.idle.append(environment)
            return
        self._lose(pool, environment)

    def _lose(self, pool: _Pool, environment: ExecutionEnvironment) -> None:
        """End an environment; one that is missed in readiness is made again."""
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

    def _end_soon(self, environment: ExecutionEnvironment, reason: str = "spindown") -> None:
        if environment in self._all:
            self._all.discard(environment)
            task = asyncio.create_task(self._end(environment, reason))
            self._endings.add(task)
            task.add_done_callback(self._endings.discard)

    async def _end(self, environment: ExecutionEnvironment, reason: str) -> None:
        await environment.stop(reason)
        self._archives.discard(environment.launch.scratch)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self._limits.idle / 4)
            oldest = time.monotonic() - self._limits.idle
            for pool in self._pools.values():
                for environment in [each for each in pool.idle if self._spent(pool, each, oldest)]:
                    pool.idle.remove(environment)
                    self._lose(pool, environment)

    @staticmethod
    def _spent(pool: _Pool, environment: ExecutionEnvironment, oldest: float) -> bool:
        too_old = environment.idle_since < oldest and environment not in pool.provisioned
        return too_old or not environment.usable


def _trace_id(sampled: bool) -> str:
    root = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    return f"Root={root};Parent={secrets.token_hex(8)};Sampled={int(sampled)}"

"""The Lambda host.

Execution environments for every function, warm ones reused, new ones made for concurrent invocations.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lakon.exceptions import LakonError, LocalError
from lakon.local.alert import Alert
from lakon.local.environment import ExecutionEnvironment
from lakon.local.freezer import Freezer
from lakon.local.launches import InvalidEntrypointError, Launcher
from lakon.local.log_writer import LogWriter, StreamName
from lakon.local.logs import LogStream
from lakon.local.memory import LimitWatch
from lakon.local.pool import Pool
from lakon.local.runs import Outcome, Run
from lakon.local.runtime_api import Ending
from lakon.local.verdicts import Verdict, failure, init_failure, init_status, timeout

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from lakon.local.archives import Archives
    from lakon.local.environment import Launch
    from lakon.local.functions import Call, Function
    from lakon.local.processes import ProcessGuard
    from lakon.local.streams import ResponseSink


_PROVISIONED_INIT = 130.0
_SOON = 0.1  # how long a run waits for an environment that has answered
_log = logging.getLogger("lakon.local")


@dataclass(frozen=True, slots=True)
class Limits:
    """Time limits in seconds: of the init phase, and after which an idle environment ends."""

    init: float = 10.0
    idle: float = 300.0


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
        self._launcher = Launcher(archives, endpoint_url, guard)
        self._writer = writer
        self._guard = guard
        self._watch = LimitWatch()
        self._freezer = Freezer()
        self._alert = Alert(asyncio.get_running_loop())
        self._limits = limits or Limits()
        self._pools: dict[str, Pool] = {}
        self._all: set[ExecutionEnvironment] = set()
        self._openings: set[asyncio.Task[None]] = set()
        self._endings: set[asyncio.Task[None]] = set()
        self._sweeper = asyncio.create_task(self._sweep())
        self._under_way = 0

    async def invoke(self, function: Function, call: Call, sink: ResponseSink | None = None) -> Outcome:
        """Run one invocation to its answer, or to its end when the call wants the log's tail: see `submit`."""
        replied: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        def reply(outcome: Outcome) -> None:
            if not replied.done():
                replied.set_result(outcome)

        self.submit(function, call, reply, sink)
        return await replied

    def submit(
        self, function: Function, call: Call, reply: Callable[[Outcome], None], sink: ResponseSink | None = None
    ) -> Run:
        """Run one invocation in a warm environment if one is idle, or is about to be, else in a new one.

        `reply` hears what it came to, perhaps before this returns. With a `sink`, a response that the function streams
        goes there as it comes.
        """
        pool = self._pool(function)
        self._under_way += 1
        pool.under_way += 1
        if self._under_way == 1:  # of many, one has always something to say
            self._alert.stir()
        run = Run(pool, call, sink, reply, self._over)
        environment = None if pool.initializing else pool.take(call.tenant_id)
        if environment and environment.usable:
            run.begin(environment)
        elif environment is None and pool.soon_free(call.tenant_id):
            pool.waiting.append(run)
            asyncio.get_running_loop().call_later(_SOON, self._stop_waiting, run)
        else:
            self._spawn(self._open(run, environment))
        return run

    async def settle(self, limit: float = 3.0) -> None:
        """Wait until no invocation is under way, for at most `limit` seconds, and all logs are written."""
        deadline = time.monotonic() + limit
        while self._under_way and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(self._writer.flush)

    async def _open(self, run: Run, environment: ExecutionEnvironment | None) -> None:
        """Find an environment for a run that none is idle for; `environment` is one that proved to be dead."""
        try:
            await self._find(run, environment)
        except LakonError as error:
            kind = "Runtime.InvalidEntrypoint" if isinstance(error, InvalidEntrypointError) else "Sandbox.Failure"
            detail = f"\n{error.detail}" if error.detail else ""
            stream = LogStream(self._writer, self._stream_name(run.pool.function))
            run.refuse(stream, kind, f"{error.what}{detail}")
            self._count_out(run)
        except asyncio.CancelledError:
            self._fail(run, "Sandbox.Failure", "the Lambda host is ending")
            raise
        except Exception as error:  # noqa: BLE001 - whatever happens, the caller gets an answer and the host goes on
            _log.exception("an invocation failed inside the Lambda host")
            self._fail(run, "Sandbox.Failure", f"{type(error).__name__}: {error}")

    async def _find(self, run: Run, environment: ExecutionEnvironment | None) -> None:
        pool, tenant, init_seconds = run.pool, run.call.tenant_id, 0.0
        if pool.initializing:  # the first event goes to the environment that is started for it
            await asyncio.wait([pool.initializing])
            environment = pool.take(tenant)
        if environment and not environment.usable:  # it died while it was idle
            self._lose(pool, environment)
            environment = None
        if environment is None:
            environment, init_seconds = await self._create(pool.function)
            environment.tenant = tenant
        if environment.usable:
            run.begin(environment, init_seconds)
            return
        run.prepare(environment, init_seconds)  # its init failed: Lambda tries once more, on the invocation's time
        pool.provisioned.discard(environment)
        self._all.discard(environment)
        await environment.stop("failure")
        environment = self._environment(pool.function, environment.launch, environment.stream)
        environment.tenant = tenant
        verdict = await self._init_again(pool.function, environment, run.call.request_id)
        if verdict:
            run.conclude(environment, verdict)
        else:
            run.resume(environment)

    def _fail(self, run: Run, kind: str, message: str) -> None:
        run.reply(Outcome(failure(kind, run.call.request_id, message)))
        self._count_out(run)

    def _over(self, run: Run, environment: ExecutionEnvironment, verdict: Verdict) -> None:
        self._count_out(run)
        if verdict.status.fatal:
            self._end_soon(environment, "timeout" if verdict.timed_out else "failure")
        self._release(run.pool, environment)

    def _count_out(self, run: Run) -> None:
        self._under_way -= 1
        if not self._under_way:
            self._alert.rest()
        run.pool.under_way -= 1

    def _stop_waiting(self, run: Run) -> None:
        if run in run.pool.waiting:
            run.pool.waiting.remove(run)
            self._spawn(self._open(run, None))

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

    async def _initialize(self, pool: Pool) -> None:
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
        for pool in self._pools.values():
            for run in list(pool.waiting):
                self._stop_waiting(run)
        for opening in list(self._openings):
            opening.cancel()
        if self._openings:
            await asyncio.wait(self._openings)
        for environment in list(self._all):
            self._end_soon(environment)
        while self._endings:
            await asyncio.gather(*self._endings)
        self._watch.close()
        self._freezer.close()

    async def _create(self, function: Function, *, provisioned: bool = False) -> tuple[ExecutionEnvironment, float]:
        name = self._stream_name(function)
        launch, notices = await self._launcher.prepare(function, name, provisioned=provisioned)
        stream = LogStream(self._writer, name)
        environment = self._environment(function, launch, stream)
        for notice in notices:
            stream.write(notice)
        began = time.monotonic()
        unhurried = provisioned or function.snap_start  # then Lambda has time for init
        limit = max(_PROVISIONED_INIT, function.timeout) if unhurried else self._limits.init
        ending = await self._start(environment, limit)
        seconds = time.monotonic() - began
        environment.platform.init_end(seconds, init_status(environment, ending))
        return environment, seconds

    @staticmethod
    def _stream_name(function: Function) -> StreamName:
        now = datetime.now(UTC)
        stream = f"{now:%Y/%m/%d}/[{function.version}]{secrets.token_hex(16)}"
        return StreamName(function.region, function.log_group, stream)

    async def _init_again(
        self, function: Function, environment: ExecutionEnvironment, request_id: str
    ) -> Verdict | None:
        began = time.monotonic()
        ending = await self._start(environment, function.timeout)
        environment.platform.init_end(time.monotonic() - began, init_status(environment, ending), "invoke")
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

    async def _provision_one(self, pool: Pool) -> None:
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

    def _release(self, pool: Pool, environment: ExecutionEnvironment) -> None:
        """Keep an environment that has done its work for the next invocation, or end it."""
        run = pool.next_run(environment.tenant) if pool.waiting else None
        if run and environment.usable:
            run.begin(environment)
            return
        if run:
            self._spawn(self._open(run, None))
        if environment.usable and not pool.retired:
            environment.idle_since = time.monotonic()
            pool.idle.append(environment)
            self._freezer.add(environment)
            return
        self._lose(pool, environment)

    def _lose(self, pool: Pool, environment: ExecutionEnvironment) -> None:
        """End an environment; one that is missed in readiness is made again."""
        self._end_soon(environment)
        pool.provisioned.discard(environment)
        if not pool.retired and len(pool.provisioned) < pool.wanted:
            self._spawn(self._replace(pool))

    async def _replace(self, pool: Pool) -> None:
        with suppress(LakonError):  # then the next invocation makes one, and is told
            await self._provision_one(pool)

    def _pool(self, function: Function) -> Pool:
        pool = self._pools.get(function.key)
        if pool is None or pool.function.fingerprint != function.fingerprint:
            if pool:
                self._retire(pool)
            pool = self._pools[function.key] = Pool(function)
        return pool

    def _retire(self, pool: Pool) -> None:
        pool.retired = True
        for environment in pool.idle:
            self._end_soon(environment)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._openings.add(task)
        task.add_done_callback(self._openings.discard)

    def _end_soon(self, environment: ExecutionEnvironment, reason: str = "spindown") -> None:
        if environment in self._all:
            self._all.discard(environment)
            task = asyncio.create_task(self._end(environment, reason))
            self._endings.add(task)
            task.add_done_callback(self._endings.discard)

    async def _end(self, environment: ExecutionEnvironment, reason: str) -> None:
        await environment.stop(reason)
        if environment.launch.sandbox:
            self._guard.forget(environment.launch.sandbox)
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
    def _spent(pool: Pool, environment: ExecutionEnvironment, oldest: float) -> bool:
        too_old = environment.idle_since < oldest and environment not in pool.provisioned
        return too_old or not environment.usable

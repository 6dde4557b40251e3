"""One execution environment: a runtime process and its extensions, the APIs they speak to, the pipes of their logs."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from lakon.local.endpoint import Endpoint
from lakon.local.extensions_api import Extension, ExtensionsApi
from lakon.local.logs import FramedLogPipe, LogPipe
from lakon.local.memory import LimitWatch, held_memory, held_storage
from lakon.local.platform_log import FunctionLog, PlatformLog
from lakon.local.processes import FIRST_INHERITED, Child, describe_exit
from lakon.local.runtime_api import Ending, Invocation, RuntimeApi, State
from lakon.local.telemetry import Telemetry
from lakon.local.telemetry_api import TelemetryApi

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from lakon.local.answers import Answer
    from lakon.local.functions import Function
    from lakon.local.logs import LogStream
    from lakon.local.processes import ProcessGuard
    from lakon.local.spawning.sandbox import Sandbox

_BUDGET = 2.0  # seconds that external extensions have to end
_BUDGET_WITHOUT = 0.5  # and a runtime that has internal ones only
_RUNTIMES_SHARE = 0.3
_LAST_WORDS = 0.005
_LONGEST = 900  # seconds that a function may take on Lambda
_MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start the processes of a function.

    `framed` runtimes write their log records in frames to a pipe of their own. `extensions` are programs that run
    beside the runtime, in `extension_environment`.
    """

    argv: Sequence[str]
    environment: Mapping[str, str]
    folder: str
    scratch: Path
    sandbox: Sandbox | None
    framed: bool
    initialization_type: str
    extensions: Sequence[str] = ()
    extension_environment: Mapping[str, str] | None = None


class Work(Protocol):
    """Whoever handed an event to an environment. All are called within the turn of the loop in which it happens."""

    def answered(self) -> None:
        """The runtime has posted its answer; it, or an extension, may still be busy."""

    def ready(self) -> None:
        """The runtime asks for its next event; an extension may still be busy."""

    def over(self, ending: Ending) -> None:
        """The invocation has come to its end."""


class ExecutionEnvironment:
    """Runs one function in one process, one invocation at a time, with the extensions of its layers.

    Every process is the head of a group and ends with it. `failure` is the type and the message of what ended the
    environment from outside the runtime: an extension, or a limit.
    """

    def __init__(
        self, function: Function, launch: Launch, stream: LogStream, guard: ProcessGuard, watch: LimitWatch
    ) -> None:
        self.launch = launch
        self.stream = stream
        self.idle_since = 0.0
        self.tenant = ""
        self.failure: tuple[str, str] | None = None
        self.telemetry = Telemetry()
        self.platform = PlatformLog(function, stream, self.telemetry, launch.initialization_type)
        self._function = function
        self._guard = guard
        self._watch = watch
        self._stopping = False
        self._frozen = False
        self._work: Work | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._api = RuntimeApi(
            snap_start=function.snap_start,
            busy=self._extensions_busy,
            answered=self._answered,
            ready=self._ready,
            over=self._over,
        )
        self._extensions = ExtensionsApi(
            [_name(program) for program in launch.extensions],
            {
                "functionName": function.name,
                "functionVersion": function.version,
                "handler": function.handler,
                "accountId": function.account,
            },
            closed=self._registration_closed,
            progress=self._api.settle,
            failed=self._extension_failed,
            registered=self._registered,
        )
        telemetry_api = TelemetryApi(self._extensions, self.telemetry, self._initialised, self._subscribed)
        self._endpoint = Endpoint(self._api, self._extensions, telemetry_api)
        self._runtime: Child | None = None
        self._programs: dict[Child, str] = {}
        self._pipes: list[LogPipe] = []
        self._peak_memory: int | None = None
        self._all_registered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._initialised_once = False

    async def start(self, limit: float) -> Ending:
        """Start the processes and wait, for `limit` seconds, until all of them ask for their first event.

        The runtime starts when the extensions that were started have registered. OSError when the runtime cannot run.
        """
        address = await self._endpoint.start()
        self.platform.init_start()
        began = time.monotonic()
        if self.launch.extensions:
            for program in self.launch.extensions:
                await self._start_extension(program, address)
            await asyncio.wait((self._all_registered, self._api.ended), timeout=limit, return_when="FIRST_COMPLETED")
        if self.failure is None:
            await self._start_runtime(address)
        left = max(limit - (time.monotonic() - began), 0)
        self._timer = asyncio.get_running_loop().call_later(left, self._api.finish, Ending.TIMED_OUT)
        self._watch.add(self)
        try:
            return await self._api.ended
        finally:
            self._settle()
            _ = self.peak_memory
            self._initialised_once = True
            for extension in self._extensions.extensions.values():
                state = "Ready" if extension.ready else "Registered"
                self.platform.extension(extension.name, state, sorted(extension.events))
            self.telemetry.seal()

    def invoke(self, invocation: Invocation, limit: float, work: Work) -> None:
        """Hand over one event. It is over when the runtime and the extensions ask for the next, or after `limit` s."""
        self._work = work
        self._thaw()
        self._timer = asyncio.get_running_loop().call_later(limit, self._api.finish, Ending.TIMED_OUT)
        self._watch.add(self)
        self._api.submit(invocation)
        self._extensions.invoke(invocation)

    def freeze(self) -> bool:
        """Let its processes stand still until the next event; not while subscribers have telemetry to hear.

        A function under a debugger, which may take longer than any other, is left alone.
        """
        if self.telemetry.pending:
            return False
        if self._function.timeout <= _LONGEST:
            self._frozen = True
            for child in self._children():
                child.freeze()
        return True

    def _thaw(self) -> None:
        if self._frozen:
            self._frozen = False
            for child in self._children():
                child.thaw()

    def _children(self) -> list[Child]:
        return [*self._programs, *([self._runtime] if self._runtime else [])]

    def hold(self, *, wait: bool) -> None:
        """Let what its processes send wait in their hands, or take it again."""
        self._endpoint.hold(wait=wait)

    @property
    def answer(self) -> Answer | None:
        """What the runtime answered to the last event, or reported as its init error."""
        return self._api.answer

    @property
    def streamed(self) -> bool:
        """Whether the response to the last event was passed on while it came."""
        return self._api.streaming is not None

    @property
    def usable(self) -> bool:
        """Whether it waits for an event."""
        runs = self._runtime is not None and self._runtime.returncode is None
        return runs and self._api.state is State.READY and self.failure is None and not self._extensions_busy()

    @property
    def pid(self) -> int:
        """The runtime's process; 0 before it is started."""
        return self._runtime.pid if self._runtime else 0

    @property
    def peak_memory(self) -> int | None:
        """The most memory the process held until a moment ago, in MB; None when the platform does not tell."""
        if self._runtime and self._runtime.returncode is None:
            self._peak_memory = self._watch.peak(self._runtime.pid) or self._peak_memory
        return self._peak_memory

    @property
    def exit_reason(self) -> tuple[str, str]:
        """The error type and the message for what ended it, as Lambda says it."""
        if self.failure:
            return self.failure
        code = self._runtime.returncode if self._runtime else None
        if not code:
            return "Runtime.ExitError", "Runtime exited without providing a reason"
        return "Runtime.ExitError", f"Runtime exited with error: {describe_exit(code)}"

    async def stop(self, reason: str = "spindown") -> None:
        """End all processes; `reason`, for extensions, is spindown, timeout or failure.

        Without extensions that is at once. With them the runtime is asked to end, then they are told, and what has not
        ended within the budget is killed.
        """
        _ = self.peak_memory
        self._thaw()
        self._stopping = True
        if self._extensions.extensions:
            await self._shut_down(reason)
        for child in self._children():
            child.kill()
            await child.wait()
        self._drain()
        await self.telemetry.close()
        await self._endpoint.close()
        for pipe in self._pipes:
            pipe.close()

    def check_memory(self) -> None:
        """Kill it, as Lambda does, when its processes hold more memory than it was given."""
        pids = [child.pid for child in self._children() if child.returncode is None]
        if held_memory(pids) > self._function.memory * _MB:
            self._peak_memory = self._function.memory
            self._condemn("Runtime.OutOfMemory", "Runtime exited with error: signal: killed")

    def check_folder(self) -> None:
        """Kill it when its /tmp holds more than it was given; in a sandbox, as on Lambda, the disk is full."""
        if self.launch.sandbox is None and held_storage(self.launch.scratch) > self._function.storage * _MB:
            size = self._function.storage
            self._condemn("Runtime.ExitError", f"No space left on device: /tmp has {size} MB (EphemeralStorage)")

    def _drain(self) -> None:
        """Take what the processes have written until now into the log."""
        for pipe in self._pipes:
            pipe.drain()
            pipe.finish()

    def _condemn(self, error_type: str, message: str) -> None:
        if self._runtime and self._runtime.returncode is None and self.failure is None:
            self.failure = error_type, message
            self._runtime.kill()

    async def _start_runtime(self, address: str) -> None:
        log = FunctionLog("function", self._function, self.stream, self.telemetry)
        output = LogPipe(log)
        pipes = [output]
        environment = {**self.launch.environment, "AWS_LAMBDA_RUNTIME_API": address}
        inherited: tuple[int, ...] = ()
        if self.launch.framed:
            frames = FramedLogPipe(log)
            pipes.append(frames)
            inherited = (frames.inlet,)
            environment["_LAMBDA_TELEMETRY_LOG_FD"] = str(FIRST_INHERITED)
        self._pipes += pipes
        try:
            self._runtime = await Child.spawn(
                self.launch.argv,
                folder=self.launch.folder,
                environment=environment,
                output=output.inlet,
                inherited=inherited,
                sandbox=self.launch.sandbox,
                guard=self._guard,
                exited=self._runtime_exited,
            )
        finally:
            for pipe in pipes:
                pipe.started()

    async def _start_extension(self, program: str, address: str) -> None:
        output = LogPipe(FunctionLog("extension", self._function, self.stream, self.telemetry))
        self._pipes.append(output)
        try:
            child = await Child.spawn(
                [program],
                folder=self.launch.folder,
                environment={**(self.launch.extension_environment or {}), "AWS_LAMBDA_RUNTIME_API": address},
                output=output.inlet,
                sandbox=self.launch.sandbox,
                guard=self._guard,
                exited=self._extension_exited,
            )
            self._programs[child] = _name(program)
        except OSError as error:
            self.platform.extension(_name(program), "LaunchError", [], error.strerror)
            self._extension_failed("Extension.LaunchError", f"fork/exec {program}: {error.strerror}")
        finally:
            output.started()

    def _runtime_exited(self, _: Child) -> None:
        """What it sent before it ended is in our sockets by now: that is read first."""
        asyncio.get_running_loop().call_later(_LAST_WORDS, self._api.finish, Ending.EXITED)

    def _extension_exited(self, child: Child) -> None:
        if not self._stopping:
            status = describe_exit(child.returncode or 0).replace("exit status", "exit code")
            self.platform.extension(self._programs[child], "Failed", [], "Extension.Crash")
            self._extension_failed("Extension.Crash", status)

    def _extension_failed(self, error_type: str, message: str) -> None:
        if self.failure is None:
            self.failure = error_type, message
        self._api.finish(Ending.EXITED)

    def _extensions_busy(self) -> bool:
        return self._extensions.busy

    def _registration_closed(self) -> bool:
        return self._initialised_once or self._api.state not in (State.STARTED, State.RESTORING)

    def _initialised(self) -> bool:
        return self._initialised_once

    def _registered(self) -> None:
        if self._extensions.complete and not self._all_registered.done():
            self._all_registered.set_result(None)

    def _subscribed(self, extension: Extension, types: Sequence[str]) -> None:
        self.platform.subscribed(extension.name, types)

    async def _shut_down(self, reason: str) -> None:
        external = bool(self._programs)
        budget = _BUDGET if external else _BUDGET_WITHOUT
        deadline = time.monotonic() + budget
        if self._runtime and self._runtime.returncode is None:
            self._runtime.terminate()
            await self._runtime.wait(budget * _RUNTIMES_SHARE if external else budget)
            self._runtime.kill()
        self._drain()
        with suppress(TimeoutError):
            async with asyncio.timeout(max(deadline - time.monotonic(), 0) / 2):
                await self.telemetry.deliver()
        self._extensions.shut_down(reason, int((time.time() + deadline - time.monotonic()) * 1000))
        for child in self._programs:
            await child.wait(max(deadline - time.monotonic(), 0))

    def _answered(self) -> None:
        if self._work:
            self._work.answered()

    def _ready(self) -> None:
        if self._work:
            self._work.ready()

    def _over(self, ending: Ending) -> None:
        self._settle()
        work, self._work = self._work, None
        if work:
            work.over(ending)

    def _settle(self) -> None:
        """What was going on is over: nobody watches it, and all that was written until now is in the log."""
        self._watch.discard(self)
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._drain()


def _name(program: str) -> str:
    return program.rpartition("/")[2]

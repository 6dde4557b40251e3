"""One execution environment: a process, the Runtime API it speaks to, and the pipes it writes its log to."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakon.local.endpoint import Endpoint
from lakon.local.logs import FramedLogPipe, LogPipe, LogStream
from lakon.local.processes import ProcessGuard, describe_exit, peak_memory_mb
from lakon.local.reaper import kill_group
from lakon.local.runtime_api import Ending, Invocation, RuntimeApi, State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from lakon.local.answers import Answer


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start the process of a function.

    `framed` runtimes write their log records in frames to a pipe of their own.
    """

    argv: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    scratch: Path
    framed: bool


class ExecutionEnvironment:
    """Runs one function in one process, one invocation at a time.

    Every process is the head of a group and ends with it.
    """

    def __init__(self, launch: Launch, stream: LogStream, guard: ProcessGuard) -> None:
        self.launch = launch
        self.stream = stream
        self.idle_since = 0.0
        self._guard = guard
        self._api = RuntimeApi()
        self._endpoint = Endpoint(self._api)
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._pipes: list[LogPipe] = []
        self._peak_memory: int | None = None

    async def start(self, limit: float) -> Ending:
        """Start the process and wait, for `limit` seconds, until it asks for its first event.

        OSError when it cannot run.
        """
        address = await self._endpoint.start()
        await self._spawn(address)
        return await self._until(self._api.ended, limit)

    async def invoke(self, invocation: Invocation, limit: float | None) -> Ending:
        """Hand over one event and wait, for `limit` seconds, until the runtime asks for the next."""
        return await self._until(self._api.submit(invocation), limit)

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
        return self._api.state is State.READY and self._process is not None and self._process.returncode is None

    @property
    def peak_memory(self) -> int | None:
        """The most memory the process held, in MB; None when the platform does not tell."""
        if self._process and self._process.returncode is None:
            self._peak_memory = peak_memory_mb(self._process.pid) or self._peak_memory
        return self._peak_memory

    @property
    def exit_reason(self) -> str:
        """How the process ended, as Lambda says it."""
        code = self._process.returncode if self._process else None
        if not code:
            return "Runtime exited without providing a reason"
        return f"Runtime exited with error: {describe_exit(code)}"

    def drain(self) -> None:
        """Take what the process has written until now into its log."""
        for pipe in self._pipes:
            pipe.finish()

    async def stop(self) -> None:
        """End the process and all of its group."""
        _ = self.peak_memory
        if self._process:
            kill_group(self._process.pid)
            if self._watcher:
                await self._watcher
        await self._endpoint.close()
        self.drain()
        for pipe in self._pipes:
            pipe.close()

    async def _spawn(self, address: str) -> None:
        output = LogPipe(self.stream)
        self._pipes.append(output)
        environment = {**self.launch.environment, "AWS_LAMBDA_RUNTIME_API": address}
        inherited: tuple[int, ...] = ()
        if self.launch.framed:
            frames = FramedLogPipe(self.stream)
            self._pipes.append(frames)
            inherited = (frames.inlet,)
            environment["_LAMBDA_TELEMETRY_LOG_FD"] = str(frames.inlet)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self.launch.argv,
                cwd=self.launch.folder,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output.inlet,
                stderr=output.inlet,
                pass_fds=inherited,
                start_new_session=True,
            )
        finally:
            for pipe in self._pipes:
                pipe.started()
        self._guard.add(self._process.pid)
        self._watcher = asyncio.create_task(self._watch(self._process))

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        await process.wait()
        kill_group(process.pid)  # what it started ends with it
        self._guard.remove(process.pid)
        self._api.finish(Ending.EXITED)

    async def _until(self, ended: asyncio.Future[Ending], limit: float | None) -> Ending:
        timer = None
        if limit is not None:
            timer = asyncio.get_running_loop().call_later(limit, self._api.finish, Ending.TIMED_OUT)
        try:
            return await ended
        finally:
            if timer:
                timer.cancel()
            self.drain()

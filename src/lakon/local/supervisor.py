"""The body of the supervisor process.

One per project, it holds the emulator and the Lambda host together until it is told to end.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import logging
import os
import resource
import signal
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

import uvloop

from lakon.exceptions import LocalError
from lakon.local import installs
from lakon.local.archives import Archives
from lakon.local.bridge import Bridge
from lakon.local.cloudwatch import CloudWatchLogs
from lakon.local.emulator import Emulator
from lakon.local.front.doors import Doors
from lakon.local.front.lambda_api import LambdaApi
from lakon.local.host import LambdaHost, Limits
from lakon.local.inside.pace import tune
from lakon.local.journal import Journal
from lakon.local.log_writer import LogWriter
from lakon.local.processes import ProcessGuard
from lakon.local.spawning.groups import alive
from lakon.local.state import DOORS_FILE, LOCK_FILE, PORT_FILE, State

if TYPE_CHECKING:
    from pathlib import Path

_LOCK_LIMIT = 3.0
_WATCH = 0.5
_FILES = 10_240  # the most that macOS grants


def serve(folder: Path, owner_pid: int | None = None, limits: Limits | None = None) -> None:
    """Run the embedded AWS of `folder` until SIGTERM, SIGINT, or until process `owner_pid` or the folder is gone.

    LocalError when the emulator cannot be started or ends by itself, or when another supervisor has the folder.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    tune()
    _let_many_in()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK_FILE).open("a") as lock:
        _take(lock, folder)
        guard = ProcessGuard(keep_open=(lock.fileno(),))
        try:
            uvloop.run(_Supervisor(folder, owner_pid, limits, guard).run())
        finally:
            (folder / PORT_FILE).unlink(missing_ok=True)
            guard.close()


def _let_many_in() -> None:
    """Have as many files open as the system allows: functions have limits of their own."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, _FILES) if hard != resource.RLIM_INFINITY else _FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _take(lock: TextIO, folder: Path) -> None:
    """Take the lock for this process's life and write its id there.

    Others hold it for an instant, to see whether it is free.
    """
    deadline = time.monotonic() + _LOCK_LIMIT
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise LocalError("another supervisor runs already", where=str(folder)) from None
            time.sleep(0.02)
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()


class _Supervisor:
    def __init__(
        self,
        folder: Path,
        owner_pid: int | None,
        limits: Limits | None,
        guard: ProcessGuard,
    ) -> None:
        self._folder = folder
        self._owner_pid = owner_pid
        self._limits = limits
        self._guard = guard

    async def run(self) -> None:
        """Start everything, wait for the end, end everything: logs first, while there is someone to take them."""
        ended = _on_signals()
        archives = Archives(self._folder)
        bridge = Bridge()
        state = State(self._folder)
        if state.lost:
            (self._folder / DOORS_FILE).unlink(missing_ok=True)  # nothing is behind them any more
        emulator = Emulator(installs.ensure_emulator(), state, archives.uploads, self._guard)
        try:
            host_port = await bridge.start()
            passing = await emulator.start(host_port)
            writer = LogWriter(Journal(self._folder), CloudWatchLogs(emulator.endpoint_url))
            host = bridge.host = LambdaHost(archives, emulator.endpoint_url, writer, self._guard, self._limits)
            bridge.functions.host = host
            api = LambdaApi(asyncio.get_running_loop(), bridge.functions, passing)
            bridge.doors = Doors(bridge.functions, emulator.endpoint_url, writer, self._folder)
            await bridge.doors.restore()
            self._tell(emulator.endpoint_url, host_port)
            try:
                await self._until_end(ended, emulator)
            finally:
                api.close()
                await bridge.doors.close()
                await bridge.close()
                await host.close()
                await asyncio.to_thread(writer.close)
        finally:
            await emulator.stop()

    async def _until_end(self, ended: asyncio.Event, emulator: Emulator) -> None:
        told = asyncio.create_task(ended.wait())
        orphaned = asyncio.create_task(self._orphaned())
        broken = asyncio.create_task(emulator.wait())
        tasks: set[asyncio.Task[int] | asyncio.Task[bool] | asyncio.Task[None]] = {told, orphaned, broken}
        done, left = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in left:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        if broken in done:
            raise LocalError(f"the emulator ended by itself (exit status {broken.result()})")

    async def _orphaned(self) -> None:
        """Return when the owner is gone, or the folder: nobody could find us any more."""
        while (self._owner_pid is None or alive(self._owner_pid)) and (self._folder / PORT_FILE).exists():
            await asyncio.sleep(_WATCH)

    def _tell(self, endpoint_url: str, host_port: int) -> None:
        told = {"pid": os.getpid(), "endpoint_url": endpoint_url, "host_port": host_port, "owner": self._owner_pid}
        partial = self._folder / f"{PORT_FILE}.partial"
        partial.write_text(json.dumps(told))
        partial.replace(self._folder / PORT_FILE)


def _on_signals() -> asyncio.Event:
    ended = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, ended.set)
    return ended

"""The emulator as a child process.

Started with the plug inside, watched, ended within a limit. The one seam to ministack.
"""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from lakon.exceptions import LocalError
from lakon.local import plug
from lakon.local.spawning.groups import kill_group

if TYPE_CHECKING:
    from lakon.local.processes import ProcessGuard
    from lakon.local.state import State

_GRACE = 10.0
_START_LIMIT = 30.0
_ANSWER_LIMIT = 2.0


class Emulator:
    """One running emulator. Its port is the same as in the last run if it is free: queue URLs hold it.

    Two variables of the environment change how it invokes functions. LAKON_MINUTE: how many seconds a minute of waiting
    between retries of an asynchronous event lasts (1). LAKON_CONCURRENCY: the account's concurrent executions (1000).
    """

    def __init__(self, python: Path, state: State, archives: Path, guard: ProcessGuard) -> None:
        self._python = python
        self._state = state
        self._archives = archives
        self._guard = guard
        self._process: asyncio.subprocess.Process | None = None
        self.endpoint_url = ""

    async def start(self, host_port: int) -> socket.socket:
        """Start and wait until it answers; the Unix socket by which it passes connections on that invoke functions.

        LocalError when it does not.
        """
        self._state.open()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._process = await asyncio.create_subprocess_exec(
            str(self._python),
            "-I",
            str(Path(plug.__file__)),
            env=self._environment(host_port) | {"LAKON_PASSING": str(theirs.fileno())},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=(theirs.fileno(),),
            start_new_session=True,
        )
        theirs.close()
        self._guard.add(self._process.pid, _GRACE)
        try:
            async with asyncio.timeout(_START_LIMIT):
                port = await self._told_port()
                while not await _answers(port):
                    if self._process.returncode is not None:
                        raise LocalError("the emulator ended while it started")
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise LocalError(f"the emulator did not answer within {_START_LIMIT:.0f} seconds") from None
        self._state.port.write_text(str(port))
        self.endpoint_url = f"http://127.0.0.1:{port}"
        return ours

    async def wait(self) -> int:
        """Wait until it ends by itself; its exit status."""
        if self._process is None:
            raise LocalError("the emulator was not started")
        return await self._process.wait()

    async def stop(self) -> None:
        """Let it save and end; kill it when it takes too long, or does not answer any more."""
        process = self._process
        if process is None:
            return
        grace = _GRACE if await self._responds() else 0
        if process.stdin:
            process.stdin.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), grace)
        kill_group(process.pid)
        await process.wait()
        self._guard.remove(process.pid)

    async def _responds(self) -> bool:
        try:
            async with asyncio.timeout(_ANSWER_LIMIT):
                return await _answers(int(self.endpoint_url.rpartition(":")[2]))
        except (TimeoutError, ValueError):
            return False

    async def _told_port(self) -> int:
        line = await self._process.stdout.readline() if self._process and self._process.stdout else b""
        if not line.strip().isdigit():
            raise LocalError("the emulator did not start")
        return int(line)

    def _environment(self, host_port: int) -> dict[str, str]:
        preferred = self._state.port.read_text() if self._state.port.exists() else "0"
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}
        return kept | {
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_ACCOUNT_ID": "000000000000",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": "unix:///nonexistent",  # it must never find one
            "LOG_LEVEL": "WARNING",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self._state.folder / "services"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self._state.folder / "s3"),
            "LAKON_PORT": preferred.strip() if preferred.strip().isdigit() else "0",
            "LAKON_HOST_PORT": str(host_port),
            "LAKON_ARCHIVES": str(self._archives),
            "LAKON_CLEAN": str(self._state.clean),
            "LAKON_EVENTS": str(self._state.folder / "events.json"),
            "LAKON_MINUTE": os.environ.get("LAKON_MINUTE", "1"),
            "LAKON_CONCURRENCY": os.environ.get("LAKON_CONCURRENCY", "1000"),
        }


async def _answers(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        writer.write(b"GET /_ministack/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        return b" 200 " in await reader.readline()
    except OSError:
        return False
    finally:
        writer.close()

"""Where the plug inside the emulator reaches the Lambda host.

Frames over loopback, many connections, one invocation each at a time.

A frame is two lengths (big-endian 32 bit), a JSON head and a body. Asked: the function, the request id and the event;
answered: whether it is an error, the log's tail, and the answer.
"""

from __future__ import annotations

import asyncio
import json
import logging
import struct
from contextlib import suppress
from typing import TYPE_CHECKING

from lakon.local.functions import Call, parse_function

if TYPE_CHECKING:
    from lakon.local.host import LambdaHost

_HEAD = struct.Struct(">II")
_log = logging.getLogger("lakon.local")


class Bridge:
    """Listens for the plug and lets `host` do what it asks."""

    def __init__(self) -> None:
        self.host: LambdaHost | None = None
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> int:
        """Listen; the port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        """Hear nothing more and give up what is under way."""
        if self._server:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            while True:
                size, length = _HEAD.unpack(await reader.readexactly(_HEAD.size))
                message = json.loads(await reader.readexactly(size))
                answer, body = await self._answer(message, await reader.readexactly(length))
                head = json.dumps(answer).encode()
                writer.write(_HEAD.pack(len(head), len(body)) + head + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            return  # the emulator, or this supervisor, is ending
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, message: dict[str, object], payload: bytes) -> tuple[dict[str, object], bytes]:
        try:
            if self.host is None:
                raise RuntimeError("the Lambda host is not ready")
            function = parse_function(message)
            call = Call(
                request_id=str(message["requestId"]),
                function_arn=str(message["functionArn"]),
                payload=payload,
                client_context=str(message["clientContext"]),
            )
            outcome = await self.host.invoke(function, call)
        except Exception as error:  # noqa: BLE001 - whatever happens, the caller gets an answer and the supervisor goes on
            _log.exception("an invocation failed inside the Lambda host")
            failure = {"errorType": "Sandbox.Failure", "errorMessage": f"{type(error).__name__}: {error}"}
            return {"error": True, "log": ""}, json.dumps(failure).encode()
        return {"error": outcome.answer.error_type is not None, "log": outcome.log_tail}, outcome.answer.body

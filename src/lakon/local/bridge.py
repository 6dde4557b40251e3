"""Where the plug inside the emulator reaches the Lambda host.

Frames over loopback (`lakon.local.inside.link` has their shape), many connections, one request each at a time: to
invoke a function, to keep environments provisioned, to forget a function, to let everything settle.
"""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING

from lakon.exceptions import LakonError
from lakon.local.functions import Call, Function, parse_function
from lakon.local.inside.link import ANSWERED, ASKED
from lakon.local.streams import SEPARATOR

if TYPE_CHECKING:
    from lakon.local.host import LambdaHost

    Answer = tuple[dict[str, object], bytes]

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
                sizes = ASKED.unpack(await reader.readexactly(ASKED.size))
                message, function, payload = [await reader.readexactly(size) for size in sizes]
                _send(writer, *await self._answer(json.loads(message), function, payload, writer))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            return  # the emulator, or this supervisor, is ending
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(
        self, message: dict[str, object], function: bytes, payload: bytes, writer: asyncio.StreamWriter
    ) -> Answer:
        try:
            if self.host is None:
                raise RuntimeError("the Lambda host is not ready")
            match message["do"]:
                case "invoke":
                    return await _invoke(self.host, message, _parsed(function), payload, writer)
                case "provision":
                    await self.host.provision(_parsed(function), int(str(message["count"])))
                case "initialize":
                    await self.host.initialize(_parsed(function))
                case "forget":
                    self.host.forget(str(message["name"]))
                case "settle":
                    await self.host.settle()
                case unknown:
                    raise ValueError(f"asked to {unknown}")
        except LakonError as error:
            return {"error": str(error)}, b""
        except Exception as error:  # noqa: BLE001 - whatever happens, the caller gets an answer and the supervisor goes on
            _log.exception("a request failed inside the Lambda host")
            reason = f"{type(error).__name__}: {error}"
            failure = {"errorType": "Sandbox.Failure", "errorMessage": reason}
            return {"error": reason, "errorType": "Sandbox.Failure", "log": ""}, json.dumps(failure).encode()
        return {}, b""


class _Sink:
    """Passes a streamed response on as it comes. What a slow reader has not taken is kept here."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def begin(self, content_type: str, prelude: bytes | None) -> None:  # noqa: ARG002 - Invoke knows no content types
        """The response begins; its prelude is the beginning of what the caller of Invoke gets."""
        if prelude is not None:
            self.write(prelude + SEPARATOR)

    def write(self, chunk: bytes) -> None:
        """A piece of the response."""
        _send(self._writer, {"part": True}, chunk)


async def _invoke(
    host: LambdaHost, message: dict[str, object], function: Function, payload: bytes, writer: asyncio.StreamWriter
) -> Answer:
    call = Call(
        request_id=str(message["requestId"]),
        function_arn=str(message["functionArn"]),
        payload=payload,
        client_context=str(message["clientContext"]),
        trace_id=str(message["traceId"]),
        tenant_id=str(message["tenantId"]),
        tail=bool(message["tail"]),
    )
    outcome = await host.invoke(function, call, _Sink(writer) if message["streamed"] else None)
    return {"errorType": outcome.answer.error_type, "log": outcome.log_tail}, outcome.answer.body


@lru_cache(maxsize=1024)
def _parsed(function: bytes) -> Function:
    """The same words for the same version: reading them costs more than all else here."""
    return parse_function(json.loads(function))


def _send(writer: asyncio.StreamWriter, head: dict[str, object], body: bytes) -> None:
    told = json.dumps(head).encode()
    writer.write(ANSWERED.pack(len(told), len(body)) + told + body)

"""Where the plug inside the emulator reaches the Lambda host.

Frames over loopback (`lakon.local.inside.link` has their shape), many connections, one request each at a time: to
invoke a function, to keep environments provisioned, to forget a function, to let everything settle. Commands come the
same way, to open the front doors of a stack; and the emulator offers a connection on which those may ask it.
"""

from __future__ import annotations

import asyncio
import json
import logging
from functools import lru_cache, partial
from typing import TYPE_CHECKING, cast

from lakon.exceptions import LakonError
from lakon.local.front.functions import Functions
from lakon.local.functions import Call, Function, parse_function
from lakon.local.inside.link import ANSWERED, ASKED
from lakon.local.streams import SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakon.local.front.doors import Doors
    from lakon.local.host import LambdaHost
    from lakon.local.runs import Outcome, Run

_log = logging.getLogger("lakon.local")


class Bridge:
    """Listens for the plug and lets `host` do what it asks; what is asked before there is one waits for it."""

    def __init__(self) -> None:
        self._host: LambdaHost | None = None
        self.early: list[Callable[[], None]] = []
        self.functions = Functions()
        self.doors: Doors | None = None
        self.tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def host(self) -> LambdaHost | None:
        """Who does it, once there is one."""
        return self._host

    @host.setter
    def host(self, host: LambdaHost) -> None:
        self._host = host
        early, self.early = self.early, []
        for ask in early:
            ask()

    async def start(self) -> int:
        """Listen; the port."""
        self._server = await asyncio.get_running_loop().create_server(lambda: _Connection(self), "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        """Hear nothing more and give up what is under way."""
        if self._server:
            self._server.close()
        for task in list(self.tasks):
            task.cancel()
        if self.tasks:
            await asyncio.wait(self.tasks)


class _Connection(asyncio.Protocol):
    """One connection of the plug: a request, its answer, the next request."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._transport: asyncio.Transport | None = None
        self._asked = bytearray()
        self._run: Run | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The plug is there."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's parameter
        """It is gone: a response that is streamed goes on into nothing."""
        self._transport = None
        self.resume_writing()

    def pause_writing(self) -> None:
        """It does not take a streamed response as fast as it comes: the runtime has to wait."""
        if self._run:
            self._run.hold(wait=True)

    def resume_writing(self) -> None:
        """It takes more."""
        if self._run:
            self._run.hold(wait=False)

    def data_received(self, data: bytes) -> None:
        """A piece of a request, or a whole one."""
        self._asked += data
        if len(self._asked) < ASKED.size:
            return
        sizes = ASKED.unpack_from(self._asked)
        if len(self._asked) < ASKED.size + sum(sizes):
            return
        asked, start, parts = bytes(self._asked), ASKED.size, []
        self._asked.clear()
        for size in sizes:
            parts.append(asked[start : start + size])
            start += size
        message, function, payload = parts
        self._do(json.loads(message), function, payload)

    def send(self, head: dict[str, object], body: bytes = b"") -> None:
        """Answer, wholly or in part."""
        if self._transport:
            told = json.dumps(head).encode()
            self._transport.write(ANSWERED.pack(len(told), len(body)) + told + body)

    def _do(self, message: dict[str, object], function: bytes, payload: bytes) -> None:
        host = self._bridge.host
        if message["do"] == "admit" and self._transport:
            self._bridge.functions.admit(self._transport)
        elif host is None:
            self._bridge.early.append(partial(self._do, message, function, payload))
        elif message["do"] == "invoke":
            try:
                self._invoke(host, message, _parsed(function), payload)
            except Exception as error:  # noqa: BLE001 - whatever happens, the caller gets an answer
                _log.exception("a request failed inside the Lambda host")
                self._fail(f"{type(error).__name__}: {error}")
        else:
            task = asyncio.create_task(self._manage(host, message, function, payload))
            self._bridge.tasks.add(task)
            task.add_done_callback(self._bridge.tasks.discard)

    def _invoke(self, host: LambdaHost, message: dict[str, object], function: Function, payload: bytes) -> None:
        call = Call(
            request_id=str(message["requestId"]),
            function_arn=str(message["functionArn"]),
            payload=payload,
            client_context=str(message["clientContext"]),
            trace_id=str(message["traceId"]),
            tenant_id=str(message["tenantId"]),
            tail=bool(message["tail"]),
        )
        self._run = host.submit(function, call, self._answer, _Sink(self) if message["streamed"] else None)

    def _answer(self, outcome: Outcome) -> None:
        self._run = None
        self.send({"errorType": outcome.answer.error_type, "log": outcome.log_tail}, outcome.answer.body)

    def _fail(self, reason: str) -> None:
        failure = {"errorType": "Sandbox.Failure", "errorMessage": reason}
        self.send({"error": reason, "errorType": "Sandbox.Failure", "log": ""}, json.dumps(failure).encode())

    async def _manage(self, host: LambdaHost, message: dict[str, object], function: bytes, payload: bytes) -> None:
        try:
            match message["do"]:
                case "provision":
                    await host.provision(_parsed(function), int(str(message["count"])))
                case "initialize":
                    await host.initialize(_parsed(function))
                case "forget":
                    host.forget(str(message["name"]))
                case "settle":
                    await host.settle()
                case "doors" if self._bridge.doors:
                    await self._bridge.doors.open(str(message["stack"]), json.loads(payload))
                case "saved" if self._bridge.doors:
                    self._bridge.doors.saved(str(message["stack"]))
                case unknown:
                    raise ValueError(f"asked to {unknown}")
        except LakonError as error:
            self.send({"error": str(error)})
        except Exception as error:  # noqa: BLE001 - whatever happens, the caller gets an answer and the supervisor goes on
            _log.exception("a request failed inside the Lambda host")
            self._fail(f"{type(error).__name__}: {error}")
        else:
            self.send({})


class _Sink:
    """Passes a streamed response on as it comes."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    def begin(self, content_type: str, prelude: bytes | None) -> None:  # noqa: ARG002 - Invoke knows no content types
        """The response begins; its prelude is the beginning of what the caller of Invoke gets."""
        if prelude is not None:
            self.write(prelude + SEPARATOR)

    def write(self, chunk: bytes) -> None:
        """A piece of the response."""
        self._connection.send({"part": True}, chunk)


@lru_cache(maxsize=1024)
def _parsed(function: bytes) -> Function:
    """The same words for the same version: reading them costs more than all else here."""
    return parse_function(json.loads(function))

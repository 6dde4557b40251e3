"""Connections that invoke functions are answered here, byte by byte ours.

The emulator's HTTP server takes as long to read one request as the whole invocation does otherwise. So every connection
begins here; with the first request that is not a plain Invoke it is the server's for good, and its requests reach
`front`. One that begins with an Invoke is passed on to the Lambda host, which has a door, too, and needs no leave to
run what it knows; it comes back with the first request that the host leaves to the emulator.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import weakref
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import parse_qs, unquote

import uvloop

from lakon.local.inside.passing import Passing

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping

    from lakon.local.inside.link import Json
    from lakon.local.inside.seam import Reply

    Factory = Callable[[], asyncio.BaseProtocol]
    PassOn = Callable[[asyncio.Transport, bytes], bool]
    Done = Callable[[Reply | None], None]
    Answer = Callable[["Asking", Done], None]

    Leave = Callable[[asyncio.Transport, bytes, bool], None]

_INVOKE = re.compile(r"POST (/2015-03-31/functions/[^/? ]+/invocations)(?:\?([^ ]*))? HTTP/1\.1")
_LENGTH = re.compile("[0-9]{1,7}")  # more is refused, by those who understand more
_MAX_HEAD = 65_536
_MAX_AHEAD = 262_144  # bytes that a client may send before it is answered
_log = logging.getLogger("lakon.invoke")
_OTHERWISE = frozenset({"transfer-encoding", "expect", "upgrade"})  # not for us to understand
_STATUS_LINES = {each.value: f"HTTP/1.1 {each.value} {each.phrase}" for each in HTTPStatus}


class Asking(NamedTuple):
    """An Invoke that was read; the names of `headers` are in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    query: Json


class DoorLoop(uvloop.Loop):
    """An event loop whose servers on sockets that are open already have a door, once there is an `answer`."""

    answer: Answer | None = None

    def __init__(self) -> None:
        super().__init__()
        self._doors: weakref.WeakSet[Door] = weakref.WeakSet()
        self._server: Factory | None = None
        self._passing: Passing | None = None
        self._ending = False

    def pass_on(self, ours: socket.socket) -> None:
        """Pass connections that invoke on by a Unix socket, and take those that come back."""
        self._passing = Passing(self, ours, self._door, self._host_ends)

    def _host_ends(self) -> None:
        """Nobody runs functions any more: who still wants that is sent away, as from a port that nobody listens at."""
        self._passing = None
        self._ending = True

    def close_doors(self) -> None:
        """Hear no more; who waits for an answer still gets it."""
        if self._passing:
            self._passing.close()
            self._passing = None
        for door in list(self._doors):
            door.close()

    async def create_server(self, protocol_factory: Factory, *arguments: Any, **options: Any) -> asyncio.Server:
        """As every event loop does; what is given is the emulator's server's business."""
        if self.answer is None or options.get("sock") is None:
            return cast("asyncio.Server", await super().create_server(protocol_factory, *arguments, **options))
        self._server = protocol_factory
        return cast("asyncio.Server", await super().create_server(self._entrance, *arguments, **options))

    def _entrance(self) -> Door:
        return self._door(b"", self._pass_on)

    def _pass_on(self, transport: asyncio.Transport, read: bytes) -> bool:
        if self._ending:
            transport.abort()
        return self._ending or (self._passing is not None and self._passing.send(transport, read))

    def _door(self, read: bytes, pass_on: PassOn | None = None) -> Door:
        if self.answer is None:
            raise RuntimeError("there is nobody to answer")
        door = Door(self.answer, self._leave, read, pass_on)
        self._doors.add(door)
        return door

    def _leave(self, transport: asyncio.Transport, read: bytes, ended: bool) -> None:
        """Let the emulator's server have a connection."""
        if self._server is None:
            raise RuntimeError("there is no server")
        server = cast("asyncio.Protocol", self._server())
        transport.set_protocol(server)
        server.connection_made(transport)
        server.data_received(read)
        if ended and not server.eof_received():
            transport.close()


class Door(asyncio.Protocol):
    """One connection, of which this was `read` by another.

    `answer` answers an Invoke, at once or later, or says None: then, and with any other request, the connection is
    somebody else's, who gets it by `leave`, with what was read and whether that was all. With `pass_on` it is offered
    to another with its first Invoke.
    """

    def __init__(self, answer: Answer, leave: Leave, read: bytes = b"", pass_on: PassOn | None = None) -> None:
        self._answer = answer
        self._leave = leave
        self._pass_on = pass_on
        self._transport: asyncio.Transport | None = None
        self._asked = bytearray(read)
        self._answering = 0  # bytes of the request
        self._last = False
        self._held_back = False
        self._ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The client is there."""
        self._transport = cast("asyncio.Transport", transport)
        if self._asked:
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's parameter
        """The client is gone; what it invoked runs on."""
        self._transport = None

    def eof_received(self) -> bool:
        """The client sends no more; it may still wait for an answer."""
        self._ended = True
        return bool(self._answering)

    def close(self) -> None:
        """Take no more requests."""
        self._ended = True
        if self._transport and not self._answering:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        """A piece of a request, or a whole one."""
        self._asked += data
        if not self._answering:
            self._next()
        elif len(self._asked) > self._answering + _MAX_AHEAD and self._transport:
            self._held_back = True
            self._transport.pause_reading()

    def _next(self) -> None:
        """Answer the request that is there, wait for the rest of it, or leave the connection to the server."""
        end = self._asked.find(b"\r\n\r\n")
        if end < 0:
            if not b"POST /2015-03-31/functions/".startswith(self._asked[:27]) or len(self._asked) > _MAX_HEAD:
                self._give_up()
            return
        first, *lines = self._asked[:end].decode("latin-1").split("\r\n")
        match = _INVOKE.fullmatch(first)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = headers.get("content-length", "0")
        if match is None or _OTHERWISE & headers.keys() or not _LENGTH.fullmatch(length):
            self._give_up()
            return
        if self._passed_on():
            return
        size = end + 4 + int(length)
        if len(self._asked) >= size:
            self._answering = size
            self._last = headers.get("connection", "").lower() == "close"
            body = bytes(self._asked[end + 4 : size])
            self._begin(Asking(unquote(match[1]), headers, body, parse_qs(match[2] or "")))

    def _begin(self, asking: Asking) -> None:
        try:
            self._answer(asking, self._reply)
        except Exception as error:  # noqa: BLE001 - as the server would: the connection must not hang
            self._reply(failed(error))

    def _reply(self, reply: Reply | None) -> None:
        size, self._answering = self._answering, 0
        if reply is None:
            self._give_up()
            return
        del self._asked[:size]
        if self._held_back and self._transport:
            self._held_back = False
            self._transport.resume_reading()
        status, told, content = reply
        lines = [_STATUS_LINES[status], *[f"{name}: {value}" for name, value in told.items()]]
        head = "\r\n".join([*lines, f"content-length: {len(content)}", "", ""])
        if self._transport:
            self._transport.write(head.encode("latin-1", "replace") + content)
            if self._ended or self._last:
                self._transport.close()
            elif self._asked:
                self._next()

    def _passed_on(self) -> bool:
        pass_on, self._pass_on = self._pass_on, None
        if pass_on is None or self._transport is None:
            return False
        if pass_on(self._transport, bytes(self._asked)):
            self._transport = None
            return True
        self._transport.resume_reading()
        return False

    def _give_up(self) -> None:
        transport, self._transport = self._transport, None
        if transport:
            self._leave(transport, bytes(self._asked), self._ended)


def failed(error: Exception) -> Reply:
    """The reply where answering failed for a reason of our own, which is logged."""
    _log.error("an invocation failed", exc_info=error)
    failure = json.dumps({"Type": "Service", "message": str(error)}).encode()
    return 500, {"Content-Type": "application/json", "x-amzn-ErrorType": "ServiceException"}, failure

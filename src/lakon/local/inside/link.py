"""The way to the Lambda host: frames over loopback, connections kept alive, one per invocation under way.

What is asked has three parts, each preceded in the frame's head by its length (big-endian, 32 bit): the message, the
description of a function, and the payload. An answer has two: its head and its body. A streamed response comes as
several, the last of which says how it ended.
"""

from __future__ import annotations

import asyncio
import json
import queue
import socket
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

ASKED = struct.Struct(">III")
ANSWERED = struct.Struct(">II")

Json = dict[str, Any]  # messages and the emulator's records are JSON


def frame(message: Json, function: bytes = b"", payload: bytes = b"") -> bytes:
    """What is sent to the host."""
    head = json.dumps(message).encode()
    return ASKED.pack(len(head), len(function), len(payload)) + head + function + payload


class Link:
    """Asks the Lambda host on `port`. Every method raises OSError when it is not there or ends."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._sockets: queue.LifoQueue[socket.socket] = queue.LifoQueue()
        self._streams: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    def ask(self, asked: bytes) -> tuple[Json, bytes]:
        """Send a frame and wait for its answer, from any thread that may wait."""
        connection = self._socket()
        try:
            connection.sendall(asked)
            size, length = ANSWERED.unpack(_read(connection, ANSWERED.size))
            answer = json.loads(_read(connection, size)), _read(connection, length)
        except BaseException:
            connection.close()
            raise
        self._sockets.put(connection)
        return answer

    def close(self) -> None:
        """Let the kept connections go."""
        while not self._sockets.empty():
            self._sockets.get_nowait().close()

    async def tell(self, asked: bytes, part: Callable[[bytes], Awaitable[None]] | None = None) -> tuple[Json, bytes]:
        """Send a frame and await its answer on the event loop; what is streamed before it goes to `part`."""
        reader, writer = await self._stream()
        try:
            writer.write(asked)
            head, body = await _answer(reader)
            while head.get("part"):
                if part:
                    await part(body)
                head, body = await _answer(reader)
        except EOFError as error:
            writer.close()
            raise ConnectionResetError("the Lambda host closed the connection") from error
        except BaseException:
            writer.close()
            raise
        self._streams.append((reader, writer))
        return head, body

    def _socket(self) -> socket.socket:
        try:
            return self._sockets.get_nowait()
        except queue.Empty:
            connection = socket.create_connection(("127.0.0.1", self._port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection

    async def _stream(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return self._streams.pop() if self._streams else await asyncio.open_connection("127.0.0.1", self._port)


async def _answer(reader: asyncio.StreamReader) -> tuple[Json, bytes]:
    size, length = ANSWERED.unpack(await reader.readexactly(ANSWERED.size))
    return json.loads(await reader.readexactly(size)), await reader.readexactly(length)


def _read(connection: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = connection.recv(min(size - len(parts), 1 << 20))
        if not part:
            raise ConnectionResetError("the Lambda host closed the connection")
        parts += part
    return bytes(parts)

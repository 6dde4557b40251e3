"""Connections that one process passes on to another, with what it has read of them, over a Unix socket.

A message carries a connection and what was read of it; where that is much, it lies in a file that comes along.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

_MUCH = 1024  # bytes: more does not fit into one message everywhere
_IN_FILE = b"-"


class Passing:
    """One end of the Unix socket, on an event loop.

    `make` makes the protocol of a connection that is passed to here, given what was read; `ended` hears that the other
    takes no more.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        ours: socket.socket,
        make: Callable[[bytes], asyncio.Protocol],
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        self._loop = loop
        self._ours = ours
        self._make = make
        self._ended = ended
        self._tasks: set[asyncio.Task[None]] = set()
        ours.setblocking(False)
        loop.add_reader(ours, self._receive)

    def end(self) -> None:
        """Say that nothing more is taken, and close."""
        with suppress(OSError):
            self._ours.send(b"")
        while self._receive():  # what was passed on before
            pass
        self.close()

    def close(self) -> None:
        """Pass nothing on any more, and take nothing."""
        self._loop.remove_reader(self._ours)
        self._ours.close()

    def send(self, transport: asyncio.Transport, read: bytes) -> bool:
        """Pass a connection on, of which this was `read`, and let it go.

        False when that cannot be, not now or not any more; then nothing more is read from it.
        """
        connection: socket.socket = transport.get_extra_info("socket")
        transport.pause_reading()
        try:
            if len(read) <= _MUCH:
                socket.send_fds(self._ours, [read], [connection.fileno()])
            else:
                with TemporaryFile() as file:
                    file.write(read)
                    file.flush()
                    socket.send_fds(self._ours, [_IN_FILE], [connection.fileno(), file.fileno()])
        except OSError:  # the other has ended, or does not keep up
            return False
        transport.abort()
        return True

    def _receive(self) -> bool:
        try:
            read, descriptors, _, _ = socket.recv_fds(self._ours, _MUCH, 2)
        except OSError:
            return False
        if not read:
            self._ended()
            return False
        for number in descriptors:
            os.set_inheritable(number, False)
        match descriptors:
            case [connection] if read != _IN_FILE:
                self._begin(socket.socket(fileno=connection), read)
            case [connection, file]:
                with os.fdopen(file, "rb") as content:
                    content.seek(0)
                    self._begin(socket.socket(fileno=connection), content.read())
            case _:  # this process may have no more of them: the system has dropped some, and the client is cut off
                for number in descriptors:
                    os.close(number)
        return True

    def _begin(self, connection: socket.socket, read: bytes) -> None:
        connection.setblocking(False)
        task = self._loop.create_task(self._take(connection, read))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take(self, connection: socket.socket, read: bytes) -> None:
        with suppress(OSError):  # the client is gone
            await self._loop.connect_accepted_socket(lambda: self._make(read), connection)

"""A Go program as a child of Lambda's Python runtime, spoken to in frames over a socket pair. Ships into Lambda.

To the child: the sizes of header and payload, 32 bits each, big-endian, then both. From it: a status and a size, then
the body. The first frame of a child is empty when it is ready, or says why it is not. See `go/lambda/sidecar.go`.
"""

from __future__ import annotations

import _socket  # `socket` takes 7 ms to import
import os

from lakon.runtime.child import Child, after_restore, task_root
from lakon.runtime.raw import GoError, Streamed, fault, fitting, go_error, header, take_raw_events, unstarted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lakon.runtime.raw import Context

_PANICKED, _CHUNK, _TYPE = 2, 3, 4
_READ = 65_536


class Sidecar:
    """The child, and the connection to it. Whoever finds it dead gets an error, and the next event a new one."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._child: Child | None = None
        self._ready = False
        self._rest = b""

    def start(self) -> None:
        """Start the child, in place of one that there may be. It is awaited when the first event comes.

        GoError when there is no such program, or none that can run.
        """
        if self._child:
            self._stop()
        ours, theirs = _socket.socketpair()
        environment = {**os.environ, "LAKON_SIDECAR_FD": "3"}
        try:
            self._child = Child(self._command, environment, theirs.fileno())
        except OSError as error:
            ours.close()
            raise unstarted(self._command[0], error) from None
        finally:
            theirs.close()
        self._socket = ours
        self._ready = False
        self._rest = b""

    def call(self, payload: bytes, context: Context | None) -> bytes:
        """The child's answer. GoError tells what Go returned, or how the child ended."""
        if self._child is None or (self._ready and self._child.ended()):
            self.start()
        try:
            if not self._ready:
                self._await_ready()
            status, body = self._exchange(payload, header(context))
        except (OSError, EOFError):
            raise self._crashed() from None
        if status == _PANICKED:
            self.start()  # that child ends
        if status:
            raise go_error(body)
        return body

    def _await_ready(self) -> None:
        status, body = self._receive()
        if status:
            self._stop()
            raise go_error(body)
        self._ready = True

    def _exchange(self, payload: bytes, told: bytes) -> tuple[int, bytes]:
        head = len(told).to_bytes(4, "big") + len(payload).to_bytes(4, "big") + told
        if len(payload) > _READ:
            self._socket.sendall(head)
            self._socket.sendall(payload)
        else:
            self._socket.sendall(head + payload)
        status, body = self._receive()
        return self._streamed(body) if status == _TYPE else (status, body)

    def _streamed(self, content_type: bytes) -> tuple[int, bytes]:
        chunks = []
        status, body = self._receive()
        while status == _CHUNK:
            chunks.append(body)
            status, body = self._receive()
        if status:
            return status, body
        whole = Streamed(b"".join(chunks))
        whole.content_type = content_type.decode()
        return 0, whole

    def _receive(self) -> tuple[int, bytes]:
        data = self._rest
        while len(data) < 8:
            data += self._read(_READ)
        status, size = int.from_bytes(data[:4], "big"), int.from_bytes(data[4:8], "big")
        end = 8 + size
        if len(data) < end:
            data = self._read_on(data, end)
        self._rest = data[end:]
        return status, data[8:end]

    def _read(self, size: int) -> bytes:
        data = self._socket.recv(size)
        if not data:
            raise EOFError
        return data

    def _read_on(self, begun: bytes, size: int) -> bytes:
        whole = bytearray(size)
        at = len(begun)
        whole[:at] = begun
        view = memoryview(whole)
        while at < size:
            count = self._socket.recv_into(view[at:])
            if not count:
                raise EOFError
            at += count
        return bytes(whole)

    def _crashed(self) -> GoError:
        how = self._child.ended(wait=True) if self._child else None
        self._stop()
        return GoError("Runtime.ExitError", f"the Go program ended: {how}", [])

    def _stop(self) -> None:
        self._socket.close()
        if self._child:
            self._child.kill()
            self._child = None


_sidecar: Sidecar | None = None


def handler(event: bytes, context: Context) -> bytes:
    """Answer an event: the function's handler."""
    global _sidecar
    if _sidecar is None:
        _sidecar = Sidecar([f"{task_root()}/bootstrap"])
    try:
        return fitting(_sidecar.call(event, context))
    except GoError as error:
        raise fault(error) from None


if take_raw_events():  # in Lambda: the child starts while the runtime does
    _sidecar = Sidecar([f"{task_root()}/bootstrap"])
    try:  # noqa: SIM105 - contextlib takes time to import
        _sidecar.start()
    except GoError:  # told in answer to the first event
        pass
    after_restore(_sidecar.start)

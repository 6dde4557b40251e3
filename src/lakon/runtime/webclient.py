"""A client of HTTP/1.1 for one server on this machine, over one connection that is kept. Ships into Lambda.

`http.client` takes longer to import than most servers to start.
"""

from __future__ import annotations

import _socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    Address = tuple[str, int] | str

_READ = 65_536
_WITHOUT_BODY = (204, 304)


class Answer:
    """A status, the headers as they came (names in lower case), and the body."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def values(self, name: str) -> list[str]:
        """The values of a header, by its name in lower case."""
        return [value for known, value in self.headers if known == name]


class Client:
    """Asks the server at `address`: a loopback port, or the path of a Unix socket."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._socket: _socket.socket | None = None
        self._rest = b""

    def ask(self, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes) -> Answer:
        """The server's answer. OSError when it cannot be reached; EOFError when it goes away meanwhile."""
        connection = self._connection()
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
        lines.append(f"content-length: {len(body)}\r\n\r\n")
        try:
            connection.sendall("\r\n".join(lines).encode("latin-1", "replace") + body)
            return self._answer(method)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give up the connection."""
        if self._socket:
            self._socket.close()
            self._socket = None
        self._rest = b""

    def _connection(self) -> _socket.socket:
        if self._socket and self._gone(self._socket):
            self.close()
        if self._socket is None:
            unix = isinstance(self._address, str)
            made = _socket.socket(_socket.AF_UNIX if unix else _socket.AF_INET, _socket.SOCK_STREAM)
            try:
                made.connect(self._address)
                if not unix:
                    made.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
            except BaseException:
                made.close()
                raise
            self._socket = made
        return self._socket

    def _gone(self, connection: _socket.socket) -> bool:
        """Whether the server has closed a connection that was kept: nobody has asked it anything."""
        try:
            connection.recv(1, _socket.MSG_PEEK | _socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True  # the end, or what nobody has asked for

    def _answer(self, method: str) -> Answer:
        version, answer = self._head()
        while answer.status < 200:  # more is to come
            version, answer = self._head()
        closing = "close" in ",".join(answer.values("connection")).lower() or version == "HTTP/1.0"
        if method != "HEAD" and answer.status not in _WITHOUT_BODY:
            answer.body = self._body(answer)
            closing = closing or not (answer.values("content-length") or answer.values("transfer-encoding"))
        if closing:
            self.close()
        return answer

    def _head(self) -> tuple[str, Answer]:
        first, *lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        version, status = first.split(" ", 2)[:2]
        pairs = (line.partition(":") for line in lines)
        return version, Answer(int(status), [(name.strip().lower(), value.strip()) for name, _, value in pairs], b"")

    def _body(self, answer: Answer) -> bytes:
        if "chunked" in ",".join(answer.values("transfer-encoding")).lower():
            return self._chunks()
        for size in answer.values("content-length"):
            return self._exactly(int(size))
        parts = [self._rest]
        while part := self._receive():
            parts.append(part)
        return b"".join(parts)

    def _chunks(self) -> bytes:
        parts = []
        while size := int(self._until(b"\r\n").partition(b";")[0], 16):
            parts.append(self._exactly(size))
            self._exactly(2)
        while self._until(b"\r\n"):  # trailers
            pass
        return b"".join(parts)

    def _until(self, mark: bytes) -> bytes:
        data = self._rest
        while mark not in data:
            data += self._more()
        found, _, self._rest = data.partition(mark)
        return found

    def _exactly(self, size: int) -> bytes:
        parts, lacking = [self._rest], size - len(self._rest)
        while lacking > 0:
            part = self._more()
            parts.append(part)
            lacking -= len(part)
        whole = b"".join(parts)
        self._rest = whole[size:]
        return whole[:size]

    def _more(self) -> bytes:
        part = self._receive()
        if not part:
            raise EOFError
        return part

    def _receive(self) -> bytes:
        return self._socket.recv(_READ) if self._socket else b""

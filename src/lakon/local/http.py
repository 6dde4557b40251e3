"""The wire under the Runtime API: HTTP/1.1 for one client at a time, parsed in C (httptools)."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

import httptools

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAX_HEADERS = 2 * 1024 * 1024  # an X-Ray cause alone may take one
_STATUS_LINES = {each.value: f"HTTP/1.1 {each.value} {each.phrase}" for each in HTTPStatus}


@dataclass(slots=True)
class Request:
    """One request.

    Header names, and those of trailers, are in lower case; `size` counts body bytes beyond the kept ones.
    `taker` took the body as it came.
    """

    method: str = ""
    path: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    size: int = 0
    keep_alive: bool = True
    taker: Body | None = None

    @property
    def expects_leave(self) -> bool:
        """Whether the client waits for leave before it sends the body."""
        return "expect" in self.headers and self.headers["expect"].lower() == "100-continue"


class Reply(NamedTuple):
    """One reply; JSON unless it says otherwise."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Sequence[tuple[str, str]] = ()

    def render(self, *more: tuple[str, str]) -> bytes:
        """The bytes on the wire, `more` headers among them."""
        head, headers = _head(self.status, self.content_type, len(self.body)), (*self.headers, *more)
        return b"%s%s\r\n%s" % (head, _lines(headers) if headers else b"", self.body)


@lru_cache(maxsize=256)
def _head(status: int, content_type: str, length: int) -> bytes:
    headers = (("Content-Type", content_type), ("Content-Length", str(length)))
    return b"%s\r\n%s" % (_STATUS_LINES[status].encode(), _lines(headers))


def _lines(headers: Sequence[tuple[str, str]]) -> bytes:
    """Headers on the wire. Line ends in one would split it: they are dropped."""
    text = "".join([f"{name}: {value}\r\n" for name, value in headers])
    if text.count("\n") + text.count("\r") != 2 * len(headers):
        clean = [f"{name}: {value}".replace("\r", "").replace("\n", "") for name, value in headers]
        text = "\r\n".join([*clean, ""])
    return text.encode("utf-8", "replace")


@lru_cache(maxsize=256)
def _name(name: bytes) -> str:
    return name.decode("latin-1").lower()


class Body(Protocol):
    """Takes a body piece by piece as it arrives, in place of `Request.body`."""

    def write(self, chunk: bytes) -> None:
        """A piece."""

    def lost(self) -> None:
        """The client went away in the midst of it."""


class Service(Protocol):
    """What answers requests."""

    def accept(self, request: Request) -> Body | Reply | None:
        """All but the body is there: who takes it, or a refusal before it is sent; None to have it kept."""

    def handle(self, request: Request, connection: HttpConnection) -> Reply | None:
        """The request is whole: the reply, or None when it will be sent on `connection` later."""

    def truncated(self) -> Reply:
        """The reply to a client that sends no more, though its body is not whole."""


class HttpConnection(asyncio.Protocol):
    """One client's connection: requests are answered in order by `service`, at once or later through `send`.

    At most `max_body` bytes of a body are kept; what is beyond is counted only. A request that cannot be parsed gets
    400.
    """

    def __init__(self, service: Service, connections: set[HttpConnection], max_body: int) -> None:
        self.closed = False
        self._service = service
        self._connections = connections
        self._max_body = max_body
        self._transport: asyncio.Transport | None = None
        self._heard: dict[bytes, bytes] = {}
        self._target: list[bytes] = []
        self.on_header = self._heard.__setitem__  # straight from the parser: there are many of them
        self.on_url = self._target.append
        self._request = Request()
        self._taker: Body | None = None
        self._reading = False
        self._head_size = 0
        self._body = bytearray()
        self._complete: deque[Request] = deque()
        self._current: Request | None = None
        self._parser = httptools.HttpRequestParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The client is there."""
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's parameter
        """The client is gone; nothing is sent any more."""
        self.closed = True
        self._connections.discard(self)
        if self._taker:
            self._taker.lost()

    def eof_received(self) -> None:
        """The client sends no more; it may still listen."""
        if self._reading and not self.closed:
            self._refuse(self._service.truncated())

    def hold(self, *, wait: bool) -> None:
        """Read nothing more, or read again."""
        if self._transport and not self.closed:
            if wait:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()

    def abort(self) -> None:
        """Drop the client."""
        self.closed = True
        if self._transport:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Parse what came."""
        self._head_size += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade, UnicodeDecodeError):
            self._refuse(Reply(400, b"bad request\n", "text/plain"))
        if self._head_size > _MAX_HEADERS:
            self._refuse(Reply(400, b"headers too large\n", "text/plain"))

    def on_message_begin(self) -> None:
        """A request begins."""
        self._reading = True

    def on_headers_complete(self) -> None:
        """All headers are there; a careful client waits for leave to send the body."""
        target = b"".join(self._target)
        request = self._request = Request(
            self._parser.get_method().decode("ascii"),
            target.decode("ascii").partition("?")[0],
            self._take_headers(),
            keep_alive=self._parser.should_keep_alive(),
        )
        self._target.clear()
        if self._current is None and not self._complete:
            taken = self._service.accept(request)
            if isinstance(taken, Reply):
                self._refuse(taken)
                return
            request.taker = self._taker = taken
        if request.expects_leave and self._transport:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._head_size = 0
        self._request.size += len(body)
        if self.closed:
            return
        if self._taker:
            self._taker.write(body)
        elif self._request.size <= self._max_body:
            self._body += body

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._reading, self._taker = False, None
        if self._body:
            self._request.body = bytes(self._body)
            self._body.clear()
        if self._heard:
            self._request.headers.update(self._take_headers())  # trailers after a chunked body
        self._complete.append(self._request)
        if self._current is None:
            self._answer_next()

    def _take_headers(self) -> dict[str, str]:
        taken = {_name(name): value.decode("utf-8", "replace") for name, value in self._heard.items()}
        self._heard.clear()
        self._head_size = 0
        return taken

    def send(self, reply: Reply) -> None:
        """Send the reply to the request that is being answered, and turn to the one after it."""
        keep_alive = self._current is not None and self._current.keep_alive
        self._current = None
        if self._transport and not self.closed:
            self._transport.write(reply.render())
            if not keep_alive:
                self._transport.close()
        if self._complete:
            self._answer_next()

    def _answer_next(self) -> None:
        if self._current is None and self._complete and not self.closed:
            self._current = self._complete.popleft()
            if (reply := self._service.handle(self._current, self)) is not None:
                self.send(reply)

    def _refuse(self, reply: Reply) -> None:
        """Reply out of turn and hang up: what is on the wire behind cannot be understood, or is not wanted."""
        if self._transport and not self.closed:
            self._transport.write(reply.render(("Connection", "close")))
            self._transport.close()
        self.closed = True

"""The wire of front doors: uvicorn, on a loopback port each.

uvicorn alone, without a framework on top: a front door routes by API Gateway's rules and by no others. A door can be
exchanged while its port stays open, so that clients keep their connections when a program is reloaded.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import uvicorn

from lakon.exceptions import LocalError
from lakon.local.front.requests import Asked, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope, WebSocketScope

    from lakon.local.front.requests import Answer

_BACKLOG = 1024
_MAX_MESSAGE = 128 * 1024  # of a WebSocket API
_log = logging.getLogger("lakon.local")


class Door(Protocol):
    """What answers at a port."""

    max_body: int
    """The most bytes of a body that are taken; more is the door's to refuse: it gets one byte beyond."""

    async def answer(self, asked: Asked) -> Answer:
        """Answer a request."""

    async def connect(self, asked: Asked, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Serve a WebSocket that a client wants to open."""

    def saved(self) -> None:
        """A file was saved."""


class Port:
    """A loopback port that is listened at, and the door that answers there now."""

    def __init__(self, number: int, door: Door) -> None:
        self.door = door
        self._server = _Server(
            uvicorn.Config(
                self._serve,
                interface="asgi3",
                http="httptools",
                ws="websockets-sansio",
                ws_max_size=_MAX_MESSAGE,
                lifespan="off",
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=75,
                timeout_graceful_shutdown=1,
            )
        )
        self._task = asyncio.create_task(self._server.serve(sockets=[_bound(number)]))

    async def close(self) -> None:
        """Listen no more; what is under way has a second to end."""
        self._server.should_exit = True
        await self._task

    async def _serve(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] == "websocket":
            await self.door.connect(_asked(scope, "GET", b""), receive, send)
        elif scope["type"] == "http":
            door = self.door
            body = await _body(receive, door.max_body)
            if body is not None:
                await _respond(send, scope["method"], await _answered(door, _asked(scope, scope["method"], body)))


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the supervisor."""
        yield


def _bound(number: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", number))
    except OSError as error:
        listener.close()
        raise LocalError(f"port {number} cannot be listened at: {error.strerror}") from error
    listener.listen(_BACKLOG)  # from here on clients wait instead of being refused
    return listener


def _asked(scope: HTTPScope | WebSocketScope, method: str, body: bytes) -> Asked:
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
    client = scope["client"]
    return Asked(
        method=method,
        path=(scope.get("raw_path") or scope["path"].encode()).decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=body,
        client=client[0] if client else "127.0.0.1",
        protocol=f"HTTP/{scope['http_version']}",
    )


async def _body(receive: ASGIReceiveCallable, most: int) -> bytes | None:
    """The body, of which no more than a byte beyond `most` is kept; None when the client went away."""
    parts, size = [], 0
    while (message := await receive())["type"] == "http.request":
        part = message["body"]
        if size <= most:
            parts.append(part[: most + 1 - size])
        size += len(part)
        if not message.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)
    return None


async def _answered(door: Door, asked: Asked) -> Answer:
    try:
        return await door.answer(asked)
    except Exception:  # noqa: BLE001 - whatever happens, the client gets an answer and the door stays open
        _log.exception("a request failed inside a front door")
        return told(500, "Internal Server Error")


async def _respond(send: ASGISendCallable, method: str, answer: Answer) -> None:
    headers = [(name.encode("latin-1", "replace"), value.encode("utf-8", "replace")) for name, value in answer.headers]
    body = answer.body
    if isinstance(body, bytes) and answer.status >= 200 and answer.status not in (204, 304):
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if isinstance(body, bytes):
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body, "more_body": False})
        return
    async for part in body:
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})

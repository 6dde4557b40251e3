"""The loopback port of one execution environment, which `AWS_LAMBDA_RUNTIME_API` names to its processes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lakon.local import extensions_api, telemetry_api
from lakon.local.answers import MAX_PAYLOAD, refusal
from lakon.local.http import Body, HttpConnection, Reply, Request

if TYPE_CHECKING:
    from lakon.local.extensions_api import ExtensionsApi
    from lakon.local.runtime_api import RuntimeApi
    from lakon.local.telemetry_api import TelemetryApi

_PING = "/2018-06-01/ping"


class Endpoint:
    """Serves the APIs of one environment, told apart by their paths."""

    def __init__(self, runtime: RuntimeApi, extensions: ExtensionsApi, telemetry: TelemetryApi) -> None:
        self._runtime = runtime
        self._extensions = extensions
        self._telemetry = telemetry
        self._server: asyncio.Server | None = None
        self._connections: set[HttpConnection] = set()
        self._held = False

    async def start(self) -> str:
        """Listen on a free loopback port; the address is `host:port`."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: HttpConnection(self, self._connections, MAX_PAYLOAD), "127.0.0.1", 0
        )
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"{host}:{port}"

    def hold(self, *, wait: bool) -> None:
        """Read nothing more from its clients, or read again."""
        if wait != self._held:
            self._held = wait
            for connection in self._connections:
                connection.hold(wait=wait)

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        if self._server:
            self._server.close()
        for connection in list(self._connections):
            connection.abort()
        await asyncio.sleep(0)

    def accept(self, request: Request) -> Body | Reply | None:
        """Only responses of the runtime are treated before they are whole."""
        return self._runtime.accept(request)

    def truncated(self) -> Reply:
        """The reply to a client whose body is not whole."""
        return refusal(400, "TruncatedHTTPRequest", "HTTP request detected as truncated")

    def handle(self, request: Request, connection: HttpConnection) -> Reply | None:
        """The reply to one request; None when it will be sent on `connection` later."""
        if request.path.startswith(extensions_api.PREFIX):
            return self._extensions.handle(request, connection)
        if request.path in telemetry_api.PATHS:
            return self._telemetry.handle(request)
        if request.path == _PING:
            return Reply(200, b"pong", "text/plain; charset=utf-8") if request.method == "GET" else Reply(405)
        return self._runtime.handle(request, connection)

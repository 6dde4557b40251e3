"""Sending to the clients of a WebSocket API: its management API, with signed requests. Ships into Lambda.

See "Use @connections commands in your backend service". No AWS SDK: its import takes longer than the rest of a start.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from http.client import HTTPConnection
    from typing import Any


class SendError(Exception):
    """API Gateway did not take what was sent: `status`, and what it said."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"API Gateway answered {status}: {said}")
        self.status = status
        self.said = said


class Connections:
    """The clients of one API, by its callback address."""

    __slots__ = ("_connection", "host", "path", "secure")

    def __init__(self, endpoint: str) -> None:
        scheme, _, rest = endpoint.partition("://")
        self.host, slash, path = rest.partition("/")
        self.path = (slash + path).rstrip("/")
        self.secure = scheme == "https"
        self._connection: HTTPConnection | None = None

    def send(self, connection_id: str, data: object) -> bool:
        """Post to a client; False when it is gone."""
        if isinstance(data, str):
            body = data.encode()
        elif isinstance(data, (bytes, bytearray, memoryview)):
            body = bytes(data)
        else:
            from lakon.runtime.http.response import dumps

            body = dumps(data).encode()
        return self._ask("POST", connection_id, body) is not None

    def close(self, connection_id: str) -> bool:
        """Close a client's connection; False when it was gone."""
        return self._ask("DELETE", connection_id, b"") is not None

    def get(self, connection_id: str) -> Mapping[str, object] | None:
        """What is known of a connection; None when it is gone."""
        answer = self._ask("GET", connection_id, b"")
        if answer is None:
            return None
        import json

        known: dict[str, Any] = json.loads(answer)
        return {f"{name[:1].upper()}{name[1:]}": value for name, value in known.items()}

    def _ask(self, method: str, connection_id: str, body: bytes) -> bytes | None:
        """The body of the answer; None for a client that is gone. Raises SendError for any other refusal."""
        from http.client import HTTPException
        from urllib.parse import quote

        from lakon.runtime.http.signing import signed

        path = f"{self.path}/@connections/{quote(connection_id, safe='')}"
        headers = signed(method, self.host, path, body)
        try:
            status, answer = self._exchange(method, path, body, headers)
        except (HTTPException, ConnectionError):
            self._connection = None  # it was kept, and the other side has closed it meanwhile
            status, answer = self._exchange(method, path, body, headers)
        if status == 410:
            return None
        if status >= 300:
            raise SendError(status, answer.decode(errors="replace"))
        return answer

    def _exchange(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        if self._connection is None:
            from http import client

            self._connection = (client.HTTPSConnection if self.secure else client.HTTPConnection)(self.host, timeout=10)
        self._connection.request(method, path, body or None, headers)
        response = self._connection.getresponse()
        return response.status, response.read()

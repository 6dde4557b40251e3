"""Messages of a WebSocket API to handlers and back. Ships into Lambda.

See "Working with WebSocket APIs": `$connect` events carry headers and a query, messages a body.
"""

from __future__ import annotations

from lakon.runtime.http.fronts import GatewayV1, text_of
from lakon.runtime.http.handlers import Call
from lakon.runtime.http.response import HTTPError, respond

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any


class Message(GatewayV1):
    """A message of a client, or that it came or went."""

    __slots__ = ()

    @property
    def method(self) -> str:
        """`CONNECT`, `MESSAGE` or `DISCONNECT`."""
        return self.event["requestContext"]["eventType"]  # type: ignore[no-any-return]  # JSON

    @property
    def url_path(self) -> str:
        """The key of the message's route."""
        return self.event["requestContext"]["routeKey"]  # type: ignore[no-any-return]  # JSON

    @property
    def connection_id(self) -> str:
        """The client's connection, which `chat.send` takes."""
        return self.event["requestContext"]["connectionId"]  # type: ignore[no-any-return]  # JSON


def sockets(routes: Iterable[tuple[str, Any]]) -> Callable[[Any, Any], dict[str, Any]]:
    """What answers the events of a WebSocket API. `routes` are keys and handlers."""
    calls = {key: Call("", handler, (), 200) for key, handler in routes}

    def serve(event: Any, context: Any) -> dict[str, Any]:
        call = calls.get(event["requestContext"]["routeKey"]) or calls.get("$default")
        if call is None:
            return {"statusCode": 404}
        message = Message(event, context, {})
        try:
            response = respond(call.invoke(message), call.status)
        except HTTPError as error:
            response = error.response()
        answer: dict[str, Any] = {"statusCode": response.status}
        if response.body is not None:
            body, encoded = text_of(response)
            answer |= {"body": body, "isBase64Encoded": encoded}
        if response.headers:
            answer["headers"] = response.headers
        return answer

    return serve

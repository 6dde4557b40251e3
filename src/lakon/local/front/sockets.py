"""WebSocket APIs of API Gateway. See "API Gateway WebSocket APIs" and "Use @connections commands"."""

from __future__ import annotations

import asyncio
import base64
import datetime
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from lakon.local.front import events, signatures
from lakon.local.front.functions import RefusedError
from lakon.local.front.gateway import Gateway, new_trace
from lakon.local.front.refusals import REST, Refusal
from lakon.local.front.requests import Answer, request_id, several, told

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable

    from lakon.local.front.access import AccessLog
    from lakon.local.front.events import Event
    from lakon.local.front.functions import Functions
    from lakon.local.front.plan import Guard, Plan, Route
    from lakon.local.front.requests import Asked, Pairs
    from lakon.local.front.tokens import Issuers

_IDLE = 10 * 60.0
_LONGEST = 2 * 60 * 60.0
_MAX_POSTED = 128 * 1024


@dataclass(slots=True)
class _Client:
    """A connection: how to send to it, and what is known of it."""

    id: str
    asked: Asked
    send: ASGISendCallable
    connected: float = field(default_factory=time.time)
    active: float = field(default_factory=time.time)
    authorizer: Event | None = None
    closed: tuple[int, str] | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class SocketDoor(Gateway):
    """A WebSocket API, and the address at which functions send to its clients."""

    def __init__(self, plan: Plan, functions: Functions, issuers: Issuers, log: AccessLog | None) -> None:
        super().__init__(plan, functions, issuers, log)
        self._clients: dict[str, _Client] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._now = [self]

    def take_over(self, before: Gateway) -> None:
        """Go on with the clients: their next messages are routed as the program says now."""
        if isinstance(before, SocketDoor):
            self._clients, self._now = before._clients, before._now
            self._now[0] = self

    async def answer(self, asked: Asked) -> Answer:
        """The management API: post to a connection, ask about it, close it."""
        prefix = f"/{self.plan.stage}/@connections/"
        path = asked.path.replace("%40", "@")
        if not path.startswith(prefix):
            return told(403, "Missing Authentication Token")
        try:
            signatures.signer(asked, "execute-api")
        except signatures.InvalidSignatureError as error:
            return told(403, str(error))
        client = self._clients.get(unquote(path.removeprefix(prefix)))
        if client is None or client.closed:
            return told(410, "Gone", headers=[("x-amzn-errortype", "GoneException")])
        match asked.method:
            case "POST":
                return await self._post(client, asked)
            case "GET":
                return _about(client)
            case "DELETE":
                await self._close(client, 1000, "Connection Closed Normally")
                return Answer(204, [])
        return told(403, "Missing Authentication Token")

    async def connect(self, asked: Asked, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Serve a client: its coming, its messages, its going."""
        await receive()
        client = _Client(base64.b64encode(secrets.token_bytes(11)).decode(), asked, send)
        refused = await self._refused(client)
        if refused:
            await _deny(send, refused)
            return
        self._clients[client.id] = client
        try:
            await self._listen(client, receive)
        finally:
            self._clients.pop(client.id, None)
            client.ended.set()
            await self._now[0]._gone(client)

    async def _refused(self, client: _Client) -> Answer | None:
        """Why a client may not come in; None when it may, and has been let in."""
        asked, route = client.asked, self._route("$connect")
        if asked.path.rstrip("/") != f"/{self.plan.stage}":
            return told(403, "Forbidden")
        protocols: list[str] = []
        try:
            event = self._event(client, "$connect", "CONNECT") | _connecting(asked)
            if route and route.guard:
                arn = f"{self.plan.arn}/$connect"
                passed = await self.guards.check(route.guard, (), asked, arn, _asking(event, arn))
                passed.put_into(event["requestContext"])
                client.authorizer = event["requestContext"].get("authorizer")
            if not self.passes(self.plan.limit, "$connect"):
                raise Refusal("THROTTLED")
            if route:
                answer = await self._run(route, client, event)
                status = int(answer.get("statusCode", 200)) if isinstance(answer, dict) else 502
                if status >= 300:
                    return Answer(status, [])
                headers = {str(name).lower(): str(each) for name, each in (answer.get("headers") or {}).items()}
                protocols = [headers[name] for name in ("sec-websocket-protocol",) if name in headers]
        except Refusal as refusal:
            status, message = REST.get(refusal.kind, (500, "Internal server error"))
            return told(status, refusal.message or message)
        await client.send(
            {"type": "websocket.accept", "subprotocol": protocols[0] if protocols else None, "headers": []}
        )
        return None

    async def _listen(self, client: _Client, receive: ASGIReceiveCallable) -> None:
        until = time.monotonic() + _LONGEST
        while True:
            try:
                message = await asyncio.wait_for(receive(), min(_IDLE, until - time.monotonic()))
            except TimeoutError:
                await self._close(client, 1001, "Going away")
                return
            if message["type"] == "websocket.disconnect":
                client.closed = client.closed or (message["code"], message.get("reason") or "")
                return
            client.active = time.time()
            if message["type"] == "websocket.receive":
                task = asyncio.create_task(
                    self._now[0]._message(client, message.get("text"), message.get("bytes") or b"")
                )
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _message(self, client: _Client, text: str | None, data: bytes) -> None:
        """Route one message, run its function, and send what it replies."""
        key = _selected(self.plan.select, text)
        route = self._route(key) or self._route("$default")
        event = self._event(client, route.path if route else key, "MESSAGE")
        context = event["requestContext"]
        context["messageId"] = base64.b64encode(secrets.token_bytes(11)).decode()
        event["body"] = base64.b64encode(data).decode() if text is None else text
        event["isBase64Encoded"] = text is None
        said: object = None
        try:
            if route is None:
                raise Refusal("FORBIDDEN", "Forbidden")
            if not self.passes(self.plan.limit, "messages"):
                raise Refusal("THROTTLED", "Too Many Requests")
            said = await self._run(route, client, event)
        except Refusal as refusal:
            message = refusal.message or "Internal server error"
            told_client = {"message": message, "connectionId": client.id, "requestId": context["requestId"]}
            await _send(client, json.dumps(told_client))
            return
        if route.replies and isinstance(said, dict) and said.get("body") is not None:
            await _send(client, str(said["body"]))

    async def _gone(self, client: _Client) -> None:
        route = self._route("$disconnect")
        if route is None:
            return
        event = self._event(client, "$disconnect", "DISCONNECT")
        code, reason = client.closed or (1006, "")
        event["requestContext"] |= {"disconnectStatusCode": code, "disconnectReason": reason}
        headers = {"Host": client.asked.header("host") or ""}
        event |= {"headers": headers, "multiValueHeaders": {name: [value] for name, value in headers.items()}}
        try:
            await self._run(route, client, event)
        except Refusal:
            return  # nobody is there to be told; the function's log has it

    async def _run(self, route: Route, client: _Client, event: Event) -> Any:
        context = event["requestContext"]
        asked = client.asked
        body = json.dumps(event, separators=(",", ":")).encode()
        failed = True
        try:
            outcome = await self._functions.call(
                route.function, body, limit=self.plan.timeout, trace=new_trace(), id=request_id()
            )
            failed = outcome.answer.error_type is not None
            if failed:
                raise Refusal("INTEGRATION_FAILURE", "Internal server error")
            return json.loads(outcome.answer.body) if outcome.answer.body else None
        except (RefusedError, TimeoutError, ValueError) as error:
            raise Refusal("INTEGRATION_FAILURE", "Internal server error") from error
        finally:
            self.note_event(asked, context, "500" if failed else "200")

    def _route(self, key: str) -> Route | None:
        return next((route for route in self.plan.routes if route.path == key), None)

    def _event(self, client: _Client, key: str, kind: str) -> Event:
        now, asked = time.time(), client.asked
        context: Event = {
            "routeKey": key,
            "eventType": kind,
            "extendedRequestId": base64.b64encode(secrets.token_bytes(11)).decode(),
            "requestTime": events.common_time(now),
            "messageDirection": "IN",
            "stage": self.plan.stage,
            "connectedAt": int(client.connected * 1000),
            "requestTimeEpoch": int(now * 1000),
            "identity": {"sourceIp": asked.client, "userAgent": asked.header("user-agent")},
            "requestId": base64.b64encode(secrets.token_bytes(11)).decode(),
            "domainName": asked.header("host") or "",
            "connectionId": client.id,
            "apiId": self.plan.api_id,
        }
        if client.authorizer:
            context["authorizer"] = client.authorizer
        event: Event = {"requestContext": context, "isBase64Encoded": False}
        return event | ({"stageVariables": self.plan.variables} if self.plan.variables else {})

    async def _post(self, client: _Client, asked: Asked) -> Answer:
        if len(asked.body) > _MAX_POSTED:
            return told(413, "Payload Too Large", headers=[("x-amzn-errortype", "PayloadTooLargeException")])
        try:
            await _send(client, asked.body.decode())
        except UnicodeDecodeError:
            await client.send({"type": "websocket.send", "bytes": asked.body, "text": None})
        client.active = time.time()
        return Answer(200, [])

    async def _close(self, client: _Client, code: int, reason: str) -> None:
        client.closed = client.closed or (code, reason)
        await client.send({"type": "websocket.close", "code": code, "reason": reason})


def _asking(event: Event, arn: str) -> Any:
    def ask(guard: Guard, identity: list[str]) -> Event:  # noqa: ARG001 - a WebSocket API is asked about the request
        return {"type": "REQUEST", "methodArn": arn, **event}

    return ask


def _connecting(asked: Asked) -> Event:
    """What only the event of a new connection tells."""
    headers = [(events.titled(name), value) for name, value in events.gateway_headers(asked, new_trace())]
    event: Event = {
        "headers": {name: values[-1] for name, values in several(headers).items()},
        "multiValueHeaders": several(headers),
    }
    if query := several(asked.parameters()):
        event["queryStringParameters"] = {name: values[-1] for name, values in query.items()}
        event["multiValueQueryStringParameters"] = query
    return event


def _selected(select: str, text: str | None) -> str:
    """The route key that a route selection expression finds in a message: `$request.body.action`, or in braces."""
    key = select
    for expression in _expressions(select):
        path = expression.strip("${}").removeprefix("request.body").strip(".").split(".")
        try:
            found: Any = json.loads(text or "")
        except (ValueError, RecursionError):
            return "$default"
        for part in filter(None, path):
            found = found.get(part) if isinstance(found, dict) else None
        if found is None or isinstance(found, (dict, list)):
            return "$default"
        key = key.replace(expression, json.dumps(found) if isinstance(found, bool) else str(found))
    return key


def _expressions(select: str) -> list[str]:
    if "${" not in select:
        return [select]
    return [f"${{{part.partition('}')[0]}}}" for part in select.split("${")[1:]]


async def _send(client: _Client, text: str) -> None:
    if not client.closed and not client.ended.is_set():
        await client.send({"type": "websocket.send", "text": text, "bytes": None})


async def _deny(send: ASGISendCallable, answer: Answer) -> None:
    headers: Pairs = answer.headers
    encoded = [(name.encode(), value.encode()) for name, value in headers]
    body = answer.body if isinstance(answer.body, bytes) else b""
    encoded.append((b"content-length", str(len(body)).encode()))
    await send({"type": "websocket.http.response.start", "status": answer.status, "headers": encoded})
    await send({"type": "websocket.http.response.body", "body": body, "more_body": False})


def _about(client: _Client) -> Answer:
    def told_time(moment: float) -> str:
        return datetime.datetime.fromtimestamp(moment, datetime.UTC).isoformat(timespec="milliseconds")

    known = {
        "connectedAt": told_time(client.connected),
        "identity": {"sourceIp": client.asked.client, "userAgent": client.asked.header("user-agent")},
        "lastActiveAt": told_time(client.active),
    }
    return Answer(200, [("content-type", "application/json")], json.dumps(known).encode())

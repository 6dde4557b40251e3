"""In front of the emulator's application: Invoke is answered before the emulator's routing.

That saves a third of what an invocation costs here, and its request id stays its own. Invocations that reach
`lambda_svc.handle_request` on other ways, from inside the emulator, are answered there, by the same `InvokeApi`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from lakon.local.inside.door import Asking, failed
from lakon.local.inside.invoke_api import InvokeApi, is_invoke

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from lakon.local.inside.door import Done
    from lakon.local.inside.link import Json
    from lakon.local.inside.seam import Emulator, Reply, Send

    Receive = Callable[[], Awaitable[Json]]
    Application = Callable[[Json, Receive, Send], Awaitable[None]]


class Front:
    """The ASGI application that is served. `ready` is called once the emulator has its state.

    `changed` is called before a request that may have changed functions is answered.
    """

    def __init__(
        self,
        application: Application,
        api: InvokeApi,
        emulator: Emulator,
        ready: Callable[[], None],
        changed: Callable[[], None],
    ) -> None:
        self._application = application
        self._api = api
        self._emulator = emulator
        self._ready = ready
        self._changed = changed
        self._replies: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Json, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._application(scope, receive, self._watching(send))
            return
        if scope["type"] != "http" or scope["method"] != "POST" or not is_invoke(scope["path"]):
            await self._application(scope, receive, self._announcing(send) if _may_change(scope) else send)
            return
        body = await _body(receive)
        if body is None:
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        query: dict[str, Any] = parse_qs(scope["query_string"].decode("latin-1"))
        reply = await self._reply(Asking(scope["path"], headers, body, query))
        if reply is None:
            await self._application(scope, _again(body, receive), send)
        else:
            await _send(send, receive, reply)

    def answer(self, asking: Asking, done: Done) -> None:
        """Reply to an Invoke, by `done`; None when it is the emulator's to answer."""
        task = asyncio.ensure_future(self._replying(asking, done))
        self._replies.add(task)
        task.add_done_callback(self._replies.discard)

    async def _replying(self, asking: Asking, done: Done) -> None:
        try:
            reply = await self._reply(asking)
        except Exception as error:  # noqa: BLE001 - as the server would: the connection must not hang
            reply = failed(error)
        done(reply)

    async def _reply(self, asking: Asking) -> Reply | None:
        self._emulator.enter(asking.headers, asking.query)
        return await self._api.handle("POST", *asking)

    def _watching(self, send: Send) -> Send:
        async def watching(message: Json) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._ready()
            await send(message)

        return watching

    def _announcing(self, send: Send) -> Send:
        async def announcing(message: Json) -> None:
            if message["type"] == "http.response.start":
                self._changed()
            await send(message)

        return announcing


def _may_change(scope: Json) -> bool:
    """Whether a request may change functions without a way through `lambda_svc.handle_request`.

    It is of CloudFormation, as the scope of its credentials says, or of the emulator's own administration.
    """
    credentials: bytes = next((value for name, value in scope.get("headers", ()) if name == b"authorization"), b"")
    return b"/cloudformation/" in credentials or scope.get("path", "").startswith("/_ministack/")


async def _body(receive: Receive) -> bytes | None:
    parts = []
    while (message := await receive())["type"] == "http.request":
        parts.append(message["body"])
        if not message.get("more_body"):
            return b"".join(parts)
    return None  # the caller went away


def _again(body: bytes, receive: Receive) -> Receive:
    """`receive` for another reader of the same body."""
    messages: list[Json] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Json:
        return messages.pop() if messages else await receive()

    return again


async def _send(send: Send, receive: Receive, reply: Reply) -> None:
    status, headers, body = reply
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    if isinstance(body, bytes):
        encoded.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    if isinstance(body, bytes):
        await send({"type": "http.response.body", "body": body, "more_body": False})
    else:
        await body.runner(send, receive)

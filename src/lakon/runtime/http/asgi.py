"""ASGI applications: one request in, one answer out, with a lifespan around them all. Ships into Lambda.

See the ASGI specification, "HTTP & WebSocket ASGI Message Format" and "Lifespan Protocol".
"""

from __future__ import annotations

from lakon.runtime.http import fronts
from lakon.runtime.http.loop import finish, leave, loop, run, settled
from lakon.runtime.http.response import HTTPError, Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Task
    from collections.abc import Iterator
    from typing import Any

    from lakon.runtime.http.request import Request


class Asgi:
    """An application, its state, and the task of its lifespan."""

    __slots__ = ("app", "lifespan", "state")

    def __init__(self, app: Any) -> None:
        self.app = app
        self.state: dict[str, Any] = {}
        self.lifespan: Lifespan | None = None

    def __call__(self, request: Request) -> Response:
        """Answer a request; what the application does after its answer is finished first."""
        if (request.headers.get("upgrade") or "").lower() == "websocket":
            raise HTTPError(501, "no WebSocket comes through here: service.websocket_api(...) has a door of its own")
        if self.lifespan is None:
            lifespan = Lifespan(self.app, self.state)
            run(lifespan.begin())
            self.lifespan = lifespan
        answer = Answer()
        if not fronts.streams:
            finish(self._answer(request, answer), request.context)
            return response(*answer.head(), b"".join(answer.parts))
        task = loop().create_task(self._answer(request, answer))
        run(answer.begun(task))
        return response(*answer.head(), answer.stream(task, request.context))

    async def _answer(self, request: Request, answer: Answer) -> None:
        """Let the application answer. What it raises after its answer is told to the log alone: the client has it."""
        from asyncio import Event

        ended = Event()
        waiting = [{"type": "http.request", "body": request.body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            if waiting:
                return waiting.pop()
            await ended.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                answer.started = message
            elif message["type"] == "http.response.body":
                answer.parts.append(message.get("body", b""))
                if not message.get("more_body", False):
                    ended.set()
                answer.news.set()

        try:
            await self.app(self._scope(request), receive, send)
        except Exception:
            if not ended.is_set():
                raise
            from logging import getLogger

            getLogger("lakon").exception("the application failed after its answer")

    def _scope(self, request: Request) -> dict[str, Any]:
        root, _ = below(request)
        headers = [
            (name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in request.headers.items()
        ]
        host, _, port = request.host.partition(":")
        from urllib.parse import quote

        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": request.scheme,
            "path": request.full_path,
            "raw_path": quote(request.full_path, safe="/:@!$&'()*+,;=~").encode(),
            "query_string": request.raw_query.encode("latin-1", "replace"),
            "root_path": root,
            "headers": headers,
            "server": (host, int(port) if port.isdigit() else 443 if request.scheme == "https" else 80),
            "client": (request.client, 0),
            "state": self.state.copy(),
            "aws.event": request.event,
            "aws.context": request.context,
        }


class Answer:
    """What an application has sent so far."""

    __slots__ = ("news", "parts", "started")

    def __init__(self) -> None:
        from asyncio import Event

        self.news = Event()
        self.started: dict[str, Any] | None = None
        self.parts: list[bytes] = []

    def head(self) -> tuple[int, Any]:
        """Status and headers. RuntimeError where the application ended without an answer."""
        if self.started is None:
            raise RuntimeError("the application ended without an answer")
        return self.started["status"], self.started.get("headers", ())

    async def begun(self, task: Task[None]) -> None:
        """Wait for the first part, or for the end. Raises what the application raised before."""
        await self._more(task)
        if task.done() and not self.parts:
            task.result()

    def stream(self, task: Task[None], context: Any) -> Iterator[bytes]:
        """The parts as they come; ends when the application has, its background work included."""
        while self.parts or not task.done():
            while self.parts:
                yield self.parts.pop(0)
            run(self._more(task))
        task.result()
        run(settled(context))

    async def _more(self, task: Task[None]) -> None:
        from asyncio import FIRST_COMPLETED, ensure_future, wait

        news = ensure_future(self.news.wait())
        await wait((task, news), return_when=FIRST_COMPLETED)
        news.cancel()
        self.news.clear()


class Lifespan:
    """The lifespan of an application: begun before its first request, ended with the process where that is told."""

    __slots__ = ("app", "inbox", "outbox", "state", "task")

    def __init__(self, app: Any, state: dict[str, Any]) -> None:
        self.app = app
        self.state = state

    async def begin(self) -> None:
        """Start the application. RuntimeError when it says that it cannot; one without a lifespan is left alone."""
        import asyncio
        import atexit

        self.inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.task = asyncio.ensure_future(self._live())
        self.inbox.put_nowait({"type": "lifespan.startup"})
        said = await self.outbox.get()
        if said["type"] == "lifespan.startup.failed":
            raise RuntimeError(f"the application did not start: {said.get('message', '')}")
        if said["type"] == "lifespan.startup.complete":
            atexit.register(self.end)
        leave()

    def end(self) -> None:
        """Let the application put its things away."""
        if not loop().is_closed() and not self.task.done():
            self.inbox.put_nowait({"type": "lifespan.shutdown"})
            run(self.outbox.get())

    async def _live(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        try:
            await self.app(scope, self.inbox.get, self.outbox.put)
        except Exception:  # noqa: BLE001, S110 - the protocol: whoever has no lifespan raises
            pass
        finally:
            self.outbox.put_nowait({"type": "lifespan.none"})


def response(status: int, headers: Any, body: bytes | Iterator[bytes]) -> Response:
    """A response from pairs of bytes or texts; repeated headers keep all their values."""
    made = Response(body, status)
    for name, value in headers:
        key = (name.decode("latin-1") if isinstance(name, bytes) else name).lower()
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        if key == "set-cookie":
            made.cookies.append(text)
        elif key in made.headers:
            before = made.headers[key]
            made.headers[key] = [*([before] if isinstance(before, str) else before), text]
        else:
            made.headers[key] = text
    return made


def below(request: Request) -> tuple[str, str]:
    """Where an application is mounted, and the path below it: `("/live/admin", "/users/1/")`.

    The stage of a REST API is part of the former, so that applications tell addresses that are there. The route's own
    `{proxy+}` tells what is below. It may lack the slash at the end, which counts for applications.
    """
    path = request.full_path
    rest = request.path.get("proxy", "").rstrip("/")
    whole = path.rstrip("/")
    root = whole[: len(whole) - len(rest)].rstrip("/") if rest and whole.endswith(rest) else whole
    return root, path[len(root) :] or "/"

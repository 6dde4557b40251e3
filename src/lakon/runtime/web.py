"""Any HTTP server as a child of Lambda's Python runtime: events become requests. Ships into Lambda.

Events of API Gateway, function URLs and load balancers become the request that they stand for; what called the
function else comes as `POST /events`, and its answer is that of the function. The headers `x-amzn-request-context`
and `x-amzn-lambda-context` hold, as JSON, what came with the event, by the names that other adapters have made common.
"""

from __future__ import annotations

import _socket
import json
import os
import time
from contextlib import suppress

from lakon.runtime.child import Child, after_restore, task_root
from lakon.runtime.http.adapter import answer_of, request_of
from lakon.runtime.http.fronts import GatewayV2, is_function_url
from lakon.runtime.http.response import Response
from lakon.runtime.raw import GoError, fault, unstarted
from lakon.runtime.webclient import Client

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lakon.runtime.http.request import Request
    from lakon.runtime.raw import Context
    from lakon.runtime.webclient import Address, Answer

_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/:@!$&'()*+,;=")
_BETWEEN_HOPS = frozenset(
    ("connection", "content-length", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade")
)
_LAST_MOMENT = 500  # ms before the function's timeout at which a server that is not ready is given up
_EVENTS = "/events"


class Server:
    """The child that serves, and the way to it. Whoever finds it dead gets an error, and the next event a new one."""

    def __init__(self, command: list[str], ready: str, port: int | None, socket: bool) -> None:
        self._command = command
        self._ready_path = ready
        self._port = port
        self._unix = socket
        self._child: Child | None = None
        self._ready = False

    def start(self) -> None:
        """Start the child, in place of one that there may be. It is awaited when the first event comes.

        GoError when there is no such program, or none that can run.
        """
        if self._child:
            self._stop()
        address: Address
        if self._unix:
            path = f"/tmp/lakon-{os.getpid()}.sock"  # noqa: S108 - the one folder that Lambda lets write in
            with suppress(FileNotFoundError):
                os.unlink(path)  # noqa: PTH108 - pathlib is not loaded here
            told, address = {"socket": path}, path
        else:
            port = self._port or _free_port()
            told, address = {"port": str(port)}, ("127.0.0.1", port)
        command = [_filled(word, told) for word in self._command]
        environment = {**os.environ, **{name.upper(): value for name, value in told.items()}}
        try:
            self._child = Child(command, environment)
        except OSError as error:
            raise unstarted(command[0], error) from None
        self._client = Client(address)
        self._ready = False

    def ask(
        self, method: str, target: str, headers: list[tuple[str, str]], body: bytes, context: Context | None
    ) -> Answer:
        """The server's answer. GoError tells how the server ended, or that it is not ready."""
        if self._child is None or self._child.ended():
            self.start()
        if not self._ready:
            self._await_ready(context)
        try:
            return self._client.ask(method, target, headers, body)
        except (OSError, EOFError, ValueError, IndexError) as error:
            how = self._ended_soon()
            if how is None:
                raise _unanswered(f"{method} {target}", error) from None
            self._stop()
            raise GoError("Runtime.ExitError", f"the server ended: {how}", []) from None

    def _await_ready(self, context: Context | None) -> None:
        said, pause = "it does not listen", 0.001
        while not self._ready:
            try:
                answer = self._client.ask("GET", self._ready_path, [("host", "localhost")], b"")
                said = f"GET {self._ready_path} answers {answer.status}"
                self._ready = answer.status < 500
            except (OSError, EOFError, ValueError, IndexError):
                self._client.close()
            if self._ready:
                return
            how = self._child.ended() if self._child else None
            if how:
                self._stop()
                raise GoError("Runtime.ExitError", f"the server ended before it was ready: {how}", [])
            if context is not None and _left(context) < _LAST_MOMENT:
                raise GoError("Runtime.NotReady", f"the server is not ready: {said}", [])
            time.sleep(pause)
            pause = min(pause * 1.5, 0.02)

    def _ended_soon(self) -> str | None:
        """How the child ended, if it did: what breaks a connection comes a little before it."""
        for _ in range(50):
            how = self._child.ended() if self._child else None
            if how:
                return how
            time.sleep(0.001)
        return None

    def _stop(self) -> None:
        self._client.close()
        if self._child:
            self._child.kill()
            self._child = None


def _unanswered(request: str, error: Exception) -> GoError:
    if isinstance(error, OSError | EOFError):
        return GoError("Runtime.NoResponse", f"the server closed the connection without an answer to {request}", [])
    return GoError("Runtime.InvalidResponse", f"the server's answer to {request} cannot be read: {error}", [])


def _free_port() -> int:
    probe = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    try:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    finally:
        probe.close()
    return port


def _filled(word: str, told: dict[str, str]) -> str:
    for name, value in told.items():
        word = word.replace(f"{{{name}}}", value)
    return word


def _left(context: Context) -> int:
    remaining: int = context.get_remaining_time_in_millis()
    return remaining


def serve(server: Server, event: Any, context: Context | None) -> object:
    """Have the server answer an event. GoError when it cannot."""
    try:
        request = request_of(event, context)
    except (ValueError, AttributeError):
        return _hand_over(server, event, context)
    headers = [(name, value) for name, value in request.headers.items() if name not in _BETWEEN_HOPS]
    if "host" not in request.headers:
        headers.append(("host", "localhost"))
    headers += _told(event, context)
    answer = server.ask(request.method, _target(request), headers, request.body, context)
    several: dict[str, list[str]] = {}
    for name, value in answer.headers:
        if name not in _BETWEEN_HOPS and name != "set-cookie":
            several.setdefault(name, []).append(value)
    kept = {name: values[0] if len(values) == 1 else values for name, values in several.items()}
    cookies = answer.values("set-cookie")
    return answer_of(Response(answer.body or None, answer.status, headers=kept, cookies=cookies), event)


def _hand_over(server: Server, event: Any, context: Context | None) -> object:
    """Give the server an event that is no request."""
    headers = [("host", "localhost"), ("content-type", "application/json"), *_told({}, context)]
    answer = server.ask("POST", _EVENTS, headers, json.dumps(event).encode(), context)
    text = answer.body.decode("utf-8", "replace")
    if answer.status >= 400:
        raise GoError("EventError", f"POST {_EVENTS} answers {answer.status}: {text[:1000]}", [])
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


def _told(event: Any, context: Context | None) -> list[tuple[str, str]]:
    told = []
    if event.get("requestContext"):
        told.append(("x-amzn-request-context", json.dumps(event["requestContext"])))
    if context is not None:
        known = {
            "request_id": context.aws_request_id,
            "deadline": getattr(context, "_epoch_deadline_time_in_ms", None),
            "invoked_function_arn": context.invoked_function_arn,
            "xray_trace_id": os.environ.get("_X_AMZN_TRACE_ID"),
        }
        told.append(("x-amzn-lambda-context", json.dumps(known)))
    return told


def _target(request: Request) -> str:
    """Path and query as they stand in a request: HTTP APIs alone hand paths over decoded."""
    event, query = request.event, request.raw_query
    if isinstance(request, GatewayV2):
        path: str = event["rawPath"] if is_function_url(event) else _encoded(request.url_path)
    else:
        path = event["path"]
    path = "".join([letter if "!" <= letter <= "~" else _encoded(letter) for letter in path])
    return f"{path}?{query}" if query else path


def _encoded(path: str) -> str:
    return "".join([chr(byte) if chr(byte) in _PLAIN else f"%{byte:02X}" for byte in path.encode()])


def from_environment() -> Server:
    """The server that the function's environment tells of."""
    told = json.loads(os.environ["LAKON_SERVER"])
    return Server(told["command"], told["ready"], told["port"], told["socket"])


_server: Server | None = None


def handler(event: Any, context: Context) -> object:
    """Answer an event: the function's handler."""
    global _server
    if _server is None:
        os.chdir(task_root())
        _server = from_environment()
    try:
        return serve(_server, event, context)
    except GoError as error:
        raise fault(error) from None


if os.environ.get("AWS_LAMBDA_RUNTIME_API"):  # in Lambda: the server starts while the runtime does
    _server = from_environment()
    with suppress(GoError):  # told in answer to the first event
        _server.start()
    after_restore(_server.start)

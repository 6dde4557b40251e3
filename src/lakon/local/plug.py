"""Runs the emulator with Lakon's Lambda host in place of its own.

A program of its own, inside the emulator's environment.

Standard library and the emulator only. Of the emulator it touches what `check_contract` names, and nothing else:

- `lambda_svc._execute_function_dispatch`, the one place that every runtime's invocation passes after concurrency was
  accounted and before any executor is chosen or any log line invented. (`_execute_function_warm` is deeper:
  `provided.*` does not pass it, and the emulator writes log lines of its own around it.)
- `lambda_svc.handle_request`, wrapped, for its Invoke takes a payload that is not JSON for an empty one, knows no limit
  of size, and drops the caller's client context.
- `lambda_svc.ensure_spawned`, which would start the emulator's own worker when a SnapStart version is published.

Settings arrive in the environment: LAKON_PORT (preferred), LAKON_HOST_PORT, LAKON_ARCHIVES, LAKON_CLEAN (file written
after a good save). The bound port is told on standard output; the process ends, state saved, when its standard input
closes.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import importlib
import inspect
import json
import logging
import os
import queue
import socket
import struct
import sys
import threading
import traceback
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_HEAD = struct.Struct(">II")
_CONFIGURATION = (
    "FunctionName", "Version", "Runtime", "Handler", "Timeout", "MemorySize", "Environment", "LoggingConfig",
    "TracingConfig", "EphemeralStorage", "Architectures", "LastModified",
)  # fmt: skip
_DISPATCH = ["func", "config", "event", "request_id", "started"]
_HANDLE = ["method", "path", "headers", "body", "query_params"]
_MAX_PAYLOAD = 6 * 1024 * 1024
_SHUTDOWN_LIMIT = 8.0
_client_context: ContextVar[str] = ContextVar("client_context", default="")

Json = dict[str, Any]  # the emulator's records are untyped


class Host:
    """The Lambda host, as seen from here: connections kept alive, one per invocation under way."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: queue.LifoQueue[socket.socket] = queue.LifoQueue()

    def ask(self, message: Json, payload: bytes) -> tuple[Json, bytes]:
        """Send one message and wait for its answer. OSError when the host is not there."""
        head = json.dumps(message, default=str).encode()
        request = _HEAD.pack(len(head), len(payload)) + head + payload
        connection = self._connection()
        try:
            connection.sendall(request)
            size, length = _HEAD.unpack(_read(connection, _HEAD.size))
            answer = json.loads(_read(connection, size)), _read(connection, length)
        except BaseException:
            connection.close()
            raise
        self._idle.put(connection)
        return answer

    def _connection(self) -> socket.socket:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            connection = socket.create_connection(("127.0.0.1", self._port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection


def _read(connection: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = connection.recv(min(size - len(parts), 1 << 20))
        if not part:
            raise ConnectionResetError("the Lambda host closed the connection")
        parts += part
    return bytes(parts)


class Executor:
    """Takes the place of the emulator's executors. Called from many threads."""

    def __init__(self, emulator: Any, host: Host, archives: Path) -> None:
        self._emulator = emulator
        self._host = host
        self._archives = archives
        self._stored: set[str] = set()

    def execute(self, func: Json, config: Json, event: object, request_id: str, started: float) -> Json:  # noqa: ARG002
        """Run one invocation on the host; the result in the emulator's shape."""
        try:
            message = {
                "requestId": request_id,
                "functionArn": config.get("FunctionArn", ""),
                "config": {name: config[name] for name in _CONFIGURATION if name in config},
                "code": self._store(_code(func, config), config.get("CodeSha256", "")),
                "layers": [self._store(data, "") for data in self._layers(config)],
                "clientContext": _client_context.get(),
                "account": self._emulator.get_account_id(),
                "region": self._emulator.get_region(),
            }
            head, body = self._host.ask(message, json.dumps(event, ensure_ascii=False).encode())
        except (LookupError, OSError) as error:
            body = json.dumps({"errorType": "Sandbox.Failure", "errorMessage": str(error)}).encode()
            head = {"error": True, "log": ""}
        result: Json = {"body": _parsed(body), "log": head["log"]}
        if head["error"]:
            result |= {"error": True, "function_error": "Unhandled"}
        return result

    def _layers(self, config: Json) -> list[bytes]:
        found = []
        for layer in config.get("Layers") or []:
            data = self._emulator._resolve_layer_zip(layer)
            if not data:
                raise LookupError(f"layer {layer.get('Arn', layer)} of {config.get('FunctionName')} has no content")
            found.append(data)
        return found

    def _store(self, archive: bytes, base64_digest: str) -> str:
        try:
            digest = base64.b64decode(base64_digest, validate=True).hex()
        except binascii.Error:
            digest = ""
        digest = digest or hashlib.sha256(archive).hexdigest()
        if digest not in self._stored:
            partial = self._archives / f"{digest}.{threading.get_ident()}.partial"
            partial.write_bytes(archive)
            partial.replace(self._archives / f"{digest}.zip")
            self._stored.add(digest)
        return digest


def _code(func: Json, config: Json) -> bytes:
    archive = func.get("code_zip")
    if not archive:
        kind = "a container image" if config.get("PackageType") == "Image" else "an archive that is not there"
        raise LookupError(f"the code of {config.get('FunctionName')} is {kind}: it cannot run on this machine")
    if not isinstance(archive, bytes):
        raise LookupError(f"the code of {config.get('FunctionName')} could not be read back")
    return archive


def _parsed(body: bytes) -> object:
    """JSON becomes a value, for the emulator's consumers look into it; anything else stays bytes."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body


def attentive(emulator: Any) -> Callable[..., Awaitable[Any]]:
    """The emulator's Lambda API, with what its Invoke leaves out: payload checks, and the caller's client context."""
    handle = emulator.handle_request

    async def handle_request(method: str, path: str, headers: dict[str, str], body: bytes, query: object) -> object:
        if method == "POST" and path.endswith("invocations"):
            if len(body) > _MAX_PAYLOAD:
                message = f"Request must be smaller than {_MAX_PAYLOAD} bytes for the InvokeFunction operation"
                return emulator.error_response_json("RequestEntityTooLargeException", message, 413)
            try:
                json.loads(body or b"null")
                _client_context.set(base64.b64decode(headers.get("x-amz-client-context") or "").decode())
            except ValueError as error:
                message = f"Could not parse request body into json: {error}"
                return emulator.error_response_json("InvalidRequestContentException", message, 400)
        return await handle(method, path, headers, body, query)

    return handle_request


def check_contract(emulator: Any) -> None:
    """End with a clear message when the emulator is not the one this plug was made for."""
    dispatch = getattr(emulator, "_execute_function_dispatch", None)
    if dispatch is None or list(inspect.signature(dispatch).parameters) != _DISPATCH:
        _fail("lambda_svc._execute_function_dispatch")
    if "_execute_function_dispatch(" not in inspect.getsource(emulator._execute_function):
        _fail("lambda_svc._execute_function")
    if list(inspect.signature(emulator.handle_request).parameters) != _HANDLE:
        _fail("lambda_svc.handle_request")
    for name in ("_resolve_layer_zip", "error_response_json", "get_account_id", "get_region", "ensure_spawned"):
        if not callable(getattr(emulator, name, None)):
            _fail(f"lambda_svc.{name}")


def _fail(what: str) -> NoReturn:
    sys.exit(f"this emulator is not the one Lakon was made for: {what} is not as expected")


class SaveErrors(logging.Handler):
    """Remembers whether the emulator reported that it could not save or load its state."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen = False

    def emit(self, record: logging.LogRecord) -> None:  # noqa: ARG002 - the handler's parameter
        """Something went wrong."""
        self.seen = True


def _bind(preferred: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", preferred))
    except OSError:
        listener.bind(("127.0.0.1", 0))
    return listener


def _watch(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    """Wait until the supervisor is gone or wants us to go; then end in order, within a limit."""
    sys.stdin.buffer.read()
    if not Path(os.environ["LAKON_CLEAN"]).parent.exists():
        os._exit(0)  # the project's folder was removed: there is nothing to save to
    limit = threading.Timer(_SHUTDOWN_LIMIT, os._exit, [1])
    limit.daemon = True
    limit.start()
    loop.call_soon_threadsafe(ended.set)


async def _serve(app: object, listener: socket.socket) -> None:
    from_hypercorn = importlib.import_module("hypercorn.asyncio")
    config = importlib.import_module("hypercorn.config").Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 0.5
    config.loglevel = "WARNING"
    ended = asyncio.Event()
    threading.Thread(target=_watch, args=(asyncio.get_running_loop(), ended), daemon=True).start()
    await from_hypercorn.serve(app, config, shutdown_trigger=ended.wait)


def main() -> NoReturn:
    """Bind, plug in, serve, save."""
    sys.setswitchinterval(0.0005)  # every invocation has a thread here: none must wait 5 ms, the default, for another
    listener = _bind(int(os.environ["LAKON_PORT"]))
    port = listener.getsockname()[1]
    os.environ["GATEWAY_PORT"] = str(port)
    emulator = importlib.import_module("ministack.services.lambda_svc")
    app = importlib.import_module("ministack.app").app
    check_contract(emulator)
    executor = Executor(emulator, Host(int(os.environ["LAKON_HOST_PORT"])), Path(os.environ["LAKON_ARCHIVES"]))
    setattr(emulator, "handle_request", attentive(emulator))  # noqa: B010 - see above
    setattr(emulator, "_execute_function_dispatch", executor.execute)  # noqa: B010 - the plug point
    setattr(emulator, "ensure_spawned", lambda worker: None)  # noqa: B010, ARG005
    errors = SaveErrors()
    logging.getLogger("persistence").addHandler(errors)
    print(port, flush=True)  # noqa: T201 - how the supervisor learns it
    try:
        asyncio.new_event_loop().run_until_complete(_serve(app, listener))
    except BaseException:  # noqa: BLE001 - told, and the end of the process
        traceback.print_exc()
        os._exit(1)
    if not errors.seen:
        Path(os.environ["LAKON_CLEAN"]).touch()
    os._exit(0)  # the emulator's threads would keep the process


if __name__ == "__main__":
    main()

"""A loopback proxy between botocore and an emulator that lets one call fail, with every repetition of it.

A call is one that botocore makes for the first time; that it is a repetition stands in the header `amz-sdk-request`.
"""

from __future__ import annotations

import http.client
import re
import socket
import threading
import urllib.parse
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

Kind = Literal["throttle", "error", "cut before", "cut within", "cut after", "expired"]
KINDS: tuple[Kind, ...] = ("throttle", "error", "cut before", "cut after")

_LONG = 1_000_000  # bytes: what can be cut within
_CODES = {"throttle": ("Throttling", 400), "error": ("InternalFailure", 500), "expired": ("ExpiredToken", 403)}
_SERVICE = re.compile(r"Credential=[^/]*/[0-9]*/[^/]*/([^/]*)/")


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to the call of that number, counted from 0; with `onwards` to all that follow, too.

    With `named` it is the calls whose names contain that.
    """

    number: int | None
    kind: Kind
    onwards: bool = False
    named: str | None = None

    def hits(self, number: int, name: str) -> bool:
        """Whether it is meant for the call that botocore makes for the first time."""
        if self.named is not None:
            return self.named in name
        return self.number is not None and (number == self.number or (self.onwards and number > self.number))


class Proxy:
    """Forwards to `upstream`. `calls` are the names of those made since `begin`; `disturb` is called before each.

    `sent` are the bytes of all bodies that came since then, repetitions included.
    """

    def __init__(self, upstream: str) -> None:
        self.upstream = urllib.parse.urlsplit(upstream).netloc
        self.calls: list[str] = []
        self.sent = 0
        self.fault: Fault | None = None
        self.disturb: Callable[[int], None] | None = None
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def begin(self, fault: Fault | None = None) -> None:
        """Count calls anew, and let one of them fail."""
        with self._lock:
            self.calls, self.sent, self.fault, self.disturb = [], 0, fault, None

    def count(self, size: int) -> None:
        """Note that so many bytes came."""
        with self._lock:
            self.sent += size

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def judge(self, name: str, attempt: int) -> Kind | None:
        """What shall happen to a call: None for nothing."""
        with self._lock:
            if attempt == 1:
                self.calls.append(name)
            number, fault = len(self.calls) - 1, self.fault
            if fault is None:
                found = None
            elif attempt > 1:
                failing = any(call == name and fault.hits(at, call) for at, call in enumerate(self.calls))
                found = fault.kind if failing else None
            else:
                found = fault.kind if fault.hits(number, name) else None
            disturb = self.disturb
        if disturb and attempt == 1:
            disturb(number)
        return found


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def handle(self) -> None:
            with suppress(ConnectionError):  # whoever asked has been killed
                super().handle()

        def handle_expect_100(self) -> bool:
            answered = super().handle_expect_100()
            self.wfile.flush()  # else botocore waits a second for it
            return answered

        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            length, service = int(self.headers.get("Content-Length", 0)), _service(self)
            body = self.rfile.read(length // 2)
            rest = length - len(body)
            told = re.search(r"attempt=(\d+)", self.headers.get("amz-sdk-request", ""))
            if length < _LONG:
                body, rest = body + self.rfile.read(rest), 0
            kind = proxy.judge(_name(self, service, body), int(told[1]) if told else 1)
            if kind != "cut within":
                body += self.rfile.read(rest)
            proxy.count(len(body))
            if kind in ("cut before", "cut within"):
                self._cut()
            elif kind in ("throttle", "error", "expired"):
                self._refuse(service, *_CODES[kind])
            else:
                status, headers, content = self._forward(body)
                if kind == "cut after":
                    self._cut()
                else:
                    self._reply(status, headers, content)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = _serve  # noqa: N815 - http.server's names

        def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
            connection = http.client.HTTPConnection(proxy.upstream, timeout=60)
            try:
                connection.request(self.command, self.path, body, dict(self.headers))
                answer = connection.getresponse()
                return answer.status, answer.getheaders(), answer.read()
            finally:
                connection.close()

        def _reply(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                    self.send_header(name, value)
            length = {name.lower(): value for name, value in headers}.get("content-length")
            self.send_header("Content-Length", length if self.command == "HEAD" and length else str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def _refuse(self, service: str, code: str, status: int) -> None:
            if service in ("lambda", "scheduler", "events"):
                content, kind = b'{"message": "as asked"}', "application/json"
                status = 429 if code == "Throttling" else status
            else:
                content, kind = (
                    f"<Response><Error><Code>{code}</Code><Message>as asked</Message></Error></Response>".encode(),
                    "text/xml",
                )
                if service == "s3":
                    status = {"Throttling": 503, "ExpiredToken": 400}.get(code, status)
                    content = f"<Error><Code>{code}</Code><Message>as asked</Message></Error>".encode()
            self._reply(status, [("Content-Type", kind), ("x-amzn-ErrorType", code)], content)

        def _cut(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler


def _service(handler: BaseHTTPRequestHandler) -> str:
    match = _SERVICE.search(handler.headers.get("Authorization", ""))
    return match[1] if match else ""


def _name(handler: BaseHTTPRequestHandler, service: str, body: bytes) -> str:
    """The operation as far as it can be seen: the action, the target, or method and path."""
    if target := handler.headers.get("X-Amz-Target"):
        return f"{service} {target}"
    action = re.search(rb"(?:^|&)Action=(\w+)", body)
    return f"{service} {action[1].decode() if action else f'{handler.command} {handler.path}'}"

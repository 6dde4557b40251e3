"""A server on the loopback that stands before an AWS, or in its place, and notes every call."""

from __future__ import annotations

import http.client
import re
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

_ACTION = re.compile(rb"(?:^|&)Action=(\w+)")
_UNKNOWN = b"""<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>
<Message>Stack with id bench-dev does not exist</Message></Error></ErrorResponse>"""


class Loopback(ThreadingHTTPServer):
    """Passes every call on to the AWS at `behind`; without one it knows of no stack and refuses everything.

    `calls` names them ("DescribeStacks", "HEAD /bucket/key"); `first` is when the first of them came, as
    `time.perf_counter()` counts.
    """

    daemon_threads = True

    def __init__(self, behind: str | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = urlsplit(behind).netloc if behind else None
        self.calls: list[str] = []
        self.first: float | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def note(self, call: str) -> None:
        """Remember a call."""
        if not self.calls:
            self.first = time.perf_counter()
        self.calls.append(call)

    def forget(self) -> None:
        """Begin to count again."""
        self.calls, self.first = [], None


@contextmanager
def listening(behind: str | None = None) -> Iterator[Loopback]:
    """A loopback server for the time of a block."""
    with Loopback(behind) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Loopback

    def log_message(self, *_: object) -> None:
        """Say nothing: the calls are counted."""

    def handle_expect_100(self) -> bool:
        """Answer at once: botocore waits a second for it."""
        answered = super().handle_expect_100()
        self.wfile.flush()
        return answered

    def handle_call(self) -> None:
        """Note the call and answer it, or let the AWS behind answer."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        action = _ACTION.search(body)
        target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        self.server.note(target or (action[1].decode() if action else f"{self.command} {self.path}"))
        if self.server.behind is None:
            self._answer(400, [("Content-Type", "text/xml")], _UNKNOWN)
            return
        behind = http.client.HTTPConnection(self.server.behind, timeout=60)
        try:
            behind.request(self.command, self.path, body, dict(self.headers))
            answer = behind.getresponse()
            self._answer(answer.status, answer.getheaders(), answer.read())
        finally:
            behind.close()

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_call  # noqa: N815 - the server's names

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, value)
        length = {name.lower(): value for name, value in headers}.get("content-length")
        self.send_header("Content-Length", length if self.command == "HEAD" and length else str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

"""WSGI applications: one request in, one answer out. Ships into Lambda. See PEP 3333."""

from __future__ import annotations

from lakon.runtime.http import fronts
from lakon.runtime.http.asgi import below, response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from lakon.runtime.http.request import Request
    from lakon.runtime.http.response import Response


def wsgi(app: Any) -> Callable[[Request], Response]:
    """What answers requests by an application; what it does when its answer is closed is done before the answer."""

    def call(request: Request) -> Response:
        started: list[Any] = []
        parts: list[bytes] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> Callable[[bytes], None]:
            started[:] = [int(status[:3]), headers]
            return parts.append

        body = closed(app(environ(request), start_response))
        if not fronts.streams:
            parts.extend(body)
            return response(started[0], started[1], b"".join(parts))
        first = next(body, b"")  # by then the application has said its status
        return response(started[0], started[1], joined([*parts, first], body))

    return call


def closed(answer: Any) -> Iterator[bytes]:
    """The parts of an answer, which is closed behind the last."""
    try:
        yield from answer
    finally:
        close = getattr(answer, "close", None)
        if close is not None:
            close()


def joined(first: list[bytes], rest: Iterator[bytes]) -> Iterator[bytes]:
    """Parts that are there already, and those to come."""
    yield from first
    yield from rest


def environ(request: Request) -> dict[str, Any]:
    """The request as WSGI has it: paths as bytes spelled in Latin-1, headers as variables."""
    import sys
    from io import BytesIO

    root, path = below(request)
    host, _, port = request.host.partition(":")
    body = request.body
    made: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": root.encode().decode("latin-1"),
        "PATH_INFO": path.encode().decode("latin-1"),
        "QUERY_STRING": request.raw_query,
        "SERVER_NAME": host,
        "SERVER_PORT": port or ("443" if request.scheme == "https" else "80"),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": request.client,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": request.scheme,
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "aws.event": request.event,
        "aws.context": request.context,
    }
    for name, value in request.headers.items():
        made[f"HTTP_{name.upper().replace('-', '_')}"] = value
    kind = made.pop("HTTP_CONTENT_TYPE", None)
    if kind is not None:
        made["CONTENT_TYPE"] = kind
    made.pop("HTTP_CONTENT_LENGTH", None)
    if body:
        made["CONTENT_LENGTH"] = str(len(body))
    return made

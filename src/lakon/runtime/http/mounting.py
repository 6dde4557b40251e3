"""ASGI and WSGI applications behind a route. Ships into Lambda."""

from __future__ import annotations

from lakon.runtime.http.handlers import COROUTINE, flags_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lakon.runtime.http.request import Request
    from lakon.runtime.http.response import Response


def mounted(app: Any, kind: str | None) -> Callable[[Request], Response]:
    """What answers requests by an application. `kind` is "asgi", "wsgi", or None to look."""
    if kind == "asgi" or (kind is None and flags_of(app) & COROUTINE):
        from lakon.runtime.http.asgi import Asgi

        return Asgi(app)
    from lakon.runtime.http.wsgi import wsgi

    return wsgi(app)

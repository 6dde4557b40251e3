"""ASGI and WSGI applications behind a route. Ships into Lambda."""

from __future__ import annotations

from lakon.runtime.http.calls import COROUTINE, flags_of

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


def below(request: Request) -> tuple[str, str]:
    """Where an application is mounted, and the path below it: `("/admin", "/users/1/")`.

    The route's own `{proxy+}` tells what is below. It may lack the slash at the end, which counts for applications.
    """
    path = request.url_path
    rest = request.path.get("proxy", "").rstrip("/")
    whole = path.rstrip("/")
    root = whole[: len(whole) - len(rest)].rstrip("/") if rest and whole.endswith(rest) else whole
    return root, path[len(root) :] or "/"

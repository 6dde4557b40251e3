"""CORS where the front door leaves it to the function: load balancers, and the answers of REST APIs. Ships into Lambda.

See "Cross-Origin Resource Sharing" in the Fetch standard.
"""

from __future__ import annotations

from lakon.runtime.http.response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from lakon.runtime.http.request import Request

    class Policy(Protocol):
        """What may be read by pages of other origins; `lakon.Cors` is one."""

        origins: tuple[str, ...]
        methods: tuple[str, ...]
        headers: tuple[str, ...]
        expose: tuple[str, ...]
        credentials: bool
        max_age: int


METHODS = "DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT"


def is_preflight(request: Request) -> bool:
    """Whether a browser asks what it may send."""
    return request.method == "OPTIONS" and "access-control-request-method" in request.headers


def preflight(request: Request, policy: Policy) -> Response:
    """What a page of the request's origin may send."""
    response = Response(None, 204)
    if _allowed(request, policy):
        methods = METHODS if "*" in policy.methods else ",".join(policy.methods)
        asked = request.headers.get("access-control-request-headers") or ""
        response.headers["access-control-allow-methods"] = methods
        response.headers["access-control-allow-headers"] = asked if "*" in policy.headers else ",".join(policy.headers)
        response.headers["access-control-max-age"] = str(policy.max_age)
    allow(request, response, policy)
    return response


def allow(request: Request, response: Response, policy: Policy) -> None:
    """Let a page of the request's origin read the response, if the policy does."""
    origin = _allowed(request, policy)
    if "*" not in policy.origins or policy.credentials:
        before = response.headers.get("vary")
        seen = before if isinstance(before, str) else ",".join(before or ())
        response.headers["vary"] = f"{seen}, origin" if seen else "origin"
    if origin is None:
        return
    response.headers["access-control-allow-origin"] = origin
    if policy.credentials:
        response.headers["access-control-allow-credentials"] = "true"
    if policy.expose:
        response.headers["access-control-expose-headers"] = ",".join(policy.expose)


def _allowed(request: Request, policy: Policy) -> str | None:
    origin = request.headers.get("origin")
    if "*" in policy.origins and not policy.credentials:
        return "*"
    return origin if origin is not None and ("*" in policy.origins or origin in policy.origins) else None

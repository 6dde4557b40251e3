"""Cross-origin requests, answered as HTTP APIs and function URLs answer them in place of the function.

See "Configure CORS for HTTP APIs in API Gateway".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakon.local.front.requests import Answer

if TYPE_CHECKING:
    from lakon.local.front.plan import Cors
    from lakon.local.front.requests import Asked, Pairs


def preflight(cors: Cors, asked: Asked) -> Answer | None:
    """The answer to a browser that asks for leave before it sends a request; None for any other request."""
    if asked.method != "OPTIONS" or not asked.header("origin") or not asked.header("access-control-request-method"):
        return None
    allowed = _allowed(cors, asked)
    if not allowed:
        return Answer(204, [])
    more = [("access-control-allow-methods", ",".join(cors.methods))]
    if cors.headers:
        more.append(("access-control-allow-headers", ",".join(cors.headers)))
    more.append(("access-control-max-age", str(cors.max_age)))
    return Answer(204, [*allowed, *more])


def allow(cors: Cors, asked: Asked, answer: Answer) -> None:
    """Let the page that asked read the answer. What the function says of it itself is not passed on."""
    answer.headers = [pair for pair in answer.headers if not pair[0].startswith("access-control-")]
    allowed = _allowed(cors, asked)
    if allowed and cors.expose:
        allowed.append(("access-control-expose-headers", ",".join(cors.expose)))
    answer.headers += allowed


def _allowed(cors: Cors, asked: Asked) -> Pairs:
    origin = asked.header("origin")
    if not origin:
        return []
    if "*" in cors.origins:
        allowed = "*"
    elif origin in cors.origins or any(origin.startswith(each[:-1]) for each in cors.origins if each.endswith("//*")):
        allowed = origin
    else:
        return []
    credentials = [("access-control-allow-credentials", "true")] if cors.credentials else []
    return [("access-control-allow-origin", allowed), *([("vary", "origin")] if allowed != "*" else []), *credentials]

"""Asking an API as a front door does."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs

import json

from .doors import Asked, http_api, seen


def ask(api, method, path, body=None, *, key=None, door=http_api, headers=(), query=(), parameters=None):
    """Send a request with a JSON body, and decode the answer where it is JSON."""
    kind = [("content-type", "application/json")] if not any(name == "content-type" for name, _ in headers) else []
    sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    asked = Asked(method, path, parameters or {}, list(query), [*kind, *headers], [], sent)
    event = door(asked, key=key) if key else door(asked)
    got = seen(api(event, None))
    return got, json.loads(got.body) if "json" in got.headers.get("content-type", "") else got.body.decode()

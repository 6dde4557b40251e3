"""Stands in for awslambdaric's native module where it has no wheel (macOS, musl).

Runs inside functions, standard library only.

The same four functions with the same results and failures; one connection kept alive, no time limit on `next`.
"""

from __future__ import annotations

import http.client
import os

_BASE = "/2018-06-01/runtime/invocation"
_agent = ""
_connection: http.client.HTTPConnection | None = None


def initialize_client(user_agent: str) -> None:
    """Remember what to call ourselves."""
    global _agent
    _agent = user_agent


def next() -> tuple[bytes, dict[str, str]]:  # noqa: A001 - the native module's name
    """Wait for the next event; its bytes and the reply's headers."""
    status, body, headers = _call("GET", f"{_BASE}/next", None, {})
    if status != 200:
        raise RuntimeError("Failed to get next")
    return body, headers


def post_invocation_result(invoke_id: str, result: bytes, content_type: str, invocation_id: str | None = None) -> None:
    """Answer an event."""
    headers = {"Content-Type": content_type, **_invocation(invocation_id)}
    if _call("POST", f"{_BASE}/{invoke_id}/response", result, headers)[0] != 202:
        raise RuntimeError("Failed to post invocation response")


def post_error(invoke_id: str, error: str, xray_fault: str, invocation_id: str | None = None) -> None:
    """Answer an event with an error."""
    headers = {
        "Content-Type": "application/json",
        "Lambda-Runtime-Function-Error-Type": "Unhandled",
        "Lambda-Runtime-Function-XRay-Error-Cause": xray_fault,
        **_invocation(invocation_id),
    }
    if _call("POST", f"{_BASE}/{invoke_id}/error", error.encode(), headers)[0] != 202:
        raise RuntimeError("Failed to post invocation error")


def _invocation(invocation_id: str | None) -> dict[str, str]:
    return {"Lambda-Runtime-Invocation-Id": invocation_id} if invocation_id else {}


def _call(method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
    global _connection
    if _connection is None:
        _connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    _connection.request(method, path, body, {"User-Agent": _agent, **headers})
    response = _connection.getresponse()
    return response.status, response.read(), dict(response.getheaders())

"""Events as they come, past Lambda's Python runtime: bytes in, bytes out, JSON read once, in Go. Ships into Lambda."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Protocol

    class Context(Protocol):
        """What this package reads of the context that Lambda's runtime makes."""

        aws_request_id: str
        invoked_function_arn: str
        client_context: Any  # objects of the runtime's own
        identity: Any

        def get_remaining_time_in_millis(self) -> int:
            """How long the invocation may still take."""


_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")

_LIMIT = 6_291_556


class GoError(Exception):
    """An error that Go returned, or a panic: its type, its message, and the frames of its stack.

    What is raised is of a subclass that has the name of the error's type in Go.
    """

    def __init__(self, kind: str, message: str, stack: list[str]) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.stack = stack

    def __str__(self) -> str:
        """The message, and the frames in Go: what prints the error knows those in Python alone."""
        return "\n    at ".join([self.message, *self.stack])


class Streamed(bytes):
    """An answer that came in parts, and what it says it is."""

    content_type = "application/octet-stream"


class Raw:
    """A marshaller for Lambda's Python runtime that leaves events and answers as they are."""

    def unmarshal_request(self, request: bytes, content_type: str = "application/json") -> bytes:
        """The event, as it came."""
        del content_type
        return request

    def marshal_response(self, response: bytes) -> tuple[bytes, str]:
        """The answer, as it goes."""
        return response, response.content_type if isinstance(response, Streamed) else "application/json"


def take_raw_events() -> bool:
    """Have the runtime of this process hand over events as bytes; whether it could."""
    try:
        from awslambdaric import lambda_runtime_client as client  # type: ignore[import-not-found]  # Lambda brings it
    except ImportError:
        return False
    base = getattr(client, "BaseLambdaRuntimeClient", client.LambdaRuntimeClient)
    base.marshaller = Raw()
    return True


def fault(error: GoError) -> Exception:
    """The exception by which Lambda's runtime answers with exactly this type, message and stack."""
    try:
        from awslambdaric.lambda_runtime_exception import FaultException  # type: ignore[import-not-found]  # as above
    except ImportError:
        return error
    made: Exception = FaultException(error.kind, error.message, error.stack)
    return made


def unstarted(program: str, error: OSError) -> GoError:
    """What to answer where a child could not be started."""
    told = f"cannot start {program!r}, which is to be in the function's folder or on PATH: {error.strerror}"
    return GoError("Runtime.ExitError", told, [])


def fitting(body: bytes) -> bytes:
    """The answer. GoError where it is larger than Lambda takes: its Python runtime would end for that."""
    if len(body) > _LIMIT:
        told = f"Response payload size exceeded maximum allowed payload size ({_LIMIT} bytes)."
        raise GoError("Function.ResponseSizeTooLarge", told, [])
    return body


def go_error(told: bytes) -> GoError:
    """The error that Go told as JSON."""
    import json

    known = json.loads(told)
    kind = known.get("errorType") or "error"
    frames = known.get("stackTrace") or []
    stack = [f"{frame['path']}:{frame['line']} {frame['label']}" for frame in frames]
    made: type[GoError] = type(kind, (GoError,), {"__module__": "go"})
    return made(kind, known.get("errorMessage", ""), stack)


def header(context: Context | None) -> bytes:
    """What Go is told of an invocation: its context, the trace, and the credentials as they are now, parted by NUL."""
    if context is None:
        return b""
    environment = os.environ
    fields = [
        context.aws_request_id,
        str(getattr(context, "_epoch_deadline_time_in_ms", "") or ""),
        context.invoked_function_arn or "",
        environment.get("_X_AMZN_TRACE_ID", ""),
        "" if context.client_context is None else _client_context(context.client_context),
        _identity(context.identity),
        getattr(context, "tenant_id", None) or "",
    ]
    return "\0".join([*fields, *(environment.get(name, "") for name in _CREDENTIALS)]).encode()


def _client_context(given: object) -> str:
    """The client context as the JSON that it was."""
    import json

    client = getattr(given, "client", None)
    known = {"client": _slots(client), "custom": getattr(given, "custom", None), "env": getattr(given, "env", None)}
    return json.dumps({name: value for name, value in known.items() if value is not None})


def _slots(given: object) -> Mapping[str, object] | None:
    if given is None:
        return None
    return {name: value for name in type(given).__slots__ if (value := getattr(given, name, None)) is not None}  # type: ignore[attr-defined]  # the runtime's classes have slots


def _identity(given: object) -> str:
    one, pool = getattr(given, "cognito_identity_id", None), getattr(given, "cognito_identity_pool_id", None)
    if not one and not pool:
        return ""
    import json

    return json.dumps({"cognitoIdentityId": one or "", "cognitoIdentityPoolId": pool or ""})

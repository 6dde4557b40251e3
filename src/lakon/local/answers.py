"""What comes back from a runtime: answers and errors, in Lambda's shapes."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, NamedTuple

from lakon.local.http import Reply

if TYPE_CHECKING:
    from lakon.local.http import Request

MAX_PAYLOAD = 6 * 1024 * 1024 + 100
"""The largest event and the largest buffered response, in bytes."""

ACCEPTED = Reply(202, b'{"status":"OK"}\n')
ERROR_TYPE_HEADER = "lambda-runtime-function-error-type"
_ERROR_BODY_TRAILER = "lambda-runtime-function-error-body"
_ERROR_TYPE = re.compile(r"(Runtime|Function)\.[A-Z][a-zA-Z]+")
_ERROR_CAUSE = "application/vnd.aws.lambda.error.cause+json"


class Answer(NamedTuple):
    """What the runtime, or Lambda in its place, answers to an event. `error_type` is None for a success."""

    body: bytes
    content_type: str = "application/json"
    error_type: str | None = None

    @classmethod
    def failure(cls, error_type: str, message: str) -> Answer:
        """An error made by Lambda itself, in its shape."""
        body = json.dumps({"errorType": error_type, "errorMessage": message}).encode()
        return cls(body, error_type=error_type)


def refusal(status: int, error_type: str, message: str) -> Reply:
    """A reply that tells a client of one of the APIs what it did wrong."""
    return Reply(status, json.dumps({"errorMessage": message, "errorType": error_type}).encode() + b"\n")


def too_large(size: int, limit: int = MAX_PAYLOAD) -> Answer:
    """What the invoker gets in place of a response of `size` bytes."""
    exceeded = f"exceeded maximum allowed payload size ({limit} bytes)."
    return Answer.failure("Function.ResponseSizeTooLarge", f"Response payload size ({size} bytes) {exceeded}")


def too_large_refusal() -> Reply:
    """What the runtime gets for a response that is too large."""
    message = f"Exceeded maximum allowed payload size ({MAX_PAYLOAD} bytes)."
    return refusal(413, "RequestEntityTooLarge", message)


def posted_error(request: Request) -> Answer:
    """The error that a runtime reports; its cause is for X-Ray, and taken out of what the invoker gets."""
    body = request.body
    if request.headers.get("content-type", "").lower() == _ERROR_CAUSE:
        try:
            shape = json.loads(body)
            shape.pop("errorCause", None)
            body = json.dumps(shape).encode()
        except (ValueError, AttributeError, TypeError, RecursionError):
            return Answer(b'"Invalid error body"', "application/octet-stream", error_type(request))
    return Answer(body, json_or_bytes(body), error_type(request))


def trailing_error(request: Request) -> Answer | None:
    """The error, told in trailers, that broke a streamed response off."""
    if ERROR_TYPE_HEADER not in request.headers:
        return None
    try:
        body = base64.b64decode(request.headers.get(_ERROR_BODY_TRAILER, ""), validate=True)
    except ValueError:
        body = b""
    kind = error_type(request)
    return Answer(body, error_type=kind) if body else Answer.failure(kind, "the response stream was broken off")


def error_type(request: Request) -> str:
    """The error type that the request names, as far as Lambda lets it pass."""
    named = request.headers.get(ERROR_TYPE_HEADER, "")
    if _ERROR_TYPE.fullmatch(named):
        return named
    return "Function.Unknown" if named.startswith("Function.") else "Runtime.Unknown"


def json_or_bytes(body: bytes) -> str:
    """The content type that Lambda gives to an error's body."""
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return "application/octet-stream"
    return "application/json"

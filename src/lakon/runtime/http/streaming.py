"""Answers that reach the client while they are made: of function URLs and REST APIs that stream. Ships into Lambda.

AWS's Python runtime knows no streams. So the handler that Lambda is told of is this module's `handler`: when the
runtime looks for it, which is the last thing that it does before it asks for events, this module takes over, and asks
Lambda's Runtime API itself. The program's own handler stands in `LAKON_HANDLER`. See "Building a custom runtime" and
"Response streaming for Lambda functions".
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from http.client import HTTPConnection, HTTPResponse
    from typing import Any

VARIABLE = "LAKON_HANDLER"
HTTP = "application/vnd.awslambda.http-integration-response"
BYTES = "application/octet-stream"
_PRELUDE = ("statusCode", "headers", "multiValueHeaders", "cookies")
_RUNTIME = "/2018-06-01/runtime/invocation/"
_TYPE, _BODY = "Lambda-Runtime-Function-Error-Type", "Lambda-Runtime-Function-Error-Body"


def __getattr__(name: str) -> Any:
    """Take over where AWS's runtime asks for `handler`; elsewhere there is none."""
    api = os.environ.get("AWS_LAMBDA_RUNTIME_API")
    if name != "handler" or api is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    serve(api, program_handler(), rounds=None)
    raise AssertionError("the Runtime API never ends")


def program_handler() -> Callable[[Any, Any], Any]:
    """The program's own handler. Raises what its import raises."""
    from importlib import import_module

    module, _, name = os.environ[VARIABLE].rpartition(".")
    handler: Callable[[Any, Any], Any] = getattr(import_module(module), name)
    return handler


class Context:
    """What Lambda tells a handler beside the event, as AWS's runtime does."""

    client_context = None
    identity = None

    def __init__(self, headers: Any) -> None:
        self.aws_request_id: str = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn: str = headers.get("Lambda-Runtime-Invoked-Function-Arn", "")
        self.deadline = int(headers.get("Lambda-Runtime-Deadline-Ms", "0"))
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME", "")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME", "")

    def get_remaining_time_in_millis(self) -> int:
        """How long the function may still run."""
        import time

        return max(self.deadline - int(time.time() * 1000), 0)


def serve(api: str, handler: Callable[[Any, Any], Any], *, rounds: int | None) -> None:
    """Answer events of the Runtime API at `api`, for ever, or so many."""
    from http.client import HTTPConnection
    from json import loads

    from lakon.runtime.http import fronts

    connection = HTTPConnection(api)
    while rounds is None or rounds > 0:
        connection.request("GET", f"{_RUNTIME}next")
        asked = connection.getresponse()
        event, context = loads(asked.read()), Context(asked.headers)
        _tell_of(context, asked)
        fronts.streams = is_awaited(event)
        try:
            kind, parts = spelled(handler(event, context), fronts.streams)
        except Exception as error:  # noqa: BLE001 - Lambda is told
            _fail(connection, context, error)
        else:
            _post(connection, context, kind, parts)
        rounds = None if rounds is None else rounds - 1


def _tell_of(context: Context, asked: HTTPResponse) -> None:
    """Tell X-Ray and the log which request this is."""
    import sys

    os.environ["_X_AMZN_TRACE_ID"] = asked.headers.get("Lambda-Runtime-Trace-Id", "")
    runtime = sys.modules.get("awslambdaric.bootstrap")
    if runtime is not None:
        runtime._GLOBAL_AWS_REQUEST_ID = context.aws_request_id  # type: ignore[attr-defined]  # its log lines carry it


def is_awaited(event: Any) -> bool:
    """Whether who sent the event takes an HTTP answer as a stream: function URLs and REST APIs do, others cannot."""
    around = event.get("requestContext") if isinstance(event, dict) else None
    if not isinstance(around, dict):
        return False
    return ".lambda-url." in around.get("domainName", "") or ("httpMethod" in event and "resource" in event)


def spelled(answer: Any, streams: bool) -> tuple[str, Iterable[bytes]]:
    """The content type and the parts of an answer: of HTTP where it `streams`, of an iterator, or of JSON."""
    if streams and isinstance(answer, dict) and "statusCode" in answer:
        return HTTP, _http(answer)
    if hasattr(answer, "__next__"):
        return BYTES, (_encoded(part) for part in answer)
    from json import dumps

    return "application/json", [dumps(answer).encode()]


def _http(answer: dict[str, Any]) -> Iterable[bytes]:
    """Status and headers as JSON, eight zero bytes, and the body."""
    from json import dumps

    prelude = {
        name: answer[name] for name in ("statusCode", "headers", "multiValueHeaders", "cookies") if name in answer
    }
    yield dumps(prelude).encode() + b"\0" * 8
    body = answer.get("body") or ""
    if answer.get("isBase64Encoded"):
        from binascii import a2b_base64

        yield a2b_base64(body)
    elif isinstance(body, str):
        yield body.encode()
    else:
        for part in body:
            yield _encoded(part)


def _encoded(part: str | bytes) -> bytes:
    return part.encode() if isinstance(part, str) else bytes(part)


def _post(connection: HTTPConnection, context: Context, kind: str, parts: Iterable[bytes]) -> None:
    """Send parts as they come; an error on the way goes behind them."""
    connection.putrequest("POST", f"{_RUNTIME}{context.aws_request_id}/response")
    connection.putheader("Content-Type", kind)
    connection.putheader("Lambda-Runtime-Function-Response-Mode", "streaming")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.putheader("Trailer", f"{_TYPE}, {_BODY}")
    connection.endheaders()
    trailers = b""
    try:
        for part in parts:
            if part:
                connection.send(b"%x\r\n%b\r\n" % (len(part), part))
    except Exception as error:  # noqa: BLE001 - Lambda is told
        from binascii import b2a_base64

        told = b2a_base64(_described(error), newline=False).decode()
        trailers = f"{_TYPE}: Runtime.{type(error).__name__}\r\n{_BODY}: {told}\r\n".encode()
    connection.send(b"0\r\n" + trailers + b"\r\n")
    connection.getresponse().read()


def _fail(connection: HTTPConnection, context: Context, error: Exception) -> None:
    headers = {"Content-Type": "application/json", _TYPE: "Unhandled"}
    connection.request("POST", f"{_RUNTIME}{context.aws_request_id}/error", _described(error), headers)
    connection.getresponse().read()


def _described(error: Exception) -> bytes:
    """The error as Lambda knows errors; it is in the log as well."""
    import sys
    import traceback
    from json import dumps

    trace = traceback.format_exception(error)
    sys.stderr.write(f"[ERROR] {''.join(trace)}")
    frames = traceback.format_tb(error.__traceback__)
    return dumps({"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": frames}).encode()

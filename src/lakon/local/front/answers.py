"""What functions answer, read as each kind of front door reads it.

See "Lambda function response for format 2.0", "Output format of a Lambda function for proxy integration" and "Respond
to the load balancer".
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from lakon.local.front.requests import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakon.local.front.requests import Pairs

_HOP_BY_HOP = ("connection", "content-length", "keep-alive", "transfer-encoding", "upgrade")


class MalformedError(ValueError):
    """The answer is not of the shape that the front door wants."""


def version_2(body: bytes) -> Answer:
    """Payload format 2.0: an object with a `statusCode`, or anything else, which is the body of a 200."""
    said = _loaded(body)
    if not isinstance(said, dict) or "statusCode" not in said:
        text = said if isinstance(said, str) else body.decode()
        return Answer(200, [("content-type", "application/json")], text.encode())
    headers = _single(said)
    if "content-type" not in dict(headers):
        headers.append(("content-type", "application/json" if "body" in said else "text/plain"))
    headers += [("set-cookie", str(cookie)) for cookie in said.get("cookies") or ()]
    return Answer(_status(said), headers, _body(said))


def version_1(body: bytes, *, decodes: Callable[[], bool]) -> Answer:
    """Payload format 1.0; base64 is undone where the client accepts a binary type of the API."""
    said = _loaded(body)
    if not isinstance(said, dict) or "statusCode" not in said:
        raise MalformedError("a REST API wants an object with a statusCode")
    headers = _multiple(said, _single(said))
    if "content-type" not in dict(headers):
        headers.append(("content-type", "application/json"))
    decoded = bool(said.get("isBase64Encoded")) and decodes()
    return Answer(_status(said), headers, _body({**said, "isBase64Encoded": decoded}))


def balancer(body: bytes) -> Answer:
    """What a target group with several values takes: headers are those of `multiValueHeaders` alone."""
    said = _loaded(body)
    if not isinstance(said, dict) or "statusCode" not in said:
        raise MalformedError("a load balancer wants an object with a statusCode")
    return Answer(_status(said), _multiple(said, []), _body(said))


def prelude(told: bytes) -> tuple[int, Pairs]:
    """Status and headers of a streamed answer: the JSON before its body."""
    said = _loaded(told or b"{}")
    if not isinstance(said, dict):
        raise MalformedError("the prelude of a stream is an object")
    said.setdefault("statusCode", 200)
    cookies = [("set-cookie", str(cookie)) for cookie in said.get("cookies") or ()]
    headers = [*_multiple(said, _single(said)), *cookies]
    if "content-type" not in dict(headers):
        headers.append(("content-type", "application/octet-stream"))
    return _status(said), headers


def _loaded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedError(str(error)) from None


def _status(said: dict[str, Any]) -> int:
    try:
        status = int(said["statusCode"])
    except (TypeError, ValueError):
        raise MalformedError("statusCode is no number") from None
    if not 100 <= status <= 599 or isinstance(said["statusCode"], bool):
        raise MalformedError("statusCode is no status")
    return status


def _single(said: dict[str, Any]) -> Pairs:
    headers = said.get("headers") or {}
    if not isinstance(headers, dict):
        raise MalformedError("headers is no object")
    return [_pair(name, value) for name, value in headers.items() if name.lower() not in _HOP_BY_HOP]


def _multiple(said: dict[str, Any], single: Pairs) -> Pairs:
    """The headers of `multiValueHeaders`, and those of `single` whose values are not among them already."""
    headers = said.get("multiValueHeaders") or {}
    if not isinstance(headers, dict) or not all(isinstance(values, list) for values in headers.values()):
        raise MalformedError("multiValueHeaders is no object of lists")
    found = [_pair(name, value) for name, values in headers.items() for value in values]
    found = [pair for pair in found if pair[0] not in _HOP_BY_HOP]
    return [*[pair for pair in single if pair not in found], *found]


def _pair(name: str, value: object) -> tuple[str, str]:
    if value is None or isinstance(value, (dict, list)):
        raise MalformedError(f"the header {name} is no text")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return name.lower(), text.replace("\r", "").replace("\n", "")


def _body(said: dict[str, Any]) -> bytes:
    body = said.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise MalformedError("the body is no text")
    if not said.get("isBase64Encoded"):
        return body.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedError("the body is not in base64") from None

"""Signed requests (Signature Version 4), checked with the credentials of the embedded AWS: `test`, `test`.

What IAM would allow is not looked at: that is a gap of the embedded AWS as a whole, and told as such.
See "Create a signed AWS API request".
"""

from __future__ import annotations

import calendar
import hashlib
import hmac
import re
import time
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, quote

if TYPE_CHECKING:
    from lakon.local.front.requests import Asked, Pairs

ACCESS_KEY = "test"
SECRET_KEY = "test"  # noqa: S105 - the embedded AWS has no secrets
_ALGORITHM = "AWS4-HMAC-SHA256"
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=(?P<credential>[^,\s]+),\s*SignedHeaders=(?P<headers>[^,\s]+),"
    r"\s*Signature=(?P<signature>[0-9a-f]{64})"
)
_SKEW = 300.0


class InvalidSignatureError(Exception):
    """The request is not signed as it must be: AWS's words for it."""


class _Signature(NamedTuple):
    credential: str
    headers: list[str]
    signature: str
    moment: str
    lifetime: float
    query: Pairs


def is_signed(asked: Asked) -> bool:
    """Whether a request brings a signature at all, right or wrong."""
    return (asked.header("authorization") or "").startswith(_ALGORITHM) or "X-Amz-Signature=" in asked.query


def signer(asked: Asked, service: str) -> str:
    """The access key that signed a request to `service` ("execute-api"). InvalidSignatureError says what is wrong."""
    found = _found(asked)
    key, *scope = found.credential.split("/")
    if len(scope) != 4 or scope[2:] != [service, "aws4_request"] or not found.moment.startswith(scope[0]):
        raise InvalidSignatureError("Credential should be scoped to correct service.")
    if key != ACCESS_KEY:
        raise InvalidSignatureError("The security token included in the request is invalid.")
    try:
        signed = calendar.timegm(time.strptime(found.moment, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        raise InvalidSignatureError("Date must be in ISO-8601 'basic format'.") from None
    if not signed - _SKEW <= time.time() <= signed + found.lifetime:
        raise InvalidSignatureError("Signature expired")
    if not any(hmac.compare_digest(found.signature, each) for each in _expected(asked, found, scope)):
        raise InvalidSignatureError(
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            "Access Key and signing method. Consult the service documentation for details."
        )
    return key


def _found(asked: Asked) -> _Signature:
    query = parse_qsl(asked.query, keep_blank_values=True)
    told = dict(query)
    if "X-Amz-Signature" in told:
        return _Signature(
            told.get("X-Amz-Credential", ""),
            told.get("X-Amz-SignedHeaders", "").split(";"),
            told["X-Amz-Signature"],
            told.get("X-Amz-Date", ""),
            float(told["X-Amz-Expires"]) if told.get("X-Amz-Expires", "").isdigit() else _SKEW,
            [pair for pair in query if pair[0] != "X-Amz-Signature"],
        )
    match = _AUTHORIZATION.match(asked.header("authorization") or "")
    if not match:
        raise InvalidSignatureError("Missing Authentication Token")
    headers, moment = match["headers"].split(";"), asked.header("x-amz-date") or ""
    return _Signature(match["credential"], headers, match["signature"], moment, _SKEW, query)


def _expected(asked: Asked, found: _Signature, scope: list[str]) -> list[str]:
    """The signatures that are right: a path may have been encoded once or twice, a body left out of it."""
    query = "&".join(sorted(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in found.query))
    headers = "".join(f"{name}:{' '.join((asked.header(name) or '').split())}\n" for name in found.headers)
    digest = hashlib.sha256(asked.body).hexdigest()
    named = asked.header("x-amz-content-sha256")
    digests = [digest, *(["UNSIGNED-PAYLOAD"] if named in ("UNSIGNED-PAYLOAD", None) else [])]
    key = f"AWS4{SECRET_KEY}".encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    right = []
    for path in {asked.path, quote(asked.path, safe="/-_.~"), quote(asked.decoded_path, safe="/-_.~")}:
        for each in digests:
            request = "\n".join([asked.method, path, query, headers, ";".join(found.headers), each])
            told = hashlib.sha256(request.encode()).hexdigest()
            text = "\n".join([_ALGORITHM, found.moment, "/".join(scope), told])
            right.append(hmac.new(key, text.encode(), "sha256").hexdigest())
    return right

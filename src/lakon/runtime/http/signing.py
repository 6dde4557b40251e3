"""Signature Version 4 of requests to API Gateway, with the function's own credentials. Ships into Lambda."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SERVICE = "execute-api"


def signed(method: str, host: str, path: str, body: bytes, *, moment: str | None = None) -> dict[str, str]:
    """The headers that sign a request without a query. `moment` is as in `20260131T180000Z`, now by default.

    Raises RuntimeError where the environment holds no credentials. See "Create a signed AWS API request".
    """
    import hashlib
    import hmac
    import time
    from urllib.parse import quote

    key, secret, token = credentials()
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    moment = moment or time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    headers = {"host": host, "x-amz-date": moment}
    if token:
        headers["x-amz-security-token"] = token
    names = ";".join(sorted(headers))
    listed = "".join([f"{name}:{headers[name]}\n" for name in sorted(headers)])
    canonical = f"{method}\n{quote(path)}\n\n{listed}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{moment[:8]}/{region}/{SERVICE}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    derived = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        derived = hmac.digest(derived, part.encode(), "sha256")
    signature = hmac.digest(derived, text.encode(), "sha256").hex()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return headers


def credentials() -> tuple[str, str, str]:
    """Key, secret and session token: of the environment, or, after a snapshot was restored, of Lambda's own endpoint.

    RuntimeError where there are none.
    """
    key, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    if key and secret:
        return key, secret, os.environ.get("AWS_SESSION_TOKEN", "")
    address = os.environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    if not address:
        raise RuntimeError("there are no AWS credentials in the environment")
    import json
    from urllib.request import Request, urlopen

    given = Request(address, headers={"Authorization": os.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")})  # noqa: S310 - AWS tells the address
    with urlopen(given, timeout=5) as answer:  # noqa: S310 - Lambda says where
        found: dict[str, Any] = json.load(answer)
    return found["AccessKeyId"], found["SecretAccessKey"], found.get("Token", "")

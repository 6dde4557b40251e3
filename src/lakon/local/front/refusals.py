"""What API Gateway itself answers where no function does, by its types of gateway responses.

See "Gateway response types for API Gateway", and what HTTP APIs were seen to answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakon.local.front.requests import Answer, told

if TYPE_CHECKING:
    from lakon.local.front.requests import Pairs

REST = {  # status and message of each
    "ACCESS_DENIED": (403, "User is not authorized to access this resource with an explicit deny"),
    "API_CONFIGURATION_ERROR": (500, "Internal server error"),
    "AUTHORIZER_CONFIGURATION_ERROR": (500, None),
    "AUTHORIZER_FAILURE": (500, None),
    "BAD_REQUEST_BODY": (400, "Invalid request body"),
    "BAD_REQUEST_PARAMETERS": (400, "Missing required request parameters"),
    "EXPIRED_TOKEN": (401, "The incoming token has expired"),
    "INTEGRATION_FAILURE": (502, "Internal server error"),
    "INTEGRATION_TIMEOUT": (504, "Endpoint request timed out"),
    "INVALID_API_KEY": (403, "Forbidden"),
    "INVALID_SIGNATURE": (403, "The request signature we calculated does not match the signature you provided."),
    "MISSING_AUTHENTICATION_TOKEN": (403, "Missing Authentication Token"),
    "QUOTA_EXCEEDED": (429, "Limit Exceeded"),
    "REQUEST_TOO_LARGE": (413, "Request Too Long"),
    "THROTTLED": (429, "Too Many Requests"),
    "UNAUTHORIZED": (401, "Unauthorized"),
}
_HTTP = {
    "ACCESS_DENIED": (403, "Forbidden"),
    "EXPIRED_TOKEN": (401, "Unauthorized"),
    "INTEGRATION_TIMEOUT": (503, "Service Unavailable"),
    "INVALID_SIGNATURE": (403, "Forbidden"),
    "MISSING_AUTHENTICATION_TOKEN": (403, "Forbidden"),
    "NOT_FOUND": (404, "Not Found"),
    "OVERLOADED": (503, "Service Unavailable"),
    "REQUEST_TOO_LARGE": (413, "Request Entity Too Large"),
    "THROTTLED": (429, "Too Many Requests"),
    "UNAUTHORIZED": (401, "Unauthorized"),
}


class Refusal(Exception):  # noqa: N818 - an answer, and no error of ours
    """A request is not let through: the type of gateway response, and the words for this case where it has some."""

    def __init__(self, kind: str, message: str | None = None, *, headers: Pairs | None = None) -> None:
        super().__init__(kind)
        self.kind = kind
        self.message = message
        self.headers = headers or []


def http(refusal: Refusal) -> Answer:
    """The answer of an HTTP API."""
    status, message = _HTTP.get(refusal.kind, (500, "Internal Server Error"))
    return told(status, message, headers=refusal.headers)

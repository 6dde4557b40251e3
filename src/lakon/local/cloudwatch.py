"""CloudWatch Logs of the embedded AWS, for the one who writes to it all the time.

Three operations of its API (`Logs_20140328`), spoken without an SDK: to load that takes longer than most functions run.
"""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lakon.exceptions import LocalError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lakon.local.log_writer import LogEvent, StreamName

_LIMIT = 30.0
_MISSING, _THERE = "ResourceNotFoundException", "ResourceAlreadyExistsException"


class CloudWatchLogs:
    """Keeps records in the CloudWatch Logs behind `endpoint_url`; groups and streams are made as they are needed."""

    def __init__(self, endpoint_url: str) -> None:
        self._connection = HTTPConnection(urlsplit(endpoint_url).netloc, timeout=_LIMIT)

    def put(self, stream: StreamName, events: Sequence[LogEvent]) -> None:
        """Write events. LocalError when they are refused, OSError or HTTPException when nobody is there."""
        group = {"logGroupName": stream.group}
        named = group | {"logStreamName": stream.stream}
        written = named | {"logEvents": events}
        if self._call(stream.region, "PutLogEvents", written, expected=_MISSING) == _MISSING:
            self._call(stream.region, "CreateLogGroup", group, expected=_THERE)
            self._call(stream.region, "CreateLogStream", named, expected=_THERE)
            self._call(stream.region, "PutLogEvents", written)

    def _call(self, region: str, operation: str, message: Mapping[str, object], expected: str = "") -> str:
        """Call an operation; the type of the error that was expected, or nothing."""
        headers = {
            "X-Amz-Target": f"Logs_20140328.{operation}",
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": f"AWS4-HMAC-SHA256 Credential=lakon/20140328/{region}/logs/aws4_request",
        }
        body = json.dumps(message).encode()
        try:
            status, answer = self._ask(headers, body)
        except (ConnectionError, HTTPException):  # a connection that was idle for long is closed
            self._connection.close()
            status, answer = self._ask(headers, body)
        if status == 200:
            return ""
        refused = json.loads(answer)
        kind = str(refused.get("__type", "")).rpartition("#")[2]
        if kind != expected:
            raise LocalError(f"CloudWatch Logs refused {operation}: {kind} {refused.get('message', '')}".rstrip())
        return kind

    def _ask(self, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        self._connection.request("POST", "/", body, headers)
        response = self._connection.getresponse()
        return response.status, response.read()

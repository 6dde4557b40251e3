"""Responses passed on while the runtime still sends them.

Rests on "Response streaming for Lambda functions" and the custom runtime page of the Lambda developer guide.
"""

from __future__ import annotations

from typing import Protocol

MAX_STREAMED = 200 * 1024 * 1024
"""The largest streamed response, in bytes."""

HTTP_INTEGRATION = "application/vnd.awslambda.http-integration-response"
"""The content type of a stream that begins with a prelude: status, headers and cookies as JSON."""

SEPARATOR = bytes(8)
"""What stands between a prelude and the body."""

_MAX_PRELUDE = 1024 * 1024


class ResponseSink(Protocol):
    """Where a streamed response goes. All calls happen on the event loop."""

    def begin(self, content_type: str, prelude: bytes | None) -> None:
        """The response begins. `prelude` is its JSON, without the separator, when the content type promises one."""

    def write(self, chunk: bytes) -> None:
        """A piece of the body, never empty. Pieces need not be those that the function wrote."""


class StreamedBody:
    """Takes a streamed response from the wire, cuts off the prelude, and passes the rest to `sink`.

    `oversized` is set when the stream is longer than Lambda allows; what is beyond is not passed on. `broken` is set
    when the runtime went away before the end.
    """

    def __init__(self, content_type: str, sink: ResponseSink) -> None:
        self.oversized = False
        self.broken = False
        self._closed = False
        self._content_type = content_type
        self._sink = sink
        self._size = 0
        self._head: bytearray | None = bytearray() if content_type == HTTP_INTEGRATION else None
        if self._head is None:
            sink.begin(content_type, None)

    def write(self, chunk: bytes) -> None:
        """A piece from the wire; the pieces' bounds mean nothing."""
        self._size += len(chunk)
        self.oversized = self.oversized or self._size > MAX_STREAMED
        if self.oversized or self._closed:
            return
        if self._head is None:
            self._sink.write(chunk)
            return
        searched = max(len(self._head) - len(SEPARATOR), 0)
        self._head += chunk
        end = self._head.find(SEPARATOR, searched)
        if end >= 0:
            self._begin(bytes(self._head[:end]), bytes(self._head[end + len(SEPARATOR) :]))
        elif len(self._head) > _MAX_PRELUDE:
            self._begin(None, bytes(self._head))

    def close(self) -> None:
        """The invocation is over: nothing is passed on any more. A prelude that never ended was none."""
        if self._head is not None:
            self._begin(None, bytes(self._head))
        self._closed = True

    def lost(self) -> None:
        """The runtime went away."""
        self.broken = True

    def _begin(self, prelude: bytes | None, rest: bytes) -> None:
        self._head = None
        self._sink.begin(self._content_type, prelude)
        if rest:
            self._sink.write(rest)

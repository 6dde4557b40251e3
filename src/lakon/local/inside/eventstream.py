"""Messages of the content type application/vnd.amazon.eventstream.

Rests on "Event stream encoding" of the AWS SDK documentation and the lambda service model: lengths, headers, payload,
each guarded by a CRC-32, all numbers big-endian.
"""

from __future__ import annotations

import json
import struct
import zlib

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_PRELUDE = struct.Struct(">II")
_CRC = struct.Struct(">I")
_STRING = 7


def payload_chunk(chunk: bytes) -> bytes:
    """A PayloadChunk event: a piece of the response."""
    return _message("PayloadChunk", "application/octet-stream", chunk)


def invoke_complete(error_code: str = "", error_details: str = "", log_result: str = "") -> bytes:
    """The InvokeComplete event, the last one. What is empty is left out; `log_result` is in base 64."""
    members = {"ErrorCode": error_code, "ErrorDetails": error_details, "LogResult": log_result}
    told = {name: value for name, value in members.items() if value}
    return _message("InvokeComplete", "application/json", json.dumps(told).encode())


def _message(event_type: str, content_type: str, payload: bytes) -> bytes:
    headers = b"".join(
        _header(name, value)
        for name, value in (
            (":event-type", event_type),
            (":content-type", content_type),
            (":message-type", "event"),
        )
    )
    prelude = _PRELUDE.pack(_PRELUDE.size + len(headers) + len(payload) + 2 * _CRC.size, len(headers))
    message = prelude + _CRC.pack(zlib.crc32(prelude)) + headers + payload
    return message + _CRC.pack(zlib.crc32(message))


def _header(name: str, value: str) -> bytes:
    return struct.pack(">B", len(name)) + name.encode() + struct.pack(">BH", _STRING, len(value)) + value.encode()

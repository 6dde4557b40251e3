"""Access logs of APIs, in the embedded CloudWatch Logs."""

from __future__ import annotations

import json
import secrets
import time
from typing import TYPE_CHECKING

from lakon.local.log_writer import StreamName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakon.local.log_writer import LogWriter


class AccessLog:
    """A log group, written to off the requests' path: one line of JSON for each."""

    def __init__(self, writer: LogWriter, region: str, group: str) -> None:
        self._writer = writer
        self._name = StreamName(region, group, secrets.token_hex(16))

    def write(self, line: Mapping[str, str]) -> None:
        """One request."""
        self._writer.write(self._name, {"timestamp": int(time.time() * 1000), "message": json.dumps(line)})

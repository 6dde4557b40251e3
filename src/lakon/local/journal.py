"""The journal: all that the functions of an embedded AWS write, in one file beside its state, for whoever follows it.

Whoever asks CloudWatch Logs again and again, one log group after the other, keeps a processor busy; a file that grows
costs its readers nothing. CloudWatch Logs has every record, too: the journal forgets when it has grown big.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lakon.local.log_writer import LogEvent, StreamName

JOURNAL = "journal.jsonl"
_BIGGEST = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Record:
    """One log event: epoch milliseconds, its log group and stream, and its text."""

    timestamp: int
    group: str
    stream: str
    message: str


class Journal:
    """Keeps records in the journal of `folder`."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / JOURNAL

    def put(self, stream: StreamName, events: Sequence[LogEvent]) -> None:
        """Add events. OSError when the file cannot be written."""
        lines = [
            json.dumps([event["timestamp"], stream.group, stream.stream, event["message"]]) + "\n" for event in events
        ]
        with self._file.open("ab", buffering=0) as file:
            if file.tell() > _BIGGEST:
                file.truncate(0)
            file.write("".join(lines).encode())


class JournalReader:
    """Reads what is added to the journal of `folder` from now on. The journal need not be there yet."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / JOURNAL
        self._at = self._size()

    def read(self) -> list[Record]:
        """The records since the last call, in the order in which they were written."""
        size = self._size()
        if size < self._at:  # it has forgotten, and begins anew
            self._at = 0
        if size == self._at:
            return []
        with self._file.open("rb") as file:
            file.seek(self._at)
            lines = file.read().splitlines(keepends=True)
        whole = [line for line in lines if line.endswith(b"\n")]
        self._at += sum(map(len, whole))
        return [Record(*json.loads(line)) for line in whole]

    def _size(self) -> int:
        return self._file.stat().st_size if self._file.exists() else 0

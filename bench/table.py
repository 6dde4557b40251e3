"""The rows of the table, what is promised of them, and how they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_HEAD = ("what", "Lakon", "peer", "", "ratio", "goal", "met?")


@dataclass(frozen=True, slots=True)
class AtMost:
    """Lakon takes at most so many times as long as the peer."""

    times: float

    def __str__(self) -> str:
        return f"<= {self.times:g}x"


@dataclass(frozen=True, slots=True)
class Faster:
    """The peer takes at least so many times as long as Lakon."""

    times: float

    def __str__(self) -> str:
        return f"{self.times:g}x faster"


@dataclass(frozen=True, slots=True)
class Within:
    """Lakon takes less than so many seconds."""

    seconds: float

    def __str__(self) -> str:
        return f"< {self.seconds:g} s"


Goal = AtMost | Faster | Within


@dataclass(frozen=True, slots=True)
class Row:
    """One line: seconds that Lakon and a peer take for `what`. `peer` is None where there is none to compare with.

    `note` tells what the figures do not: why a peer is missing, what was counted.
    """

    what: str
    lakon: float
    peer_name: str = "-"
    peer: float | None = None
    goal: Goal | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times as long as the peer Lakon takes."""
        return None if self.peer is None else self.lakon / self.peer

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None when there is no goal, or no peer to measure it by."""
        match self.goal:
            case None:
                return None
            case Within(seconds):
                return self.lakon < seconds
            case AtMost(times):
                return None if self.ratio is None else self.ratio <= times
            case Faster(times):
                return None if self.ratio is None else 1 / self.ratio >= times
            case _:
                assert_never(self.goal)

    def data(self) -> dict[str, object]:
        """The row for programs."""
        return {
            "what": self.what,
            "lakon": self.lakon,
            "peer_name": self.peer_name,
            "peer": self.peer,
            "ratio": self.ratio,
            "goal": str(self.goal) if self.goal else None,
            "met": self.met,
            "note": self.note,
        }


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """The table as text, and the notes below it."""
    notes = list(dict.fromkeys(row.note for row in rows if row.note))
    cells = [_HEAD, *(_cells(row, notes) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for number, row in enumerate(cells):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        if number == 0:
            yield "  ".join("-" * width for width in widths)
    for number, note in enumerate(notes, 1):
        yield f"[{number}] {note}"


def _cells(row: Row, notes: list[str]) -> tuple[str, ...]:
    mark = f" [{notes.index(row.note) + 1}]" if row.note else ""
    met = {True: "yes", False: "NO", None: "-"}[row.met]
    peer = "-" if row.peer is None else duration(row.peer)
    return (
        row.what + mark,
        duration(row.lakon),
        peer,
        row.peer_name,
        _ratio(row),
        str(row.goal) if row.goal else "-",
        met,
    )


def _ratio(row: Row) -> str:
    if row.ratio is None:
        return "-"
    return f"{1 / row.ratio:.1f}x faster" if row.ratio < 1 and not isinstance(row.goal, AtMost) else f"{row.ratio:.2f}x"


def duration(seconds: float) -> str:
    """A length of time, to read: `7.1 us`, `23.5 ms`, `8.40 s`."""
    if seconds < 1e-3:
        return f"{seconds * 1e6:.1f} us"
    return f"{seconds * 1e3:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"

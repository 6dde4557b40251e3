"""The list that checks add to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakon.exceptions import Mistake

if TYPE_CHECKING:
    from lakon.model.origin import Origin


class Mistakes:
    """Mistakes with the origin of each, told relative to the project folder `root`."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._found: list[tuple[Origin, Mistake]] = []

    def add(self, origin: Origin, what: str, hint: str) -> None:
        """Remember that what was declared at `origin` cannot be, and what to write instead."""
        self._found.append((origin, Mistake(origin.place(self._root), what, hint)))

    def unless(self, right: bool, origin: Origin, what: str, hint: str) -> None:
        """Remember the mistake if it is one."""
        if not right:
            self.add(origin, what, hint)

    def within(self, origin: Origin, what: str, value: object, low: int, high: int) -> None:
        """Remember a number that is none, or that is out of AWS's range."""
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return
        self.add(origin, f"{what} is {value!r}", f"it is a whole number from {low:,} to {high:,}")

    def place(self, origin: Origin) -> str:
        """How an origin is told."""
        return origin.place(self._root)

    def in_order(self) -> list[Mistake]:
        """All mistakes in the order of the source, each once."""
        ordered = sorted(self._found, key=lambda found: (found[0].file, found[0].line))
        return list({repr(mistake): mistake for _, mistake in ordered}.values())

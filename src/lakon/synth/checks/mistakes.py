"""The list that checks add to, and the questions that many of them ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeGuard

from lakon.exceptions import Mistake

if TYPE_CHECKING:
    import re

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

    def within(self, origin: Origin, what: str, value: object, low: int, high: int) -> bool:
        """Remember a number that is none, or that is out of AWS's range; say whether it is right."""
        right = is_number(value) and low <= value <= high
        if not right:
            self.add(origin, f"{what} is {value!r}", f"it is a whole number from {low:,} to {high:,}")
        return right

    def text(self, origin: Origin, what: str, value: object, most: int) -> None:
        """Remember a text that is none, or that is longer than AWS takes."""
        if not isinstance(value, str):
            self.add(origin, f"{what} is {value!r:.60}", "it is a text")
        elif len(value) > most:
            self.add(origin, f"{what} has {len(value):,} characters", f"AWS takes at most {most:,}")

    def mapping(self, origin: Origin, what: str, value: object, like: str) -> bool:
        """Remember what is no mapping, with an example of one; say whether it is right."""
        right = isinstance(value, Mapping)
        if not right:
            self.add(origin, f"{what} is {value!r:.60}", f"it is written as in {like}")
        return right

    def flags(self, origin: Origin, of: str, **values: object) -> None:
        """Remember options of `of` that are neither on nor off."""
        for name, value in values.items():
            self.unless(isinstance(value, bool), origin, f"{name} of {of!r} is {value!r:.60}", "it is True or False")

    def place(self, origin: Origin) -> str:
        """How an origin is told."""
        return origin.place(self._root)

    def in_order(self) -> list[Mistake]:
        """All mistakes in the order of the source, each once."""
        ordered = sorted(self._found, key=lambda found: (found[0].file, found[0].line))
        return list({repr(mistake): mistake for _, mistake in ordered}.values())


def spelled(pattern: re.Pattern[str], value: object) -> bool:
    """Whether the value is a text of that form, from its beginning to its end."""
    return isinstance(value, str) and bool(pattern.fullmatch(value))


def is_number(value: object) -> TypeGuard[int]:
    """Whether the value is a whole number; True and False are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def are_texts(value: object) -> bool:
    """Whether the value is a list of texts, none of them empty."""
    return isinstance(value, (list, tuple)) and all(isinstance(item, str) and item for item in value)

"""Lakon as its users start it: the `lakon` program, in folders of the bench's own."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.clock import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

PROGRAM = Path(sys.executable).with_name("lakon")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a section needs to know: where it may write, and whether few runs will do."""

    folder: Path
    quick: bool

    def rounds(self, usual: int, few: int) -> int:
        """How many runs to take the median of."""
        return few if self.quick else usual


def lakon(*arguments: str, folder: Path, environment: Mapping[str, str] | None = None) -> Command:
    """The command `lakon ARGUMENTS` in a folder."""
    return Command([str(PROGRAM), *arguments], folder, environment or {})

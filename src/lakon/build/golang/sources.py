"""What is asked of the Go builds: a folder, in one of two forms, for a system."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from lakon.build.golang.system import System

Form = Literal["program", "sidecar", "library"]


@dataclass(frozen=True, slots=True)
class GoSource:
    """A main package to build: a `"program"`, one that is a `"sidecar"` of Python's, or a `"library"` that it loads.

    `place` is where it was declared (`app.py:12`), for errors. What is `debugged` keeps what a debugger needs: symbols,
    true paths, and code that is as it is written.
    """

    folder: Path
    form: Form
    system: System
    build_tags: tuple[str, ...]
    place: str = field(compare=False)
    debugged: bool = False

    def key(self) -> str:
        """What tells it from other sources."""
        return repr((str(self.folder), self.form, self.system, self.build_tags, self.debugged))

"""The folders of one execution environment, as the host sees them and as the function does.

With a sandbox the function finds them where Lambda has them; without, where they are.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from lakon.settings import cache_folder

if TYPE_CHECKING:
    from lakon.local.spawning.sandbox import Sandbox

_LAKON = Path(__file__).parents[1]
_TASK, _OPT = "/var/task", "/opt"


@dataclass(frozen=True, slots=True)
class Folders:
    """Code, layers (None: there are none), and an empty folder for the environment alone."""

    task: Path
    opt: Path | None
    scratch: Path
    sandboxed: bool

    @property
    def task_seen(self) -> str:
        """Where the function finds its code."""
        return _TASK if self.sandboxed else str(self.task)

    @property
    def opt_seen(self) -> str | None:
        """Where the function finds its layers."""
        if self.opt is None:
            return None
        return _OPT if self.sandboxed else str(self.opt)

    def seen(self, path: Path) -> str:
        """Where the function finds a file of its code or its layers."""
        for folder, place in ((self.task, self.task_seen), (self.opt, self.opt_seen)):
            if folder and place and path.is_relative_to(folder):
                return f"{place}/{path.relative_to(folder)}"
        return str(path)

    def sandbox(self, size: int, state: Path, program: str) -> Sandbox | None:
        """The file system for processes that run `program`, whose /tmp holds `size` MB; None without sandboxes.

        `state` is the folder of the embedded AWS.
        """
        if not self.sandboxed:
            return None
        return {
            "id": str(self.scratch),
            "task": str(self.task),
            "opt": str(self.opt or ""),
            "size": size,
            "keep": _needed(state, program),
        }


@cache
def _needed(state: Path, program: str) -> list[str]:
    """What processes need where it is: interpreters, Lakon's own programs and cache, and the project, for debuggers."""
    project = state.parent.parent if state.parent.name == ".lakon" else state
    binaries = (Path(program), Path(program).resolve())
    needed = {project, _LAKON, cache_folder(), Path(sys.prefix), *(binary.parent.parent for binary in binaries)}
    return sorted(str(path) for path in needed if path.parent != path)

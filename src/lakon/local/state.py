"""Where the state folder of an embedded AWS (`<project>/.lakon/aws`) keeps what.

File names, and what is to be believed.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

DOORS_FILE = "doors.json"
PORT_FILE = "supervisor.json"
LOCK_FILE = "supervisor.lock"
START_LOCK = "start.lock"
PROVISION_LOCK = "provision.lock"
LOG_FILE = "supervisor.log"


class State:
    """What the emulator remembers between two runs, under `folder/state`; whole only when `folder/clean` is there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "state"
        self.clean = folder / "clean"
        self.port = folder / "port"

    @property
    def lost(self) -> bool:
        """Whether the last run ended before it could save, so that what is on disk is not to be believed."""
        return self.folder.exists() and not self.clean.exists()

    def open(self) -> None:
        """Begin a run: forget what is not whole, and what will not be whole from now on."""
        if not self.clean.exists():
            shutil.rmtree(self.folder, ignore_errors=True)
        self.clean.unlink(missing_ok=True)
        self.folder.mkdir(parents=True, exist_ok=True)

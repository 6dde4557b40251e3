"""What a command is aimed at and where things are kept: read once at the start of a command, then frozen."""

from __future__ import annotations

import errno
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lakon.runtime import environment

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_STAGE = environment.DEFAULT_STAGE
STAGE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,29}")
STAGE_HINT = "a stage is named in lower-case letters, digits and hyphens, at most 30 of them"


@dataclass(frozen=True, slots=True)
class Target:
    """One copy of a service in one place: a stage, and the account or emulator that holds it.

    `endpoint_url` is None for AWS itself; `local` says that it is the embedded AWS of this project. `state` is the
    folder for build output and the embedded AWS; None stands for the project's own `.lakon`. `parameters` are the
    values that the service's inputs are given, `tags` those that the stack gets beside the service's own, and `bucket`
    is the artifact bucket, None for Lakon's own; with `bucketless` there is none.
    """

    stage: str = DEFAULT_STAGE
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    local: bool = False
    state: Path | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    bucket: str | None = None
    bucketless: bool = False

    def command(self, verb: str) -> str:
        """The command line of a verb on this target, for hints: `lakon status --stage prod`."""
        local = " --local" if self.local else ""
        stage = f" --stage {self.stage}" if self.stage != DEFAULT_STAGE else ""
        region = f" --region {self.region}" if self.region else ""
        return f"`lakon {verb}{local}{stage}{region}{self.place()}`"

    def place(self) -> str:
        """The profile and the endpoint as options of a command; that of the embedded AWS is found without."""
        profile = f" --profile {self.profile}" if self.profile else ""
        given = None if self.local else self.endpoint_url
        return f"{profile} --endpoint-url {given}" if given else profile


def cache_folder() -> Path:
    """Where Lakon keeps what it can make again: `LAKON_CACHE`, else the platform's cache folder."""
    named = os.environ.get("LAKON_CACHE")
    if named:
        return Path(named).expanduser().resolve()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "lakon"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home()))) / "lakon" / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lakon"


def project_state(root: Path) -> Path:
    """Where the project at `root` keeps build output and the embedded AWS: `.lakon`."""
    return root / ".lakon"


def make_project_state(root: Path) -> None:
    """Make the folder `project_state`, ignored by git. Raises OSError."""
    folder = project_state(root)
    if not (folder / ".gitignore").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".gitignore").write_text("*\n")


def storage_hint(number: int | None) -> str | None:
    """What to do when the system refuses a file with the errno `number`: where it is full, or not ours to write."""
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "Free some space, or name another folder (LAKON_CACHE moves the cache), and run it again."
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "Check the permissions, or name another folder (LAKON_CACHE moves the cache)."
    return None

"""The module or workspace that a Go package belongs to, read from its go.mod and go.work without starting Go."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

from lakon.build.golang.toolchain import Version, version
from lakon.exceptions import BuildError

_GO_LINE = re.compile(r"^\s*go\s+(\d+(?:\.\d+)*)", re.MULTILINE)


class Module(NamedTuple):
    """A module: its folder, the text of its go.mod, its workspace's go.work if there is one, and the Go it asks for."""

    root: Path
    text: str
    workspace: Path | None
    go: Version

    @property
    def vendored(self) -> bool:
        """Whether its dependencies lie in its own `vendor` folder, or in that of its workspace."""
        return (self.vendor / "modules.txt").exists()

    @property
    def vendor(self) -> Path:
        """The `vendor` folder, wherever there would be one."""
        return (self.workspace.parent if self.workspace else self.root) / "vendor"


def module_of(folder: Path, place: str) -> Module:
    """The module that the package in `folder` belongs to. BuildError when there is none."""
    root = _nearest(folder, "go.mod")
    if root is None:
        raise BuildError(
            f"there is no go.mod in {folder} or above it",
            where=place,
            hint=f"Make one: cd {folder} && go mod init {folder.name}",
        )
    text = (root / "go.mod").read_text("utf-8")
    workspace = _workspace(folder)
    lines = _GO_LINE.findall(text) + (_GO_LINE.findall(workspace.read_text("utf-8")) if workspace else [])
    return Module(root, text, workspace, max(map(version, lines), default=()))


def _nearest(folder: Path, name: str) -> Path | None:
    return next((place for place in (folder, *folder.parents) if (place / name).is_file()), None)


def _workspace(folder: Path) -> Path | None:
    """The go.work that counts, as `go env GOWORK` would tell."""
    named = os.environ.get("GOWORK", "")
    if named == "off":
        return None
    if named:
        return Path(named)
    found = _nearest(folder, "go.work")
    return found / "go.work" if found else None

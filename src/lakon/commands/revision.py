"""The revision of the source: git's commit, read from its files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def revision(folder: Path) -> str | None:
    """The commit that the repository around `folder` is at; None without one. Changes that are not committed count not.

    Git itself is not run. See "gitrepository-layout" and "git-worktree".
    """
    for place in (folder, *folder.parents):
        if (git := _repository(place / ".git")) is not None:
            try:
                return _commit(git)
            except (OSError, UnicodeDecodeError):
                return None
    return None


def _repository(path: Path) -> Path | None:
    """The folder with git's files: `.git`, or where it points to, as in a worktree."""
    if path.is_dir():
        return path
    if not path.is_file():
        return None
    kind, _, target = path.read_text("utf-8").strip().partition(": ")
    return (path.parent / target) if kind == "gitdir" else None


def _commit(git: Path) -> str | None:
    head = (git / "HEAD").read_text("utf-8").strip()
    kind, _, name = head.partition(": ")
    if kind != "ref":
        return head if _COMMIT.fullmatch(head) else None
    shared = git / "commondir"
    common = git / shared.read_text("utf-8").strip() if shared.is_file() else git
    for place in (git, common):
        if (place / name).is_file():
            commit = (place / name).read_text("utf-8").strip()
            return commit if _COMMIT.fullmatch(commit) else None
    packed = common / "packed-refs"
    lines = packed.read_text("utf-8").splitlines() if packed.is_file() else []
    return next((line.partition(" ")[0] for line in lines if line.partition(" ")[2] == name), None)

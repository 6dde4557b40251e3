"""The files that decide what a Go build makes, and a sum over their states: whether anything was edited since."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_SUFFIXES = (
    ".go", ".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".hxx", ".s", ".S", ".sx", ".syso", ".m", ".a", ".inc",
)  # fmt: skip


class Inputs(NamedTuple):
    """`folders` of packages, single `files` (also those that are not there), and `trees` of embedded files."""

    folders: tuple[str, ...]
    files: tuple[str, ...]
    trees: tuple[str, ...]

    def state(self) -> str:
        """Return a sum over names, sizes and times of change of all of them."""
        told: list[str] = []
        for folder in self.folders:
            told += _folder(folder)
        for file in self.files:
            told.append(_file(file))
        for tree in self.trees:
            told += [_file(tree), *_tree(tree)]
        return hashlib.sha256("\n".join(told).encode("utf-8", "surrogateescape")).hexdigest()


def state_of(tree: Path) -> str:
    """Return a sum over names, sizes and times of change of all files in a folder, in any depth."""
    return hashlib.sha256("\n".join(_tree(str(tree))).encode("utf-8", "surrogateescape")).hexdigest()


def above(folder: Path, names: Iterable[str]) -> list[str]:
    """The files of these names that stand in a folder or above it, or would, if there were any."""
    return [str(place / name) for place in (folder, *folder.parents) for name in names]


def _folder(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            found = sorted((entry for entry in entries if _counts(entry.name)), key=_name)
            return [f"{entry.path} {(facts := entry.stat()).st_size} {facts.st_mtime_ns}" for entry in found]
    except OSError:
        return [folder]


def _tree(tree: str) -> list[str]:
    told = []
    for folder, inner, files in os.walk(tree):
        inner.sort()
        told += [_file(os.path.join(folder, name)) for name in sorted(files)]  # noqa: PTH118 - thousands
    return told


def _counts(name: str) -> bool:
    return name.endswith(_SUFFIXES) and not name.endswith("_test.go")


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _file(path: str) -> str:
    try:
        facts = os.stat(path)  # noqa: PTH116 - thousands
    except OSError:
        return path
    return f"{path} {facts.st_size} {facts.st_mtime_ns}"

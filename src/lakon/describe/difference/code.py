"""Code that is exchanged: which archives, for which functions and layers, and what differs inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lakon.describe.difference.values import mapping

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zipfile import ZipFile

    from lakon.describe.difference.resources import Resources

_HOLDERS = {"AWS::Lambda::Function": "Code", "AWS::Lambda::LayerVersion": "Content"}
CODE_PATHS = frozenset(f"{holder}.{part}" for holder in _HOLDERS.values() for part in ("S3Bucket", "S3Key"))


@dataclass(frozen=True, slots=True)
class Stored:
    """Where an archive lies; `bucket` is None where Lambda has it without one."""

    bucket: str | None
    key: str


@dataclass(frozen=True, slots=True)
class Member:
    """One file in an archive: its size in bytes, unpacked, and the CRC-32 of its content."""

    size: int
    crc: int


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file that differs, with its sizes in bytes; None where it is not there."""

    action: Literal["add", "change", "remove"]
    path: str
    old: int | None
    new: int | None


@dataclass(frozen=True, slots=True)
class CodeChange:
    """An archive in the place of another for the `resources`; `files` is None where what was there cannot be read."""

    resources: tuple[str, ...]
    old: Stored | None
    new: Stored
    files: tuple[FileChange, ...] | None = None


def compare_code(old: Resources, new: Resources) -> tuple[CodeChange, ...]:
    """The archives that functions and layers would get in place of others. What differs inside is not known yet."""
    users: dict[tuple[Stored | None, Stored], list[str]] = {}
    for name in sorted(new):
        after, before = _stored(new[name]), _stored(old.get(name, {}))
        if after is not None and after != before:
            users.setdefault((before, after), []).append(name)
    updated = {after for before, after in users if before is not None}
    kept = {after for name in new if (after := _stored(old.get(name, {})))}
    return tuple(
        CodeChange(tuple(names), before, after)
        for (before, after), names in users.items()
        if before is not None or after not in updated | kept
    )


def compare_files(old: Mapping[str, Member], new: Mapping[str, Member]) -> tuple[FileChange, ...]:
    """The files that differ between two archives, by their paths.

    Byte code is left out beside the source that it was made of.
    """
    differing = {path for path in {*old, *new} if old.get(path) != new.get(path)}
    return tuple(
        _file(path, old.get(path), new.get(path)) for path in sorted(differing) if _source(path) not in differing
    )


def listed(archive: ZipFile) -> dict[str, Member]:
    """The files of an archive, by their paths."""
    return {each.filename: Member(each.file_size, each.CRC) for each in archive.infolist()}


def _file(path: str, old: Member | None, new: Member | None) -> FileChange:
    action: Literal["add", "change", "remove"] = "add" if old is None else "remove" if new is None else "change"
    return FileChange(action, path, old.size if old else None, new.size if new else None)


def _source(path: str) -> str | None:
    """The source that byte code was made of: `a/b.py` of `a/__pycache__/b.cpython-313.pyc`; None for other files."""
    folder, _, name = path.rpartition("/")
    if not name.endswith(".pyc") or folder.rpartition("/")[2] != "__pycache__":
        return None
    parent = folder.removesuffix("__pycache__")
    return f"{parent}{name.split('.', 1)[0]}.py"


def _stored(resource: Mapping[str, object]) -> Stored | None:
    holder = _HOLDERS.get(str(resource.get("Type")))
    code = mapping(mapping(resource.get("Properties")).get(holder)) if holder else {}
    bucket, key = code.get("S3Bucket"), code.get("S3Key")
    return Stored(bucket, key) if isinstance(bucket, str) and isinstance(key, str) else None

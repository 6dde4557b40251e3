"""Writing files so that nobody ever sees half of one, and a full disk is told in plain words."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from lakon.exceptions import BuildError
from lakon.settings import storage_hint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def told_plainly(doing: str, path: Path) -> Iterator[None]:
    """Turn an OSError of the block into a BuildError: `doing` is a phrase such as "write the archive"."""
    try:
        yield
    except OSError as error:
        where = str(error.filename2 or error.filename or path)
        full = error.errno in _FULL
        what = f"the disk is full: could not {doing}" if full else f"could not {doing}: {error.strerror}"
        raise BuildError(what, where=where, hint=storage_hint(error.errno)) from error


def temporary_name(folder: Path) -> Path:
    """Return a hidden path in `folder` that nobody else uses."""
    return folder / f".{os.urandom(8).hex()}.part"


@contextmanager
def written_beside(folder: Path) -> Iterator[Path]:
    """Yield a temporary path in `folder` (made when missing); what is left of it is removed at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    path = temporary_name(folder)
    try:
        yield path
    finally:
        with suppress(FileNotFoundError):
            path.unlink()


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to `path` in one step for every reader. Raises OSError."""
    with written_beside(path.parent) as part:
        part.write_bytes(data)
        part.replace(path)

"""Writing files so that nobody ever sees half of one, and a full disk is told in plain words."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from lakon.exceptions import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FULL_HINT = "Free some space, or name another folder (LAKON_CACHE moves the cache), and run it again."
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def told_plainly(doing: str, path: Path) -> Iterator[None]:
    """Turn an OSError of the block into a BuildError: `doing` is a phrase such as "write the archive"."""
    try:
        yield
    except OSError as error:
        where = str(error.filename2 or error.filename or path)
        if error.errno in _FULL:
            raise BuildError(f"the disk is full: could not {doing}", where=where, hint=FULL_HINT) from error
        hint = "Check the permissions." if error.errno in _FORBIDDEN else None
        raise BuildError(f"could not {doing}: {error.strerror}", where=where, hint=hint) from error


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

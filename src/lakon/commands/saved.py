"""What was saved is read: sources as they are, and a file that is being written not for the half of it."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lakon.exceptions import LakonError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import TypeVar

    from lakon.local.watch import Watch

    Result = TypeVar("Result")

_WRITING = 0.2  # seconds within which an editor that has emptied a file writes it
_ATTEMPTS = 5  # after which a mistake is one, though the folder does not come to rest


def read(saved: set[Path], watch: Watch, load: Callable[[], Result]) -> Result:
    """What `load` makes of the files. `saved` takes up what is saved meanwhile.

    Raises what `load` raises, unless something more is saved right after: then the files are read again.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return _fresh(load)
        except LakonError:
            later = watch.wait(_WRITING)
            if not later:
                raise
            saved |= later
    return _fresh(load)


def names(saved: set[Path], root: Path) -> tuple[str, ...]:
    """Paths as they are called within the project at `root`."""
    return tuple(
        sorted(path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path) for path in saved)
    )


def _fresh(load: Callable[[], Result]) -> Result:
    with _fresh_sources():
        return load()


@contextmanager
def _fresh_sources() -> Iterator[None]:
    """Leave byte code alone: it is taken for theirs when an edit within a second keeps the size."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before

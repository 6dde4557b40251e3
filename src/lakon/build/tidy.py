"""Keeping the cache of builds within bounds."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

BUNDLES_LIMIT = 2 * 1024**3
"""Bytes of bundles that are kept; the least recently used go first."""

FILES_KEPT = {"pieces": 20_000, "answers": 2_000, "exports": 200, "models": 100}
"""How many small files of each kind are kept; the oldest go first."""

_HOUR = 3600.0
_DAY = 24 * _HOUR


def tidy(cache: Path, *, bundles_limit: int = BUNDLES_LIMIT) -> None:
    """Bring the folder `cache` within its bounds, once a day. What was used within the last hour stays."""
    mark = cache / "tidied"
    now = time.time()
    if mark.exists() and now - mark.stat().st_mtime < _DAY:
        return
    mark.touch()
    _tidy_bundles(cache / "bundles", now - _HOUR, bundles_limit)
    for kind, count in FILES_KEPT.items():
        for path in _by_age(cache / kind, now - _HOUR)[:-count]:
            path.unlink(missing_ok=True)


def _by_age(folder: Path, before: float) -> list[Path]:
    """Return the files below `folder` that are older than `before`, the oldest first."""
    found = []
    for path in folder.rglob("*"):
        with suppress(OSError):
            if path.is_file() and path.stat().st_mtime < before:
                found.append((path.stat().st_mtime, path))
    return [path for _, path in sorted(found)]


def _tidy_bundles(folder: Path, before: float, limit: int) -> None:
    kept = []
    for entry in folder.iterdir() if folder.is_dir() else ():
        with suppress(OSError):
            used = entry.stat().st_mtime
            size = sum(path.stat().st_size for path in entry.rglob("*") if path.is_file())
            if entry.name.endswith(".part") and used < before:
                shutil.rmtree(entry, ignore_errors=True)
            else:
                kept.append((used, size, entry))
    total = sum(size for _, size, _ in kept)
    for used, size, entry in sorted(kept):
        if total <= limit or used >= before:
            break
        shutil.rmtree(entry, ignore_errors=True)
        total -= size

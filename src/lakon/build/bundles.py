"""Dependencies and Lakon's shipping part as one run of zip members, made once and kept.

An entry of the cache is a folder named by the SHA-256 of everything that decides its content: what the project
asks for, the platform, the rules, Lakon's own files, uv, the interpreter that compiles and zlib.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
import zlib
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lakon.build.archive import (
    COMPRESSION_LEVEL,
    Piece,
    Prefix,
    check_unzipped,
    folder_sizes,
    join,
    pieces_sizes,
)
from lakon.build.disk import temporary_name, told_plainly
from lakon.build.patterns import Patterns
from lakon.build.pieces import make_pieces, prune_pieces
from lakon.build.selection import WHEELS_LEFT_OUT, File, wheel_files
from lakon.build.tool import Platform, install, running_python, uv_identity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakon.build.interpreters import Interpreter
    from lakon.build.requirements import Requirements
    from lakon.report import Reporter

SHIPPED = ("__init__.py", "errors.py", "model", "runtime")
"""What of Lakon goes into an archive: files and packages, relative to `lakon/`."""

CACHE_LIMIT = 2 * 1024**3
"""Bytes of bundles that are kept; the least recently used go first, but none that was used within an hour."""

_FORMAT = 1
_HOUR = 3600.0
_LAYER = "python/"


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides what is in a bundle."""

    requirements: Requirements | None
    platform: Platform
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    layer: bool
    interpreter: Interpreter | None
    shipped: tuple[File, ...]

    def digest(self) -> str:
        """Return the SHA-256 of it in hex: the name of the bundle."""
        asked = (
            _FORMAT,
            self.requirements and (self.requirements.identity, self.requirements.locked, uv_identity()),
            self.platform,
            self.include,
            self.exclude,
            self.layer,
            self.interpreter and self.interpreter.version,
            COMPRESSION_LEVEL,
            zlib.ZLIB_RUNTIME_VERSION,
            WHEELS_LEFT_OUT,
        )
        total = hashlib.sha256(repr(asked).encode())
        for file in self.shipped:
            total.update(f"\n{file.name}\n".encode() + file.path.read_bytes())
        return total.hexdigest()


@dataclass(frozen=True, slots=True)
class Bundle:
    """A kept run of members: `names` of all of them, unpacked bytes by `folders`, and the `matched` patterns."""

    prefix: Prefix
    names: frozenset[str]
    folders: dict[str, int]
    matched: tuple[str, ...]


def shipped_files() -> tuple[File, ...]:
    """Return the files of Lakon that ship, sorted by name."""
    package = Path(__file__).parent.parent
    found = []
    for part in SHIPPED:
        path = package / part
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            found.append(File(f"lakon/{file.relative_to(package).as_posix()}", file, False))
    return tuple(found)


def bundle_for(recipe: Recipe, root: Path, cache: Path, reporter: Reporter) -> Bundle:
    """Return the bundle of `recipe`, made now when the cache has none. Raises BuildError."""
    folder = cache / "bundles" / recipe.digest()
    with told_plainly("keep the dependencies in the cache", cache):
        kept = _read(folder)
        if kept is None:
            with _fresh_folder(folder.parent) as fresh:
                _make(recipe, root, fresh, reporter)
                with suppress(OSError):  # another process was faster, with the same bytes
                    fresh.rename(folder)
            _prune(folder.parent)
            prune_pieces(cache)
            kept = _read(folder)
    if kept is None:
        message = f"{folder} vanished while it was written"
        raise FileNotFoundError(message)
    return kept


def _read(folder: Path) -> Bundle | None:
    try:
        facts = json.loads((folder / "facts.json").read_bytes())
        directory = (folder / "directory").read_bytes()
        os.utime(folder)
    except OSError:
        return None
    return Bundle(
        Prefix(folder / "body", facts["length"], directory, facts["count"]),
        frozenset(facts["names"]),
        facts["folders"],
        tuple(facts["matched"]),
    )


@contextmanager
def _fresh_folder(parent: Path) -> Iterator[Path]:
    fresh = temporary_name(parent)
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        yield fresh
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _make(recipe: Recipe, root: Path, fresh: Path, reporter: Reporter) -> None:
    """Install, select, compile and compress into the folder `fresh`."""
    include, exclude = Patterns(recipe.include), Patterns(recipe.exclude)
    installed = fresh / "installed"
    files = list(recipe.shipped)
    if recipe.requirements:
        with reporter.step(f"installing dependencies for {recipe.platform}"):
            python = recipe.interpreter.program if recipe.interpreter else running_python()
            install(
                recipe.requirements.file,
                locked=recipe.requirements.locked,
                platform=recipe.platform,
                python=python,
                target=installed,
                folder=root,
            )
        files += wheel_files(installed, include, exclude)
    prefix = _LAYER if recipe.layer else ""
    files = sorted((File(prefix + file.name, file.path, file.executable) for file in files), key=_name)
    sizes = [(file.name.removeprefix(prefix), file.path.stat().st_size) for file in files]
    check_unzipped(folder_sizes(sizes))
    with reporter.step("compressing dependencies"):
        base = "/opt/" if recipe.layer else "/var/task/"
        pieces = make_pieces(files, recipe.interpreter, base)
    _write(fresh, pieces, prefix, (*include.matched, *exclude.matched))
    shutil.rmtree(installed, ignore_errors=True)


def _name(file: File) -> str:
    return file.name


def _write(fresh: Path, pieces: list[Piece], prefix: str, matched: Iterable[str]) -> None:
    joined = join(pieces)
    sizes = [(name.removeprefix(prefix), size) for name, size in pieces_sizes([joined])]
    (fresh / "body").write_bytes(joined.body)
    (fresh / "directory").write_bytes(joined.directory)
    facts = {
        "length": len(joined.body),
        "count": joined.count,
        "names": [name for name, _ in sizes],
        "folders": folder_sizes(sizes),
        "matched": sorted(matched),
    }
    (fresh / "facts.json").write_text(json.dumps(facts))


def _prune(folder: Path) -> None:
    """Remove the bundles used longest ago while all together are bigger than CACHE_LIMIT, and dead remains."""
    now = time.time()
    kept = []
    for entry in folder.iterdir():
        with suppress(OSError):
            used = entry.stat().st_mtime
            if entry.name.endswith(".part") or not (entry / "body").exists():
                if now - used > _HOUR:
                    shutil.rmtree(entry, ignore_errors=True)
            else:
                kept.append((used, (entry / "body").stat().st_size, entry))
    total = sum(size for _, size, _ in kept)
    for used, size, entry in sorted(kept):
        if total <= CACHE_LIMIT or now - used < _HOUR:
            break
        shutil.rmtree(entry, ignore_errors=True)
        total -= size

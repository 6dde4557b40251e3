"""Dependencies and Lakon's shipping part as one run of zip members, made once and kept.

An entry of the cache is a folder named by the SHA-256 of everything that decides its content: what the project
asks for, the platform, the rules, Lakon's own files, uv, the interpreter that compiles and the compressor.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

from lakon.build.archive import (
    COMPRESSOR,
    Piece,
    Prefix,
    check_unzipped,
    folder_sizes,
    join,
    pieces_sizes,
)
from lakon.build.disk import temporary_name, told_plainly
from lakon.build.patterns import Patterns
from lakon.build.pieces import make_pieces
from lakon.build.selection import WHEELS_LEFT_OUT, File, wheel_files
from lakon.build.tool import Platform, install, running_python, uv_identity
from lakon.exceptions import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakon.build.requirements import Requirements
    from lakon.interpreters import Interpreter
    from lakon.report import Reporter

SHIPPED = ("__init__.py", "exceptions.py", "model", "runtime")
"""What of Lakon goes into an archive: files and packages, relative to `lakon/`."""

_FORMAT = 1
_LAYER = "python/"


class Recipe(NamedTuple):
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
            COMPRESSOR,
            WHEELS_LEFT_OUT,
        )
        total = hashlib.sha256(repr(asked).encode())
        for file in self.shipped:
            total.update(f"\n{file.name}\n".encode() + file.path.read_bytes())
        return total.hexdigest()


class Bundle(NamedTuple):
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
            found.append(File(f"lakon/{file.relative_to(package).as_posix()}", file, False, file.stat().st_size))
    return tuple(found)


def bundle_for(recipe: Recipe, root: Path, cache: Path, reporter: Reporter) -> Bundle:
    """Return the bundle of `recipe`, made now when the cache has none. Raises BuildError."""
    folder = cache / "bundles" / recipe.digest()
    kept = _read(folder)
    if kept is None:
        with told_plainly("keep the dependencies in the cache", cache), _workshop(folder.parent) as workshop:
            _make(recipe, root, workshop, reporter)
            _put(workshop / "entry", folder)
        kept = _read(folder)
    if kept is None:
        raise BuildError("the cache changes while it is read", where=str(folder), hint="Run it again.")
    return kept


def _read(folder: Path) -> Bundle | None:
    """Read the bundle in `folder`; None when it is missing or not whole."""
    try:
        facts = json.loads((folder / "facts.json").read_bytes())
        directory = (folder / "directory").read_bytes()
        if (folder / "body").stat().st_size != facts["length"]:
            return None
        os.utime(folder)
    except (OSError, ValueError, KeyError):
        return None
    return Bundle(
        Prefix(folder / "body", facts["length"], directory, facts["members"]),
        frozenset(facts["names"]),
        facts["folders"],
        tuple(facts["matched"]),
    )


def _put(entry: Path, folder: Path) -> None:
    """Give `entry` its final name, unless another process was faster with the same bytes."""
    import shutil

    if _read(folder) is None:
        shutil.rmtree(folder, ignore_errors=True)
        try:
            entry.rename(folder)
        except OSError:
            if _read(folder) is None:
                raise


@contextmanager
def _workshop(parent: Path) -> Iterator[Path]:
    import shutil

    folder = temporary_name(parent)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make(recipe: Recipe, root: Path, workshop: Path, reporter: Reporter) -> None:
    """Install, select, compile and compress; the bundle is then in the folder `entry` of `workshop`."""
    include, exclude = Patterns(recipe.include), Patterns(recipe.exclude)
    installed = workshop / "installed"
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
    check_unzipped(folder_sizes((file.name, file.size) for file in files))
    files = sorted((file._replace(name=prefix + file.name) for file in files), key=_name)
    with reporter.step("compressing dependencies"):
        base = "/opt/" if recipe.layer else "/var/task/"
        pieces = make_pieces(files, recipe.interpreter, base)
    with _removing(installed):
        _write(workshop / "entry", pieces, prefix, (*include.matched, *exclude.matched))


@contextmanager
def _removing(folder: Path) -> Iterator[None]:
    """Remove `folder` while the block runs: thousands of files take as long as to write what was made of them."""
    import shutil

    thread = Thread(target=shutil.rmtree, args=(folder,), kwargs={"ignore_errors": True})
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _name(file: File) -> str:
    return file.name


def _write(entry: Path, pieces: list[Piece], prefix: str, matched: Iterable[str]) -> None:
    entry.mkdir()
    joined = join(pieces)
    sizes = [(name.removeprefix(prefix), size) for name, size in pieces_sizes([joined])]
    (entry / "body").write_bytes(joined.body)
    (entry / "directory").write_bytes(joined.directory)
    facts = {
        "length": len(joined.body),
        "members": joined.members,
        "names": [name for name, _ in sizes],
        "folders": folder_sizes(sizes),
        "matched": sorted(matched),
    }
    (entry / "facts.json").write_text(json.dumps(facts))

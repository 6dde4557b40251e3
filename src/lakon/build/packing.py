"""Archives of what is not Python: its files, and for a managed runtime the part of Lakon that starts it."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from lakon import interpreters
from lakon.build.archive import COMPRESSOR, Archive, write_archive
from lakon.build.bundles import Recipe, bundle_for, shipped_files
from lakon.build.disk import told_plainly, write_atomically
from lakon.build.pieces import OwnFiles
from lakon.build.selection import File
from lakon.exceptions import BuildError
from lakon.settings import cache_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakon.build.tool import Platform
    from lakon.report import Reporter

_ALWAYS = ("__init__.py", "runtime/__init__.py", "runtime/child.py", "runtime/raw.py")
STARTERS = {
    "sidecar": ("runtime/sidecar.py",),
    "inprocess": ("runtime/inprocess.py", "runtime/golibrary.py"),
    "web": ("runtime/web.py", "runtime/webclient.py", "runtime/http/"),
}
"""What of Lakon each starter is made of, relative to `lakon/`."""


def pack(
    files: Sequence[File],
    output: Path,
    reporter: Reporter,
    *,
    starter: tuple[str, Platform] | None = None,
    cache: Path | None = None,
) -> Archive:
    """Pack `files` into `<sha256>.zip` in the folder `output`; with a starter of Lakon's and the Python it runs under.

    Files are known by path, size and time of change: what has not changed is not packed again. Raises BuildError.
    """
    kept = (cache or cache_folder()) / "build"
    with told_plainly("pack the program", output):
        recipe = _recipe(*starter, kept) if starter else None
        key = hashlib.sha256("\n".join([COMPRESSOR, recipe.digest() if recipe else "", *map(_state, files)]).encode())
        answer = kept / "answers" / f"{key.hexdigest()}.json"
        known = _recall(answer, output)
        if known:
            return known
        bundle = bundle_for(recipe, output, kept, reporter) if recipe else None
        own = OwnFiles(files, None, "")
        archive = write_archive(
            output,
            bundle.prefix if bundle else None,
            lambda: own.pieces(kept),
            folders=bundle.folders if bundle else {},
            beside={},
        )
        write_atomically(answer, json.dumps([archive.digest, archive.size, archive.unpacked, archive.largest]).encode())
        return archive


def program_file(name: str, path: Path) -> File:
    """A program or shared library that stands in an archive under `name`."""
    return File(name, path, True, path.stat().st_size)


def folder_files(folder: Path, place: str) -> list[File]:
    """All files of a folder, those with names that begin with a dot left out, under their names relative to it.

    BuildError that names `place`, where it was declared, when there is no such folder or nothing in it.
    """
    found = []
    for parent, inner, names in os.walk(folder):
        inner[:] = sorted(name for name in inner if not name.startswith(".") and name != "__pycache__")
        for name in sorted(names):
            path = Path(parent, name)
            if not name.startswith(".") and path.is_file():
                facts = path.stat()
                executable = bool(facts.st_mode & 0o100)
                found.append(File(path.relative_to(folder).as_posix(), path, executable, facts.st_size))
    if not found:
        raise BuildError(
            f"there is no folder {folder} with files in it",
            where=place,
            hint="source= names the folder of a server, relative to the file that declares it.",
        )
    return sorted(found)


def _state(file: File) -> str:
    facts = file.path.stat()
    return f"{file.name} {file.executable} {file.path} {facts.st_size} {facts.st_mtime_ns}"


def _recipe(starter: str, platform: Platform, cache: Path) -> Recipe:
    wanted = tuple(f"lakon/{name}" for name in (*_ALWAYS, *STARTERS[starter]))
    shipped = tuple(file for file in shipped_files() if file.name.startswith(wanted))
    interpreter = interpreters.find(platform.python, cache / "interpreters")
    return Recipe(None, platform, (), (), False, interpreter, shipped)


def _recall(answer: Path, output: Path) -> Archive | None:
    try:
        digest, size, unpacked, folders = json.loads(answer.read_bytes())
        path = output / f"{digest}.zip"
        if path.stat().st_size != size:
            return None
    except (OSError, ValueError):
        return None
    return Archive(path, digest, size, unpacked, tuple((name, big) for name, big in folders))

"""What goes into an archive: the rules for a project's own files and for what wheels carry."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lakon.build.output import is_output
from lakon.exceptions import BuildError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from lakon.build.patterns import Patterns

ANYWHERE_LEFT_OUT = (
    ".*",
    "__pycache__",
    "*.pyc",
    "*.pyo",
    "tests",
    "test_*.py",
    "*_test.py",
    "conftest.py",
    "node_modules",
    "*.egg-info",
    "*.log",
    "nohup.out",
    "*.go",
    "go.mod",
    "go.sum",
)
"""Names, files or folders, that are left out wherever they stand in a project; virtual environments
(folders with a `pyvenv.cfg`), the output folder and those of earlier builds are left out too."""

ROOT_LEFT_OUT = (
    "build",
    "dist",
    "cdk.out",
    "venv",
    "pyproject.toml",
    "uv.lock",
    "uv.toml",
    "poetry.lock",
    "Pipfile",
    "Pipfile.lock",
    "requirements*.txt",
    "setup.py",
    "setup.cfg",
    "tox.ini",
    "noxfile.py",
    "pytest.ini",
    "Makefile",
    "Dockerfile",
    "README*",
    "CHANGELOG*",
    "CONTRIBUTING*",
    "LICENSE*",
)
"""Names that are left out where they stand at the top of a project: they make it, and are not read by it."""

WHEELS_LEFT_OUT = (
    r"bin/.*",  # console scripts: nobody calls them, and they name an interpreter of this machine
    r"(?:.*/)?__pycache__/.*",
    r".*\.py[iocd]",
    r".*\.(?:a|lib|pxd|pxi|pyx)",
    r"[^/]+\.dist-info/(?:RECORD|INSTALLER|REQUESTED|direct_url\.json|uv_cache\.json|uv_build\.json)",
    r"(?:.*/)?tests/(?:.*/)?(?:test_[^/]*|conftest)\.py",
    r"(?:.*/)?tests/(?:.*/)?[^/]*(?<!\.py)",  # helpers stay: numpy.testing imports one out of numpy/_core/tests
    r"\.lock",
)
"""What wheels carry and Lambda never reads, as regular expressions over whole names. METADATA,
entry_points.txt and licences stay, so `importlib.metadata` works. An `include` pattern brings a file back."""


class File(NamedTuple):
    """One file that goes in: its `name` in the archive, where it is, and its bytes as they were counted."""

    name: str
    path: Path
    executable: bool
    size: int


def project_files(
    root: Path, output: Path, include: Patterns, exclude: Patterns, others: Collection[Path] = ()
) -> list[File]:
    """Select the files of the project at `root`, sorted by name; what stands in `src/` goes to the top.

    What stands in the folders `others` belongs to programs in other languages, and is left out unless it is included.
    Symbolic links are followed. Raises BuildError for broken ones, and for two files of the same name.
    """
    sources = root / "src"
    flat = sources.is_dir() and not (sources / "__init__.py").exists()
    found: dict[str, File] = {}
    walk = _Walk(output.resolve(), include, exclude, frozenset(others))
    for relative, entry in walk.files(root, "", False, frozenset()):
        name = relative.removeprefix("src/") if flat else relative
        if name in found:
            raise BuildError(
                f"two files would both be {name} in the archive",
                where=f"{found[name].path} and {entry.path}",
                hint="What stands in src/ goes to the top of the archive. Rename one, or `exclude` it.",
            )
        _check_name(name)
        facts = entry.stat()
        found[name] = File(name, Path(entry.path), bool(facts.st_mode & 0o100), facts.st_size)
    return [found[name] for name in sorted(found)]


def _check_name(name: str) -> None:
    try:
        readable = name.encode() and name.isprintable()
    except UnicodeEncodeError:
        readable = False
    if not readable:
        raise BuildError(
            "the name of a file is not printable UTF-8",
            where=ascii(name),
            hint="Rename it, or `exclude` it.",
        )


class _Walk:
    def __init__(self, output: Path, include: Patterns, exclude: Patterns, others: frozenset[Path]) -> None:
        self.output = output
        self.others = others
        self.include = include
        self.exclude = exclude

    def files(
        self, folder: Path, prefix: str, left_out: bool, above: frozenset[str]
    ) -> Iterator[tuple[str, os.DirEntry[str]]]:
        """Yield name and entry of the files in `folder`; of those that a rule leaves out, only the included."""
        real = os.path.realpath(folder)
        if real in above:
            return
        with os.scandir(folder) as entries:
            ordered = sorted(entries, key=lambda entry: entry.name)
        names = {entry.name for entry in ordered}
        made = "pyvenv.cfg" in names or bool(prefix and "manifest.json" in names and is_output(folder))
        for entry in ordered:
            name = prefix + entry.name
            out = left_out or made or self._ruled_out(entry.name, prefix)
            if entry.is_dir():
                out = out or Path(entry.path) in self.others
                if (not out or self.include.names_folder(name)) and Path(entry.path) != self.output:
                    yield from self.files(Path(entry.path), name + "/", out, above | {real})
            elif self._wanted(name, out):
                if entry.is_file():
                    yield name, entry
                elif entry.is_symlink():
                    raise BuildError("a symbolic link leads nowhere", where=name, hint="Mend it, or `exclude` it.")

    def _ruled_out(self, name: str, prefix: str) -> bool:
        return _has_shape(name, ANYWHERE_LEFT_OUT) or (not prefix and _has_shape(name, ROOT_LEFT_OUT))

    def _wanted(self, name: str, left_out: bool) -> bool:
        included = self.include.match(name)
        return (included or not left_out) and not self.exclude.match(name)


def _has_shape(name: str, shapes: Iterable[str]) -> bool:
    """Whether `name` is one of `shapes`, each with at most one `*`."""
    for shape in shapes:
        head, star, tail = shape.partition("*")
        if name == head or (star and name.startswith(head) and name.endswith(tail) and len(name) >= len(shape) - 1):
            return True
    return False


def wheel_files(installed: Path, include: Patterns, exclude: Patterns) -> Iterable[File]:
    """Select what installed wheels in the folder `installed` bring into an archive, by WHEELS_LEFT_OUT."""
    import re

    left_out = re.compile("|".join(WHEELS_LEFT_OUT))
    for folder, _, files in os.walk(installed):
        prefix = Path(folder).relative_to(installed).as_posix() + "/"
        for file in files:
            name = file if prefix == "./" else prefix + file
            included = include.match(name)
            if (included or not left_out.fullmatch(name)) and not exclude.match(name):
                path = Path(folder, file)
                facts = path.stat()
                yield File(name, path, bool(facts.st_mode & 0o100), facts.st_size)

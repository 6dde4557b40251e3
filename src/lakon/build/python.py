"""Build a Python project: `build_python` turns its sources and dependencies into archives for Lambda."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lakon import interpreters
from lakon.build.archive import Archive, check_unzipped, folder_sizes, write_archive
from lakon.build.bundles import Bundle, Recipe, bundle_for, shipped_files
from lakon.build.disk import told_plainly, write_atomically
from lakon.build.patterns import Patterns
from lakon.build.pieces import OwnFiles
from lakon.build.requirements import read_requirements
from lakon.build.selection import project_files
from lakon.exceptions import BuildError
from lakon.settings import cache_folder

if TYPE_CHECKING:
    from pathlib import Path

    from lakon.build.archive import Piece
    from lakon.build.selection import File
    from lakon.build.tool import Platform
    from lakon.report import Reporter

_TASK = "/var/task/"


@dataclass(frozen=True, slots=True)
class PythonSource:
    """A project to build.

    `root` holds the program, and beside it `uv.lock` and `pyproject.toml`, or `requirements.txt`. `include` and
    `exclude` are glob patterns relative to `root`; for what dependencies bring, relative to the archive. What
    `exclude` matches never goes in. `layer` puts dependencies and Lakon into a layer archive of their own. `others` are
    the folders of programs in other languages, which stay out; `more` are files that go in beside the project's.
    """

    root: Path
    platform: Platform
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    layer: bool = False
    others: tuple[Path, ...] = ()
    more: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True)
class PythonBuild:
    """What came out: the function's code, and the layer when one was asked for."""

    code: Archive
    layer: Archive | None


def build_python(source: PythonSource, output: Path, reporter: Reporter, *, cache: Path | None = None) -> PythonBuild:
    """Build `source` into `<sha256>.zip` files in the folder `output`, which is made when missing.

    `cache` keeps what can be made again, by default in Lakon's cache folder. The same sources give the same
    bytes; what has not changed is not made again. Raises BuildError.
    """
    kept = (cache or cache_folder()) / "build"
    with told_plainly("build the project", source.root):
        return _Build(source, output, reporter, kept).run()


class _Build:
    def __init__(self, source: PythonSource, output: Path, reporter: Reporter, cache: Path) -> None:
        self.source = replace(source, root=source.root.resolve())
        self.output = output
        self.reporter = reporter
        self.cache = cache
        self.interpreter = interpreters.find(source.platform.python, cache / "interpreters")

    def run(self) -> PythonBuild:
        """Answer from what is kept when nothing has changed, else make the archives."""
        include, exclude = Patterns(self.source.include), Patterns(self.source.exclude)
        files = project_files(self.source.root, self.output, include, exclude, self.source.others)
        files = sorted([*files, *self.source.more])
        check_unzipped(folder_sizes((file.name, file.size) for file in files))
        own = OwnFiles(files, self.interpreter, _TASK)
        recipe = self._recipe()
        answer = self.cache / "answers" / f"{_sum(recipe.digest(), own.digest())}.json"
        known = _recall(answer, self.output)
        if known:
            return known
        self._say_without_byte_code()
        bundle = bundle_for(recipe, self.source.root, self.cache, self.reporter)
        _check_matched(include, exclude, bundle)
        _check_names(own, bundle)
        build = self._assemble(own, bundle)
        write_atomically(answer, _remembered(build))
        _tidy(self.cache)
        return build

    def _recipe(self) -> Recipe:
        return Recipe(
            read_requirements(self.source.root, self.cache),
            self.source.platform,
            self.source.include,
            self.source.exclude,
            self.source.layer,
            self.interpreter,
            shipped_files(),
        )

    def _say_without_byte_code(self) -> None:
        if self.interpreter is None:
            python = self.source.platform.python
            self.reporter.note(
                f"no Python {python} on this machine: the archive carries no byte code, and the function starts "
                f"slower; `uv python install {python}` helps"
            )

    def _assemble(self, own: OwnFiles, bundle: Bundle) -> PythonBuild:
        def pieces() -> list[Piece]:
            return own.pieces(self.cache)

        if not self.source.layer:
            return PythonBuild(
                write_archive(self.output, bundle.prefix, pieces, folders=bundle.folders, beside={}), None
            )
        code = write_archive(self.output, None, pieces, folders={}, beside=bundle.folders)
        layer = write_archive(self.output, bundle.prefix, list, folders=bundle.folders, beside={})
        return PythonBuild(code, layer)


def _tidy(cache: Path) -> None:
    from lakon.build.tidy import tidy

    tidy(cache)


def _sum(*digests: str) -> str:
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def _check_matched(include: Patterns, exclude: Patterns, bundle: Bundle) -> None:
    for option, patterns in (("include", include), ("exclude", exclude)):
        for pattern in patterns.unmatched(bundle.matched):
            raise BuildError(
                f"the {option} pattern {pattern!r} matches nothing",
                hint="Patterns are relative to the project's folder; `**` crosses folders. A folder that is left "
                "out by default comes back when a pattern names it: `tests/data/**`, not `**/data/**`.",
            )


def _check_names(own: OwnFiles, bundle: Bundle) -> None:
    for name in sorted(own.names & bundle.names):
        raise BuildError(
            f"the project and a dependency both bring {name}",
            where=name,
            hint="Rename the project's file; an `exclude` pattern would leave out both.",
        )


def _recall(answer: Path, output: Path) -> PythonBuild | None:
    """Read what a build of the same input made, when its archives still stand in `output`."""
    try:
        known = json.loads(answer.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    archives: list[Archive | None] = []
    for facts in known:
        if facts is None:
            archives.append(None)
            continue
        digest, size, unpacked, folders = facts
        path = output / f"{digest}.zip"
        if not path.is_file() or path.stat().st_size != size:
            return None
        archives.append(Archive(path, digest, size, unpacked, tuple((name, big) for name, big in folders)))
    code, layer = archives
    return PythonBuild(code, layer) if code else None


def _remembered(build: PythonBuild) -> bytes:
    facts = [
        archive and (archive.digest, archive.size, archive.unpacked, archive.largest)
        for archive in (build.code, build.layer)
    ]
    return json.dumps(facts).encode()

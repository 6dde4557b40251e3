"""What the tests of this room share: a project to build, and a reporter that remembers."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest

from lakon.build.python import PythonBuild, PythonSource, build_python
from lakon.build.tool import Platform
from lakon.report import Silent, Step

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lakon.build.archive import Archive

RUNNING = f"{sys.version_info[0]}.{sys.version_info[1]}"


def names(archive: Archive | None) -> list[str]:
    assert archive is not None
    return ZipFile(archive.path).namelist()


class Remembering(Silent):
    """Keeps what was said."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.notes: list[str] = []

    @contextmanager
    def step(self, what: str) -> Iterator[Step]:
        self.steps.append(what)
        with super().step(what) as step:
            yield step

    def note(self, text: str) -> None:
        self.notes.append(text)


class Project:
    """A folder with a program in it, and a cache and an output folder beside it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        self.output = folder / "output"
        self.cache = folder / "cache"
        self.reporter = Remembering()
        self.write("app.py", "VALUE = 1\n")

    def write(self, name: str, text: str | bytes = "") -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def build(
        self,
        *,
        include: tuple[str, ...] = (),
        exclude: tuple[str, ...] = (),
        layer: bool = False,
        python: str = RUNNING,
        architecture: str = "x86_64",
        host: bool = False,
    ) -> PythonBuild:
        platform = Platform(python, architecture, host)
        source = PythonSource(self.root, platform, include, exclude, layer)
        return build_python(source, self.output, self.reporter, cache=self.cache)

    def own_names(self, include: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> list[str]:
        """Return the project's own files in the archive, byte code and Lakon's part left aside."""
        names = ZipFile(self.build(include=include, exclude=exclude).code.path).namelist()
        return [name for name in names if not name.startswith("lakon/") and "__pycache__" not in name]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)

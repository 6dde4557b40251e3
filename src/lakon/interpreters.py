"""The Python interpreters of this machine: what archives are compiled with, and what functions run under locally."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from lakon.settings import cache_folder

RUNNING = f"{sys.version_info[0]}.{sys.version_info[1]}"
_ASK = (
    "import sys; print(sys.implementation.name, *sys.version_info[:2], sep='.'); "
    "print(sys.executable); print(sys.version)"
)


class Interpreter(NamedTuple):
    """A CPython of this machine: its program, and all that it says of its version."""

    program: str
    version: str

    def tag(self) -> str:
        """Return the tag that its byte code carries in file names: `cpython-313`."""
        major, minor = self.version.split(maxsplit=1)[0].split(".")[:2]
        return f"cpython-{major}{minor}"


def find(python: str, memory: Path | None = None) -> Interpreter | None:
    """Find an interpreter of the version `python` ("3.13"): the running one, on PATH, pyenv's, or managed by uv.

    None is downloaded. What was found, or that nothing was, is remembered in the folder `memory` (by default in
    Lakon's cache) until one of the places where interpreters are looked for changes.
    """
    if python == RUNNING and sys.implementation.name == "cpython":
        return Interpreter(_base_program(), sys.version)
    note = (memory or cache_folder() / "interpreters") / f"{python}.txt"
    seen = _places_state()
    try:
        known, program, version = note.read_text().split("\n", 2)
        if known == seen and (not program or Path(program).exists()):
            return Interpreter(program, version) if program else None
    except (OSError, ValueError):
        pass
    found = _search(python)
    _remember(note, "\n".join((seen, found.program, found.version) if found else (seen, "", "")))
    return found


def for_this_machine(python: str) -> str:
    """The version that code declared for `python` runs under here: that one where it is installed, else our own."""
    return python if find(python) else RUNNING


def _base_program() -> str:
    """The running interpreter itself, not that of the virtual environment it may run in."""
    named = Path(sys.base_prefix) / "bin" / f"python{RUNNING}"
    return str(named) if named.exists() else sys.executable


def _remember(note: Path, text: str) -> None:
    with suppress(OSError):  # a cache that cannot be written: it is looked for again the next time
        note.parent.mkdir(parents=True, exist_ok=True)
        part = note.with_suffix(f".{os.getpid()}")
        part.write_text(text)
        part.replace(note)


def _pyenv_versions() -> Path:
    return Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"


def _places_state() -> str:
    """Return a digest of PATH, its folders' times of change, and the folders of pyenv and uv."""
    import hashlib

    folders = os.environ.get("PATH", "").split(os.pathsep)
    folders.append(os.environ.get("UV_PYTHON_INSTALL_DIR") or str(Path.home() / ".local/share/uv/python"))
    folders.append(str(_pyenv_versions()))
    state = []
    for folder in folders:
        try:
            state.append(f"{folder}:{Path(folder).stat().st_mtime_ns}")
        except OSError:
            state.append(folder)
    return hashlib.sha256("\n".join(state).encode("utf-8", "surrogateescape")).hexdigest()


def _search(python: str) -> Interpreter | None:
    import shutil

    for folder in os.environ.get("PATH", "").split(os.pathsep):
        program = shutil.which(f"python{python}", path=folder)
        found = _asked(program, python) if program else None
        if found:
            return found
    for place in sorted(_pyenv_versions().glob(f"{python}.*"), reverse=True):
        found = _asked(str(place / "bin" / f"python{python}"), python)
        if found:
            return found
    return _managed_by_uv(python)


def _managed_by_uv(python: str) -> Interpreter | None:
    import subprocess

    import uv

    try:
        find = [uv.find_uv_bin(), "python", "find", "--managed-python", "--no-python-downloads", "--no-project"]
        asked = subprocess.run([*find, python], capture_output=True, text=True, check=True)  # noqa: S603 - uv's own
    except (OSError, subprocess.CalledProcessError):
        return None
    return _asked(asked.stdout.strip(), python)


def _asked(program: str, python: str) -> Interpreter | None:
    """What a program says of itself, if it is the Python wanted; a shim becomes what it stands for."""
    import subprocess

    try:
        answer = subprocess.run(  # noqa: S603 - a Python that the user's PATH names
            [program, "-I", "-S", "-c", _ASK], capture_output=True, text=True, check=True, timeout=20
        )
    except (OSError, subprocess.SubprocessError):
        return None
    name, real, version = [*answer.stdout.split("\n", 2), "", ""][:3]
    return Interpreter(real, version.strip()) if name == f"cpython.{python}" and real else None

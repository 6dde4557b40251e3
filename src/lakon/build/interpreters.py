"""Interpreters of this machine: finding the one of a wanted version, and byte code from it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lakon.build.disk import write_atomically
from lakon.exceptions import BuildError

if TYPE_CHECKING:
    from collections.abc import Sequence

_COMPILER = Path(__file__).with_name("compiler.py")
_ASK = "import sys; print(sys.implementation.name, *sys.version_info[:2], sep='.'); print(sys.version)"


class Interpreter(NamedTuple):
    """A CPython of this machine: its program, and all that it says of its version."""

    program: str
    version: str

    def tag(self) -> str:
        """Return the tag that its byte code carries in file names: `cpython-313`."""
        major, minor = self.version.split(maxsplit=1)[0].split(".")[:2]
        return f"cpython-{major}{minor}"


class Mistake(NamedTuple):
    """Why a source cannot be compiled: line and column count from 1; column 0 is unknown."""

    line: int
    column: int
    message: str
    text: str


def find_interpreter(python: str, memory: Path) -> Interpreter | None:
    """Find an interpreter of the version `python` ("3.13"): the running one, one on PATH, one that uv manages.

    What was found, or that nothing was, is remembered in the folder `memory` until a folder of PATH changes.
    """
    if python == f"{sys.version_info[0]}.{sys.version_info[1]}" and sys.implementation.name == "cpython":
        return Interpreter(sys.executable, sys.version)
    note = memory / f"{python}.txt"
    seen = _search_path_state()
    try:
        known, program, version = note.read_text().split("\n", 2)
        if known == seen and (not program or Path(program).exists()):
            return Interpreter(program, version) if program else None
    except (OSError, ValueError):
        pass
    found = _search(python)
    told = (seen, found.program, found.version) if found else (seen, "", "")
    write_atomically(note, "\n".join(told).encode())
    return found


def _search_path_state() -> str:
    """Return a digest of PATH, its folders' times of change, and uv's folder of interpreters."""
    import hashlib

    folders = os.environ.get("PATH", "").split(os.pathsep)
    folders.append(os.environ.get("UV_PYTHON_INSTALL_DIR") or str(Path.home() / ".local/share/uv/python"))
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
    return _managed_by_uv(python)


def _managed_by_uv(python: str) -> Interpreter | None:
    import subprocess

    import uv

    try:
        find = [uv.find_uv_bin(), "python", "find", "--managed-python", "--no-python-downloads", "--no-project"]
        asked = subprocess.run([*find, python], capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return None
    return _asked(asked.stdout.strip(), python)


def _asked(program: str, python: str) -> Interpreter | None:
    import subprocess

    try:
        answer = subprocess.run(  # noqa: S603 - a Python that the user's PATH names
            [program, "-I", "-S", "-c", _ASK], capture_output=True, text=True, check=True, timeout=20
        )
    except (OSError, subprocess.SubprocessError):
        return None
    name, _, version = answer.stdout.partition("\n")
    return Interpreter(program, version.strip()) if name == f"cpython.{python}" else None


def compile_sources(interpreter: Interpreter, sources: Sequence[tuple[str, bytes]]) -> list[bytes | Mistake]:
    """Compile `sources` (the file name that the code shall tell, and the text) in a process of their own.

    A fresh process with a fixed hash seed: the same source gives the same byte code, whoever compiles it.
    Raises BuildError when the process fails.
    """
    import subprocess

    if not sources:
        return []
    command = [interpreter.program, "-S", "-s", "-W", "ignore", "-X", "utf8", str(_COMPILER)]
    asked = b"".join(b"%d %s\n%s" % (len(source), name.encode(), source) for name, source in sources)
    environment = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    for needed in ("SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):
        if needed in os.environ:
            environment[needed] = os.environ[needed]
    try:
        answer = subprocess.run(  # noqa: S603 - the interpreter found above, our own script
            command,
            input=asked,
            capture_output=True,
            check=True,
            env=environment,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        told = error.stderr.decode(errors="replace") if isinstance(error, subprocess.CalledProcessError) else ""
        raise BuildError(f"byte code could not be compiled: {error}", where=" ".join(command), detail=told) from error
    return list(_answers(answer.stdout))


def _answers(stream: bytes) -> list[bytes | Mistake]:
    answers: list[bytes | Mistake] = []
    at = 0
    while at < len(stream):
        length = int.from_bytes(stream[at + 1 : at + 9], "little")
        payload = stream[at + 9 : at + 9 + length]
        answers.append(payload if stream[at : at + 1] == b"c" else _mistake(payload))
        at += 9 + length
    return answers


def _mistake(payload: bytes) -> Mistake:
    line, column, message, text = payload.decode().split("\n", 3)
    return Mistake(int(line), int(column), message, text)

"""Byte code, from an interpreter of the version that it is for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lakon.exceptions import BuildError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakon.interpreters import Interpreter

_COMPILER = Path(__file__).with_name("compiler.py")


class Mistake(NamedTuple):
    """Why a source cannot be compiled: line and column count from 1; column 0 is unknown."""

    line: int
    column: int
    message: str
    text: str


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

"""debugpy for functions: installed when it is asked for, in Lakon's cache, never in an archive."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from lakon import interpreters
from lakon.local import debugged, installs
from lakon.settings import cache_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

DEBUGPY = "debugpy==1.8.22"


def installed(python: str) -> bool:
    """Whether `wrapper` has nothing to install for a Python version."""
    return (_folder(python) / "bin" / "python").exists()


def wrapper(place: Path, python: str, port: int, sources: Sequence[Path]) -> Path:
    """A program at `place` that starts the runtime it is given under a debugger, as AWS_LAMBDA_EXEC_WRAPPER does.

    It listens on the loopback `port`. `python` is the version that the function runs under ("3.13"); `sources` are the
    folders from which the project's modules are imported. LocalError when debugpy cannot be installed.
    """
    found = interpreters.find(python)
    base = Path(found.program) if found else installs.base_python()
    installs.ensure_environment(_folder(python), base, [DEBUGPY])
    [packages] = (_folder(python) / "lib").glob("python*/site-packages")
    words = shlex.join([debugged.__file__, str(packages), str(port), ":".join(map(str, sources))])
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(f'#!/bin/sh\nprogram="$1"\nshift\nexec "$program" -X frozen_modules=off {words} "$@"\n')
    place.chmod(0o755)
    return place


def _folder(python: str) -> Path:
    return cache_folder() / "debugger" / f"{DEBUGPY.replace('==', '-')}-python{python}"

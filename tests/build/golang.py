"""Go programs for the tests of this room, built for real. What Go compiles stays in Go's own cache, as for users."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from lakon.build.golang.building import build_go
from lakon.build.golang.sources import GoSource
from lakon.build.golang.system import lambda_system
from lakon.settings import cache_folder

from .conftest import Remembering

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lakon.build.golang.sources import Form

CACHE = cache_folder() / "tests" / "golang"
MODULE = "github.com/lakon/lakon-go"
AWS = "github.com/aws/aws-lambda-go"

MACHINES = {"x86_64": 62, "arm64": 183}
"""What an ELF file says that it is for."""

PRINT = 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Print(%s) }\n'
HELLO = """package main

import "github.com/lakon/lakon-go/lambda"

func main() { lambda.Start(func(name string) (string, error) { return "hello " + name, nil }) }
"""


def needs_go() -> None:
    """Skip where Go does not run."""
    if shutil.which("go") is None or subprocess.run(["go", "version"], capture_output=True, check=False).returncode:
        pytest.skip("go is not installed")


def go_mod(name: str, more: str = "", *, ours: bool = True) -> str:
    return f"module example.com/{name}\n\ngo 1.21\n" + (f"\nrequire {MODULE} v0.1.0\n" if ours else "") + more


def kept(files: Mapping[str, str]) -> GoProject:
    """A project that stays where it is, for who needs only what comes of it: built once for many runs."""
    digest = hashlib.sha256("\0".join(f"{name}\0{files[name]}" for name in sorted(files)).encode()).hexdigest()
    root = CACHE / "projects" / digest[:16]
    root.parent.mkdir(parents=True, exist_ok=True)
    with (CACHE / "projects.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the other test worker may be at it
        if not root.exists():
            making = root.with_name(f"{root.name}.making")
            shutil.rmtree(making, ignore_errors=True)
            GoProject(making).write(files)
            making.rename(root)
    return GoProject(root)


class GoProject:
    """A folder of Go files."""

    def __init__(self, root: Path) -> None:
        needs_go()
        self.root = root.resolve()
        self.reporter = Remembering()

    def write(self, files: Mapping[str, str]) -> GoProject:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return self

    def source(
        self,
        folder: str = ".",
        form: Form = "program",
        *,
        architecture: str = "x86_64",
        host: bool = False,
        tags: tuple[str, ...] = (),
    ) -> GoSource:
        system = lambda_system(architecture, host=host)
        return GoSource((self.root / folder).resolve(), form, system, tags, "app.py:3")

    def build(self, *sources: GoSource) -> list[Path]:
        asked = sources or (self.source(),)
        made = build_go(asked, self.reporter, cache=CACHE)
        return [made[source] for source in asked]

    def run(self, source: GoSource) -> str:
        """What the program prints on this machine."""
        [made] = self.build(source)
        made.chmod(0o755)
        return subprocess.run([made], capture_output=True, text=True, check=True).stdout

    def state(self) -> dict[str, tuple[int, str]]:
        """Every file with its time of change and its content, and every folder."""
        return {
            str(path.relative_to(self.root)): (
                (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest()) if path.is_file() else (0, "")
            )
            for path in sorted(self.root.rglob("*"))
        }

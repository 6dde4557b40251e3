"""Handlers that `lambda.Start` would refuse when the program starts, found while it is built.

A small Go program (`checker/`) reads the types. It is made once for each Go, and kept.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lakon.build.disk import temporary_name
from lakon.build.golang.listing import objects
from lakon.build.golang.system import this_machine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lakon.build.golang.listing import Local
    from lakon.build.golang.toolchain import Toolchain

_SOURCE = Path(__file__).parent / "checker"
_FIELDS = "ImportPath,Export"


class WrongHandler(NamedTuple):
    """A handler that cannot be: where it stands, what is wrong with it, and what to write instead."""

    file: str
    line: int
    what: str
    hint: str


class Checker:
    """The checker for one Go, kept in `folder`."""

    def __init__(self, go: Toolchain, folder: Path) -> None:
        self._go = go
        source = b"".join(file.read_bytes() for file in sorted(_SOURCE.iterdir()))
        name = hashlib.sha256(go.version.encode() + source).hexdigest()[:16]
        self._program = folder / f"checker-{name}"

    def make(self) -> None:
        """Have the program, made now when it is not kept. OSError where Go cannot make it."""
        if self._program.exists():
            return
        made = temporary_name(self._program.parent)
        system = this_machine()
        environment = {
            "GOOS": system.name,
            "GOARCH": system.machine,
            "CGO_ENABLED": "0",
            "GOWORK": "off",
            "GOFLAGS": "",
        }
        done = self._go.run(["build", "-trimpath", "-buildvcs=false", "-o", str(made), "."], _SOURCE, environment)
        if done.returncode:
            raise OSError(f"Go cannot build {_SOURCE}: {done.stderr}")
        made.replace(self._program)

    def check(
        self, packages: Iterable[Local], folder: Path, flags: Sequence[str], environment: Mapping[str, str]
    ) -> list[WrongHandler]:
        """The wrong handlers in `packages`, whose files lie where they are told to. Go need not have built them.

        `flags` and `environment` are those of their build, which compiles what they import but once.
        """
        self.make()
        packages = list(packages)
        imported = sorted({name for package in packages for name in package.imports})
        arguments = ["list", "-e", "-export", f"-json={_FIELDS}", *flags, *imported]
        listed = self._go.run(arguments, folder, environment).stdout if imported else ""
        told = {
            "Exports": {each["ImportPath"]: each["Export"] for each in objects(listed) if each.get("Export")},
            "Packages": [{"ImportPath": package.import_path, "Files": package.files} for package in packages],
        }
        done = subprocess.run(  # noqa: S603 - our own program
            [self._program], input=json.dumps(told), capture_output=True, encoding="utf-8", check=True
        )
        return [
            WrongHandler(each["File"], each["Line"], each["What"], each["Hint"]) for each in json.loads(done.stdout)
        ]

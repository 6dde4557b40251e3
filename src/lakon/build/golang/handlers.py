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
from lakon.build.golang.toolchain import this_machine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lakon.build.golang.toolchain import Toolchain

_SOURCE = Path(__file__).parent / "checker"
_FIELDS = "ImportPath,Dir,GoFiles,CgoFiles,Export,DepOnly"


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
        self,
        packages: Sequence[str],
        folder: Path,
        flags: Sequence[str],
        environment: Mapping[str, str],
        overlay: Mapping[str, str],
    ) -> list[WrongHandler]:
        """The wrong handlers in `packages`, which were built with the same flags. `overlay` is what Go sees instead."""
        self.make()
        listed = self._go.run(["list", "-export", "-deps", f"-json={_FIELDS}", *flags, *packages], folder, environment)
        every = list(objects(listed.stdout))
        told = {
            "Exports": {each["ImportPath"]: each["Export"] for each in every if each.get("Export")},
            "Packages": [
                {"ImportPath": each["ImportPath"], "Files": [overlay.get(file, file) for file in _files(each)]}
                for each in every
                if each["ImportPath"] in packages
            ],
        }
        done = subprocess.run(  # noqa: S603 - our own program
            [self._program], input=json.dumps(told), capture_output=True, encoding="utf-8", check=True
        )
        found = [
            WrongHandler(each["File"], each["Line"], each["What"], each["Hint"]) for each in json.loads(done.stdout)
        ]
        seen = {made: shown for shown, made in overlay.items()}
        return [each._replace(file=seen.get(each.file, each.file)) for each in found]


def _files(package: Mapping[str, object]) -> list[str]:
    files = [*(package.get("GoFiles") or []), *(package.get("CgoFiles") or [])]  # type: ignore[misc]  # lists of names
    return [str(Path(str(package["Dir"]), file)) for file in files]

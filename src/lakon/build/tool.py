"""uv as a child process: its command line, its failures, its words."""

from __future__ import annotations

import errno
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lakon.exceptions import BuildError
from lakon.settings import storage_hint

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence

_NO_WHEEL = (
    r"Wheels are required for `([^`]+)`",
    r"Building source distributions is disabled, but attempted to build `([^`]+)`",
    r"Building source distributions for `([^`]+)` is disabled",
    r"distribution `([\w.-]+)[^`]*` can't be installed because it doesn't have",
    r"([\w.-]+)(?:==\S+)? has no (?:usable )?wheels",
)
"""How uv 0.9 to 0.13 says that a package has no wheel for the target."""


@dataclass(frozen=True, slots=True)
class Platform:
    """What an archive must run on: Python's minor version ("3.13") and Lambda's word for the architecture.

    `host` asks for wheels of this machine instead, for the embedded AWS.
    """

    python: str
    architecture: str
    host: bool = False

    def __post_init__(self) -> None:
        major, _, minor = self.python.partition(".")
        if self.architecture not in _MACHINES or major != "3" or not minor.isdecimal():
            raise BuildError(
                f"Lambda has no Python {self.python!r} on {self.architecture!r}",
                hint='Name a minor version such as "3.13", and "x86_64" or "arm64".',
            )

    def __str__(self) -> str:
        return f"Python {self.python} on " + ("this machine" if self.host else self.architecture)

    def uv_name(self) -> str:
        """Return uv's name of the platform: glibc of Amazon Linux 2 up to Python 3.11, else of Amazon Linux 2023.

        Amazon Linux 2 has glibc 2.26; uv knows no name between 2.17 and 2.28, so 2.17 it is.
        """
        glibc = "2_17" if int(self.python.partition(".")[2]) <= 11 else "2_34"
        return f"{_MACHINES[self.architecture]}-manylinux_{glibc}"


_MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}


def uv_program() -> str:
    """Return the path of uv's program, out of its wheel. Raises BuildError when it is not there."""
    beside = Path(sys.prefix, "bin", "uv")  # where its own search begins, which is slow to import
    if beside.is_file():
        return str(beside)
    import uv

    try:
        return uv.find_uv_bin()
    except FileNotFoundError as error:
        raise BuildError(
            "the program of the `uv` package is missing", where=str(error), hint="Run: pip install --force-reinstall uv"
        ) from error


def uv_identity() -> str:
    """Return what tells this uv from another, without starting it."""
    facts = Path(uv_program()).stat()
    return f"{facts.st_size}:{facts.st_mtime_ns}"


def run_uv(arguments: Sequence[str], folder: Path) -> str:
    """Run uv in `folder` and return what it printed. Raises BuildError with its command line and its words."""
    failed = _run(arguments, folder)
    if failed.returncode == 0:
        return failed.stdout
    raise BuildError(
        f"uv failed with exit status {failed.returncode}", where=_command(failed), detail=failed.stderr.strip()
    )


def install(requirements: Path, *, locked: bool, platform: Platform, python: str, target: Path, folder: Path) -> None:
    """Install `requirements` into the folder `target`, for `platform`, wheels only, without Lakon.

    `python` is the interpreter that uv asks; uv runs in `folder`, so that the project's own settings count.
    Raises BuildError that names a package without a wheel, or tells uv's words.
    """
    lakon = target.with_suffix(".excludes")
    lakon.write_text("lakon\n")
    arguments = ["pip", "install", "--quiet", "--target", str(target), "--python", python, "--only-binary", ":all:"]
    arguments += ["--excludes", str(lakon), "--requirements", str(requirements)]
    arguments += ["--python-version", platform.python]
    if not platform.host:
        arguments += ["--python-platform", platform.uv_name()]
    if locked:
        arguments.append("--no-deps")
    done = _run(arguments, folder)
    if done.returncode:
        raise _refusal(done, platform, "uv.lock" if locked else requirements.name)


def _run(arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    import subprocess

    command = [uv_program(), *arguments]
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "NO_COLOR": "1"}
    environment.pop("FORCE_COLOR", None)
    try:
        return subprocess.run(  # noqa: S603 - uv, with arguments of our own
            command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", errors="replace"
        )
    except OSError as error:
        raise BuildError(f"uv cannot be started: {error.strerror}", where=" ".join(command)) from error


def _command(done: subprocess.CompletedProcess[str]) -> str:
    import shlex

    return shlex.join(done.args)


def _refusal(done: subprocess.CompletedProcess[str], platform: Platform, asked: str) -> BuildError:
    """Tell why uv could not install what the file `asked` names: by package and platform when a wheel is missing."""
    words = f"$ {_command(done)}\n{done.stderr.strip()}"
    if os.strerror(errno.ENOSPC) in done.stderr:
        hint = storage_hint(errno.ENOSPC)
        return BuildError("the disk is full: could not install the dependencies", hint=hint, detail=words)
    package = _without_wheel(" ".join(done.stderr.split()))
    if not package:
        return BuildError(
            f"the dependencies could not be installed: uv ended with exit status {done.returncode}",
            where=asked,
            detail=words,
        )
    other = "x86_64" if platform.architecture == "arm64" else "arm64"
    elsewhere = not platform.host and f"_{_MACHINES[other]}`" in done.stderr  # uv lists the platforms that have one
    switch = f', or let the function run on architecture="{other}"' if elsewhere else ""
    return BuildError(
        f"{package} has no wheel for {platform}",
        where=asked,
        hint=f"Ask for a version of {package} that has one{switch}, or build one on such a machine "
        f"(`uv build --wheel`, `pip wheel`) and name it: `{package} @ file:///...whl`, or `--find-links ./wheels`.",
        detail=words,
    )


def _without_wheel(words: str) -> str | None:
    import re

    found = (re.search(pattern, words) for pattern in _NO_WHEEL)
    return next((match[1] for match in found if match), None)


def running_python() -> str:
    """Return the interpreter that uv may ask about this machine when none of the wanted version is at hand."""
    return sys.executable

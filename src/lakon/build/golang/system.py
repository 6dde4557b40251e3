"""What a Go program is built for."""

from __future__ import annotations

import sys
from typing import NamedTuple

_MACHINES = {"x86_64": "amd64", "arm64": "arm64"}
_HOST_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_HOST_SYSTEMS = {"linux": "linux", "darwin": "darwin", "win32": "windows"}


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

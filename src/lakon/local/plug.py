"""Runs the emulator with Lakon's Lambda in place of its own.

A program of its own, run by the interpreter of the emulator's environment, where Lakon is not installed: it makes
`lakon.local.inside` importable from where it stands, and nothing else of the user's environment.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType


def open_package() -> None:
    """Let `lakon.local` be found beside this file, without what its packages would import."""
    folder = Path(__file__).resolve().parent
    for name, place in (("lakon", folder.parent), ("lakon.local", folder)):
        package = ModuleType(name)
        package.__path__ = [str(place)]
        sys.modules[name] = package


if __name__ == "__main__":
    open_package()
    from lakon.local.inside.main import main

    main()

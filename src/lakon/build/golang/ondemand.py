"""A Go library for this process, built when a handler is called outside of Lambda, as in a test."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lakon.build.golang.building import build_go
from lakon.build.golang.sources import GoSource
from lakon.build.golang.system import lambda_system
from lakon.report import Silent

if TYPE_CHECKING:
    from lakon.model.golibrary import GoLibrary


def library(declared: GoLibrary) -> str:
    """The path of a shared library for this machine. Raises BuildError."""
    origin = declared.origin
    folder = (Path(origin.file).parent / declared.source).resolve()
    place = f"{origin.file}:{origin.line}"
    source = GoSource(folder, "library", lambda_system("", host=True), declared.build_tags, place)
    return str(build_go([source], Silent())[source])

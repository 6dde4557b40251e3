"""`lakon local`: the embedded AWS itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakon.commands.places import aws_folder, running
from lakon.local import daemon

if TYPE_CHECKING:
    from lakon.commands.program import Program
    from lakon.settings import Target

__all__ = ["running", "stop"]


def stop(program: Program, target: Target) -> bool:
    """Stop the embedded AWS of the project; whether there was one to stop."""
    return daemon.stop(aws_folder(program, target))

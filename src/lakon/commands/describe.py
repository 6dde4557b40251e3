"""`lakon describe`: what the program declares, without asking AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakon.describe.overview import Overview, overview
from lakon.synth.synthesis import synthesize

if TYPE_CHECKING:
    from lakon.commands.program import Program


def describe(program: Program, *, stage: str) -> Overview:
    """The functions with what calls them and what they touch, and the resources. Raises ProgramError."""
    with program.at_hand():
        synthesize(program.service, stage=stage, root=str(program.root))
    return overview(program.service, root=str(program.root))

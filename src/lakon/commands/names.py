"""Functions by the names that users give on the command line."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from lakon.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakon.commands.program import Program


def functions(program: Program, stage: str, names: Sequence[str]) -> dict[str, str]:
    """Map each named function of the program, all of them where none is named, to its physical name.

    UsageError names the function that comes nearest to one that does not exist.
    """
    known = program.functions(stage)
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.5)
            listed = f"The functions are: {', '.join(known)}." if known else "The service has no functions."
            raise UsageError(
                f"the service {program.service.name} has no function {name!r}",
                hint=f"Did you mean {near[0]!r}?" if near else listed,
            )
    return {name: known[name] for name in names} if names else known

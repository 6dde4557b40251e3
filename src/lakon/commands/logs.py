"""`lakon logs`: read what the functions wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakon.commands import names as functions
from lakon.commands.places import reach
from lakon.provision import logs as groups

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakon.commands.program import Program
    from lakon.provision.logs import LogLine
    from lakon.settings import Target


def logs(
    program: Program,
    target: Target,
    names: Sequence[str] = (),
    *,
    since: float = 3600.0,
    follow: bool = False,
    pattern: str | None = None,
) -> Iterator[LogLine]:
    """The lines of the named functions, or of all, from `since` seconds ago on, in the order of time."""
    physical = functions.functions(program, target.stage, names)
    wanted = {name: f"/aws/lambda/{function}" for name, function in physical.items()}
    return groups.read(reach(program, target), wanted, since=since, follow=follow, pattern=pattern)

"""`lakon logs`: read what the functions wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakon.commands import names as functions
from lakon.commands.places import reach
from lakon.provision import logs as groups
from lakon.provision import status

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
    """The lines of the named functions, or of all, from `since` seconds ago on, in the order of time.

    UsageError when the program has no such function, ProvisionError when there is no stack.
    """
    physical = functions.functions(program, target.stage, names)
    wanted = {name: f"/aws/lambda/{function}" for name, function in physical.items()}
    session = reach(program, target)
    if status.find(session, program.stack(target.stage)) is None:
        raise status.missing(session, program.stack(target.stage))
    return groups.read(session, wanted, since=since, follow=follow, pattern=pattern)

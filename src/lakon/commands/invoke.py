"""`lakon invoke`: call a function of the service."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lakon.commands import names
from lakon.commands.places import reach
from lakon.exceptions import UsageError
from lakon.provision import invocation
from lakon.provision.status import find, missing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakon.commands.program import Program
    from lakon.provision.invocation import Invocation
    from lakon.settings import Target


def invoke(
    program: Program,
    target: Target,
    name: str,
    payload: bytes,
    *,
    event: bool = False,
    changes: Iterable[str] = (),
) -> Invocation:
    """Call the function `name` with `payload`, which must be JSON; with `event` only hand it over.

    `changes` are made in the payload first (`lakon.commands.events.change`). Raises UsageError for a payload that is
    not JSON, a change that cannot be made, or a function that the program does not have, and
    ProvisionError when the stack has no such function.
    """
    physical = names.functions(program, target.stage, [name])[name]
    try:
        json.loads(payload.decode(), parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"the payload is not JSON: {error}",
            hint="""Write it as in '{"key": "value"}'; in most shells single quotes keep the double ones.""",
        ) from error
    if changes := tuple(changes):
        from lakon.commands.events import change

        payload = change(payload, changes)
    session = reach(program, target)
    stack = program.stack(target.stage)
    if physical != f"{stack}-{name}" and find(session, stack) is None:  # another stage may have one of that name
        raise missing(session, stack)
    return invocation.invoke(session, physical, payload, event=event)


def _refused(constant: str) -> object:
    raise ValueError(f"it knows no {constant}")

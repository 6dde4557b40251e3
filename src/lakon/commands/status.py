"""`lakon status`: look at the stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakon.commands.places import reach
from lakon.exceptions import ProvisionError
from lakon.provision import status as stacks
from lakon.provision.deployed import template
from lakon.provision.drift import detect
from lakon.provision.releases import build_id

if TYPE_CHECKING:
    from lakon.commands.program import Program
    from lakon.provision.drift import Drift
    from lakon.provision.status import StackStatus
    from lakon.report import Reporter
    from lakon.settings import Target


@dataclass(frozen=True, slots=True)
class Status:
    """A stack with its resources, and the id of its build; None where its template cannot be read.

    `drift` is None unless it was asked for.
    """

    stack: StackStatus
    build: str | None
    drift: Drift | None = None


def status(program: Program, target: Target, reporter: Reporter, *, drift: bool = False) -> Status:
    """The service's stack as it is; with `drift`, what of it was changed by hand. ProvisionError when there is none."""
    session = reach(program, target)
    stack = stacks.status(session, program.stack(target.stage))
    try:
        build = build_id(template(session, stack.stack_id), stack.parameters)
    except ProvisionError:
        build = None
    return Status(stack, build, detect(session, stack.name, reporter) if drift else None)

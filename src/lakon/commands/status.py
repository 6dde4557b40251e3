"""`lakon status`: look at the stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakon.commands.places import reach
from lakon.provision import status as stacks

if TYPE_CHECKING:
    from lakon.commands.program import Program
    from lakon.provision.status import StackStatus
    from lakon.settings import Target


def status(program: Program, target: Target) -> StackStatus:
    """The service's stack as it is, with its resources. ProvisionError when there is none."""
    return stacks.status(reach(program, target), program.stack(target.stage))

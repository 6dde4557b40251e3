"""`lakon status`: look at the stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakon.commands.places import reach
from lakon.exceptions import ProvisionError
from lakon.provision import status as stacks
from lakon.provision.deployed import held as read
from lakon.provision.drift import detect, without_flips
from lakon.provision.releases import build_of, source_of
from lakon.synth.functions import BUCKET_PARAMETER
from lakon.synth.stubs import stubbed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lakon.commands.program import Program
    from lakon.provision.deployed import Deployed
    from lakon.provision.drift import Drift
    from lakon.provision.flipping import Flipped
    from lakon.provision.session import Session
    from lakon.provision.status import StackStatus
    from lakon.report import Reporter
    from lakon.settings import Target


@dataclass(frozen=True, slots=True)
class Status:
    """A stack with its resources, and the id of its build; None where its template cannot be read.

    `source` is the revision it was built from, where that is known; `functions` are those that were made as stubs, by
    name. `drift` is None unless it was asked for.
    """

    stack: StackStatus
    build: str | None
    source: str | None
    functions: Mapping[str, Flipped]
    drift: Drift | None = None


def status(program: Program, target: Target, reporter: Reporter, *, drift: bool = False) -> Status:
    """The service's stack as it is; with `drift`, what of it was changed by hand. ProvisionError when there is none."""
    session = reach(program, target)
    stack = stacks.status(session, program.stack(target.stage))
    drifted = detect(session, stack.name, reporter) if drift else None
    try:
        held = read(session, stack)
        build = build_of(held)
    except ProvisionError:
        return Status(stack, None, None, {}, drifted)
    drifted = without_flips(drifted, held.resources) if drifted else None
    store = stack.parameters.get(BUCKET_PARAMETER)
    source = source_of(session, store, stack.name, build) if store else None
    names = [function.name for function in program.service.functions]
    return Status(stack, build, source, _flipped(session, held, names), drifted)


def _flipped(session: Session, held: Deployed, names: Sequence[str]) -> Mapping[str, Flipped]:
    if not stubbed(held.resources):
        return {}
    from lakon.commands.flip import states  # not for stacks with a bucket

    return states(session, held, names)

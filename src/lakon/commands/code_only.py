"""`lakon provision --code-only`: nothing but code, straight to Lambda; then the stack is told.

The functions answer with the new code within a second or two. What follows is an update of the stack that changes no
more than the parameters that name the archives: CloudFormation gives each function the code that it has already, so
that the next provision, `rollback`, `diff` and `status` find the truth in the stack, which stays the only state.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lakon.commands.build import build
from lakon.commands.diff import compared
from lakon.commands.places import provisioning, reach
from lakon.commands.provision import put
from lakon.commands.wanted import wanted
from lakon.exceptions import UsageError
from lakon.provision import artifacts, code
from lakon.provision.deployed import deployed
from lakon.provision.failure import check_rests
from lakon.provision.status import missing
from lakon.synth.functions import layer_id
from lakon.synth.stubs import stubbed
from lakon.synth.traffic import has_alias

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from lakon.commands.build import Build
    from lakon.commands.program import Program
    from lakon.commands.provision import Provisioned
    from lakon.describe.difference.whole import Difference
    from lakon.provision.changes import Wanted
    from lakon.provision.deployed import Deployed
    from lakon.provision.session import Session
    from lakon.report import Reporter
    from lakon.settings import Target

_TOLD = 5  # differences


@dataclass(frozen=True, slots=True)
class CodeProvisioned:
    """What became of the stack, and the functions that got other code before."""

    provisioned: Provisioned
    exchanged: tuple[str, ...]


def provision_code(
    program: Program, target: Target, reporter: Reporter, *, bucket: str | None = None
) -> CodeProvisioned:
    """Give the functions the code of the program, and then tell the stack.

    Which functions have other code is asked of Lambda, not of the stack. UsageError when more than code differs from
    the stack, naming it, or the stack has stubs; ProvisionError when there is no stack, or it is being changed.
    """
    if aliased := [function for function in program.service.functions if has_alias(function)]:
        raise UsageError(
            f"{aliased[0].name!r} answers by an alias, which CloudFormation moves",
            where=aliased[0].origin.place(str(program.root)),
            hint=f"{target.command('provision')} without --code-only moves it.",
        )
    session = reach(program, target)
    name = program.stack(target.stage)
    with ThreadPoolExecutor(1) as pool, provisioning(program, target):
        asked = pool.submit(deployed, session, name)  # while the program is built
        built = build(program, target, reporter)
        held = asked.result()
        if held is None:
            raise missing(session, name)
        if stubbed(held.resources):
            raise UsageError(
                f"the stack {name} has stubs: its code does not come from a bucket",
                hint=f"{session.command('flip')} exchanges code there.",
            )
        goal = wanted(program, target, built, bucket or artifacts.own_bucket(session))
        _check(session, held, goal, built)
        began = time.monotonic()
        exchanged, uploaded = _exchange(session, program, target, built, bucket, reporter)
    if exchanged:
        names = f"{len(exchanged)} functions answer" if len(exchanged) > 1 else f"{exchanged[0]} answers"
        reporter.note(f"{names} with the new code ({time.monotonic() - began:.1f} s); now the stack is told")
    done = put(program, target, built, session, reporter, bucket=bucket, uploaded_before=True)
    return CodeProvisioned(replace(done, uploaded=uploaded), exchanged)


def _check(session: Session, held: Deployed, goal: Wanted, built: Build) -> None:
    """Refuse where code alone would not do."""
    check_rests(session, held.stack)
    found = compared(held.stack.name, held, goal, built.synthesis.origins).difference
    if others := list(_others(found, [layer_id(each) for each in built.synthesis.layers.values()])):
        more = [f"and {len(others) - _TOLD} more"] if len(others) > _TOLD else []
        raise UsageError(
            f"more than code differs from the stack {held.stack.name}",
            detail="\n".join([*others[:_TOLD], *more]),
            hint=f"{session.command('provision')} changes that as well; {session.command('diff')} shows all of it.",
        )


def _others(found: Difference, layers: Collection[str]) -> Iterator[str]:
    """What differs beside the code of functions that are there."""
    for change in found.resources:
        paths = ", ".join(each.path for each in change.properties)
        yield f"{change.logical_id} ({change.resource_type}): {paths or change.action}"
    for exchanged in found.code:
        if exchanged.old is None:
            yield f"{', '.join(exchanged.resources)}: its archive"
        yield from (
            f"{name} (AWS::Lambda::LayerVersion): its archive" for name in exchanged.resources if name in layers
        )
    for kind, values in (("parameter", found.parameters), ("output", found.outputs), ("tag", found.tags)):
        yield from (f"the {kind} {each.name}" for each in values)
    yield from (f"the section {each.name}" for each in found.sections)


def _exchange(
    session: Session, program: Program, target: Target, built: Build, bucket: str | None, reporter: Reporter
) -> tuple[tuple[str, ...], int]:
    if not built.archives:
        return (), 0
    physical, store = program.functions(target.stage), artifacts.artifact_bucket(session, bucket, reporter)
    uploaded = artifacts.upload(session, store, [archive.path for archive in built.archives.values()], reporter)
    archives = {
        physical[function]: built.archives[parameter].path
        for parameter, each in built.synthesis.archives.items()
        for function in each.functions
    }
    with reporter.step("exchanging code"):
        exchanged = code.bring(session, store, archives)
    return tuple(name for name, each in physical.items() if each in exchanged), uploaded

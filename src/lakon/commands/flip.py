"""`lakon flip`: from stubs to real code, beside CloudFormation, without a bucket."""

from __future__ import annotations

import io
import json
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from lakon.commands import names
from lakon.commands.build import build
from lakon.commands.places import provisioning, reach
from lakon.commands.revision import revision
from lakon.describe.difference.code import CodeChange, Member, Stored, compare_files, listed
from lakon.exceptions import LakonError, UsageError
from lakon.model.names import logical_id
from lakon.provision.code import on_each
from lakon.provision.deployed import deployed
from lakon.provision.failure import check_rests
from lakon.provision.flipping import DIRECT_UPLOAD, HEALTH, Flipped, Real, code_of, flip, look, restore
from lakon.provision.status import missing, resources
from lakon.provision.switches import Trigger
from lakon.synth.archives import archive_parameter
from lakon.synth.functions import runtime
from lakon.synth.stubs import declared_on, stubbed, triggers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from lakon.commands.build import Build
    from lakon.commands.program import Program
    from lakon.provision.deployed import Deployed
    from lakon.provision.session import Session
    from lakon.provision.status import Resource
    from lakon.report import Reporter
    from lakon.settings import Target
    from lakon.synth.template import Properties


@dataclass(frozen=True, slots=True)
class Flips:
    """What became of functions, by name: those that were flipped, and those that were what they shall be."""

    flipped: tuple[str, ...]
    unchanged: tuple[str, ...]


def flip_functions(
    program: Program,
    target: Target,
    reporter: Reporter,
    named: Sequence[str] = (),
    *,
    event: bytes | None = HEALTH,
) -> Flips:
    """Move functions of a stack without a bucket, those named or all, to the program's code.

    Each moves alone and wholly, or not at all; several move at once. `event` is what their new version is tried with.
    Raises what building raises; UsageError when an archive is too large to go without a bucket, or the stack keeps its
    code in one; ProvisionError when there is no stack, or a function failed and is what it was.
    """
    wanted = names.functions(program, target.stage, named)
    if event is not None and event != HEALTH:
        _check_event(event)
    session = reach(program, target)
    built = build(program, target, reporter, stubs=True)
    with provisioning(program, target):
        held = _without_bucket(session, program.stack(target.stage))
        return flip_built(session, program, built, held, dict.fromkeys(wanted, event), reporter)


def flip_built(
    session: Session,
    program: Program,
    built: Build,
    held: Deployed,
    wanted: Mapping[str, bytes | None],
    reporter: Reporter,
) -> Flips:
    """`flip_functions` with what was built already; `wanted` tells events by names of functions of the stack `held`."""
    real = _real(program, built)
    check_sizes({name: real[name] for name in wanted})
    made = {each.logical_id: each for each in resources(session, held.stack.stack_id)}
    calls = {name: _calling(held, made, logical_id(name, "Function")) for name in wanted}
    runtimes = {name: str(_properties(held, logical_id(name, "Function"))["Runtime"]) for name in wanted}

    def one(name: str) -> LakonError | bool:
        try:
            return flip(session, _physical(held, name), real[name], runtimes[name], calls[name], wanted[name])
        except LakonError as error:
            return error

    with reporter.step(f"flipping {', '.join(wanted) if len(wanted) < 4 else f'{len(wanted)} functions'}"):
        done = dict(zip(wanted, on_each(wanted, one), strict=True))
    if failed := {name: each for name, each in done.items() if isinstance(each, LakonError)}:
        raise _first(session, failed, [name for name in done if name not in failed])
    return Flips(tuple(name for name, new in done.items() if new), tuple(name for name, new in done.items() if not new))


@contextmanager
def staying_real(
    session: Session, program: Program, target: Target, built: Build, reporter: Reporter
) -> Iterator[list[str]]:
    """The time in which a stack with stubs is changed: functions that were flipped before have the program's code then.

    CloudFormation puts a stub's handler back into each function that it changes, also when it rolls back. When it
    failed they have the code that they had; what fails then is told beside the cause. The list that is given names
    those that got other code, in the end.
    """
    name = program.stack(target.stage)
    before = deployed(session, name)
    known = [function.name for function in program.service.functions]
    found = {} if before is None else states(session, before, known)
    real = {each: HEALTH if state.tried else None for each, state in found.items() if state.code}
    moved: list[str] = []
    if not real:
        yield moved
        return
    check_sizes({each: one for each, one in _real(program, built).items() if each in real})
    try:
        yield moved
    except LakonError as failed:
        try:
            _restore(session, name, real)
        except LakonError as again:
            told = f"What the functions were could not be put back: {again}"
            failed.detail = "\n".join(filter(None, [failed.detail, told]))
        raise
    if held := _resting(session, name):
        moved += flip_built(session, program, built, held, real, reporter).flipped


def flip_changes(session: Session, program: Program, built: Build, held: Deployed) -> tuple[CodeChange, ...]:
    """The code that functions which were flipped before would get with the next provision: see `staying_real`."""
    real, users = _real(program, built), dict[tuple[Stored | None, Stored], list[str]]()
    for name, is_now in states(session, held, list(real)).items():
        live, new = is_now.state == "live", real[name]
        if is_now.code and not (live and is_now.code == new.digest):
            old = Stored(None, f"{is_now.code}{new.archive.suffix}") if live else None
            users.setdefault((old, Stored(None, new.archive.name)), []).append(name)

    firsts = [names[0] for names in users.values()]
    codes = on_each(firsts, lambda name: code_of(session, _physical(held, name)))
    return tuple(
        CodeChange(
            tuple(logical_id(name, "Function") for name in sharing),
            old,
            new,
            compare_files(_files(io.BytesIO(code)) if old else {}, _files(real[first].archive)),
        )
        for ((old, new), sharing), first, code in zip(users.items(), firsts, codes, strict=True)
    )


def _files(archive: Path | BinaryIO) -> dict[str, Member]:
    with zipfile.ZipFile(archive) as opened:
        return listed(opened)


def _restore(session: Session, name: str, functions: Collection[str]) -> None:
    if not (held := _resting(session, name)):
        return
    made = {each.logical_id: each for each in resources(session, held.stack.stack_id)}

    def one(function: str) -> None:
        restore(session, _physical(held, function), _calling(held, made, logical_id(function, "Function")))

    on_each(functions, one)


def _resting(session: Session, name: str) -> Deployed | None:
    """The stack of that name; None when there is none, or somebody works on it."""
    held = deployed(session, name)
    return None if held is None or held.stack.in_progress else held


def states(session: Session, held: Deployed, functions: Collection[str]) -> dict[str, Flipped]:
    """What those of the functions are that the stack made with a stub, by name. `functions` are all of the program."""
    stubs = set(stubbed(held.resources))
    mine = [name for name in functions if logical_id(name, "Function") in stubs]
    return dict(zip(mine, on_each(mine, lambda name: look(session, _physical(held, name))), strict=True))


def check_sizes(real: Mapping[str, Real]) -> None:
    """Refuse archives that Lambda takes only from a bucket."""
    for name, each in real.items():
        size = each.archive.stat().st_size
        if size > DIRECT_UPLOAD:
            raise UsageError(
                f"the archive of {name} has {size / 1_000_000:.1f} MB, and Lambda takes no more than "
                f"{DIRECT_UPLOAD / 1_000_000:.1f} MB without a bucket",
                hint="Provision with a bucket, or leave something out of the archive.",
            )


def _check_event(event: bytes) -> None:
    try:
        json.loads(event)
    except ValueError as error:
        raise UsageError(f"the event is not JSON: {error}", hint="""Write it as in '{"key": "value"}'.""") from error


def _without_bucket(session: Session, name: str) -> Deployed:
    held = deployed(session, name)
    if held is None:
        raise missing(session, name)
    check_rests(session, held.stack)
    if not stubbed(held.resources):
        raise UsageError(
            f"the stack {name} has no stubs: its code comes from a bucket",
            hint=f"{session.command('provision --code-only')} exchanges code there.",
        )
    return held


def _real(program: Program, built: Build) -> dict[str, Real]:
    source = revision(program.root)
    found: dict[str, Real] = {}
    for function in program.service.functions:
        managed, handler = runtime(program.service, function)
        archive = built.archives[archive_parameter(function)].path
        found[function.name] = Real(managed, handler, function.architecture, archive, source)
    return found


def _calling(held: Deployed, made: Mapping[str, Resource], function: str) -> tuple[Trigger, ...]:
    found = []
    for name in triggers(held.resources, {function}):
        if name in made:
            group = _properties(held, name).get("GroupName", "default")
            if isinstance(group, dict) and group.get("Ref") in made:
                group = made[group["Ref"]].physical_id
            on = declared_on(held.resources[name], held.stack.parameters)
            physical = made[name].physical_id or ""
            found.append(Trigger(made[name].resource_type, physical, on, group if isinstance(group, str) else None))
    return tuple(found)


def _physical(held: Deployed, function: str) -> str:
    """What a function is called in AWS, by the stack's template: the program may call it otherwise by now."""
    named = _properties(held, logical_id(function, "Function"))["FunctionName"]
    return str(named["Fn::Sub"] if isinstance(named, dict) else named).replace("${AWS::StackName}", held.stack.name)


def _properties(held: Deployed, name: str) -> Properties:
    return cast("Properties", held.resources[name]["Properties"])


def _first(session: Session, failed: Mapping[str, LakonError], done: Sequence[str]) -> LakonError:
    """The error of the first, which names its function and says what to do, with those of the others."""
    (name, first), *others = failed.items()
    if name not in first.what:
        first.what = f"{name} could not be flipped: {first.what}"
    first.hint = first.hint or f"{session.command(f'flip {name}')} begins anew."
    told = [f"{other}: {error}" for other, error in others]
    if done:
        told.append(f"Flipped: {', '.join(done)}.")
    first.detail = "\n".join(filter(None, [first.detail, *told])) or None
    return first

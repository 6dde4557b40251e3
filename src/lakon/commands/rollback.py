"""`lakon rollback`: bring back an earlier build, code and template, from what lies in the artifact bucket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakon.commands.diff import compared, look_into
from lakon.commands.fronts import reopen_fronts
from lakon.commands.places import provisioning, reach
from lakon.exceptions import ProvisionError, UsageError
from lakon.provision import releases, stack
from lakon.provision.artifacts import own_bucket
from lakon.provision.deployed import deployed
from lakon.provision.recovery import take_back
from lakon.provision.status import missing
from lakon.synth.functions import BUCKET_PARAMETER
from lakon.synth.stubs import stubbed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakon.commands.diff import StackDifference
    from lakon.commands.program import Program
    from lakon.commands.provision import Approve
    from lakon.provision.changes import Wanted
    from lakon.provision.deployed import Deployed
    from lakon.provision.releases import Release
    from lakon.provision.session import Session
    from lakon.provision.stack import Outcome
    from lakon.report import Reporter
    from lakon.settings import Target


_SHORTEST = 4


@dataclass(frozen=True, slots=True)
class History:
    """What a stack is and was: the id of its build, and what was provisioned, newest first.

    `running` is the time of the release that it runs, as `Release.time` tells it; None when that was not recorded.
    """

    stack: str
    build: str
    running: str | None
    releases: tuple[Release, ...]


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What became of the stack, and the builds before and after."""

    outcome: Outcome
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class _Way:
    """From what the stack is to what it shall be again."""

    session: Session
    held: Deployed
    past: releases.Past
    release: Release
    goal: Wanted


def history(program: Program, target: Target, *, bucket: str | None = None) -> History:
    """What the service's stack is and was. ProvisionError when there is none.

    `bucket` is where that is kept, unless in the bucket of the stack's archives.
    """
    session = reach(program, target)
    held = _deployed(session, program.stack(target.stage))
    known = releases.seen(session, _bucket(session, held, target, bucket), held.stack.name)
    build = releases.build_of(held)
    running = known.running(build)
    return History(held.stack.name, build, running.time if running else None, known.releases)


def difference(
    program: Program, target: Target, *, to: str | None = None, bucket: str | None = None
) -> StackDifference:
    """What `rollback` would change; nothing is changed. Raises what it raises."""
    way = _way(reach(program, target), program, target, to, bucket)
    return look_into(way.session, compared(way.held.stack.name, way.held, way.goal, {}), {})


def rollback(
    program: Program,
    target: Target,
    reporter: Reporter,
    *,
    to: str | None = None,
    bucket: str | None = None,
    approve: Approve | None = None,
) -> RolledBack:
    """Make the service's stack again what it was: the build `to` (the beginning of its id), else what ran before.

    Nothing is built. `bucket` is where builds are kept, unless in the bucket of the stack's archives. `approve` is
    shown what would change. UsageError where there is no such build, or its functions were stubs; ProvisionError when
    the stack cannot be taken back.
    """
    session = reach(program, target)
    with provisioning(program, target):
        way = _way(session, program, target, to, bucket)
        name, goal = way.held.stack.name, way.goal
        if approve is not None:
            approve(compared(name, way.held, goal, {}))
        known = releases.past(session, way.past, way.held)
        outcome = stack.provision(
            session,
            name,
            goal.template,
            goal.parameters,
            reporter,
            tags=goal.tags,
            origins={},
            artifacts=known.store,
            held=way.held,
        )
        releases.mark(session, known, goal.parameters.get(BUCKET_PARAMETER, known.store), way.release)
        reopen_fronts(program, target, way.release.build)
    return RolledBack(outcome, releases.build_of(way.held), way.release.build)


def go_on(program: Program, target: Target, reporter: Reporter, skipped: Sequence[str] = ()) -> str:
    """Go on taking back an update of the service's stack that failed and got stuck; return the stack's name.

    `skipped` are logical ids of resources that stay as they are. UsageError when nothing is to be taken back;
    ProvisionError when it gets stuck again.
    """
    session, name = reach(program, target), program.stack(target.stage)
    with provisioning(program, target):
        take_back(session, name, reporter, skipped)
        if stubbed(_deployed(session, name).resources):
            reporter.note(f"what was taken back may be stubs again: {session.command('flip')} makes them real")
    return name


def _way(session: Session, program: Program, target: Target, to: str | None, bucket: str | None) -> _Way:
    held = _deployed(session, program.stack(target.stage))
    known = releases.seen(session, _bucket(session, held, target, bucket), held.stack.name)
    build = releases.build_of(held)
    release = _previous(session, known, build) if to is None else _named(known, build, to)
    return _Way(session, held, known, release, releases.wanted_of(session, known.store, release))


def _deployed(session: Session, name: str) -> Deployed:
    before = deployed(session, name)
    if before is None:
        raise missing(session, name)
    return before


def _bucket(session: Session, before: Deployed, target: Target, named: str | None) -> str:
    """Where the stack's archives, and so its releases, lie."""
    return named or before.stack.parameters.get(BUCKET_PARAMETER) or target.bucket or own_bucket(session)


def _named(known: releases.Past, build: str, to: str) -> Release:
    if len(to) < _SHORTEST:
        raise UsageError(
            f"{to!r} is too short for the id of a build",
            hint=f"Give at least {_SHORTEST} digits. {_told(_builds(known, build))}",
        )
    found = [release for release in known.releases if release.build.startswith(to)]
    builds = {release.build for release in found}
    if len(builds) != 1:
        what = "is ambiguous" if builds else "is not known"
        raise UsageError(f"the build {to} of {known.name} {what}", hint=_told(sorted(builds) or _builds(known, build)))
    if build in builds:
        raise UsageError(f"{known.name} is the build {build} already", hint=_told(_builds(known, build)))
    if found[0].stubs:
        raise UsageError(
            f"the functions of the build {found[0].build} of {known.name} were stubs: their code is not kept",
            hint=f"{_told(_builds(known, build))} Or check out the source of that build and provision it.",
        )
    return found[0]


def _previous(session: Session, known: releases.Past, build: str) -> Release:
    """What ran before that which runs; the newest of all where that one was never recorded."""
    release = known.before(build)
    if release is None:
        raise ProvisionError(
            f"there is no build of {known.name} before {build}",
            hint=f"{session.command('rollback --list')} shows what was provisioned.",
        )
    return release


def _builds(known: releases.Past, build: str) -> list[str]:
    """The builds that can be gone to."""
    return list(dict.fromkeys(each.build for each in known.releases if each.build != build and not each.stubs))


def _told(builds: Sequence[str]) -> str:
    return f"The builds are: {', '.join(builds)}." if builds else "There is no other build to go to."

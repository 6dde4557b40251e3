"""`lakon rollback`: bring back an earlier build, code and template, from what lies in the artifact bucket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakon.commands.diff import compared
from lakon.commands.places import provisioning, reach
from lakon.exceptions import ProvisionError, UsageError
from lakon.provision import releases, stack
from lakon.provision.artifacts import own_bucket
from lakon.provision.deployed import deployed
from lakon.provision.status import missing
from lakon.synth.functions import BUCKET_PARAMETER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakon.commands.program import Program
    from lakon.commands.provision import Approve
    from lakon.provision.deployed import Deployed
    from lakon.provision.releases import Release
    from lakon.provision.session import Session
    from lakon.provision.stack import Outcome
    from lakon.report import Reporter
    from lakon.settings import Target


@dataclass(frozen=True, slots=True)
class History:
    """What a stack is and was: the id of its build, and what was provisioned, newest first."""

    stack: str
    build: str
    releases: tuple[Release, ...]


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What became of the stack, and the builds before and after."""

    outcome: Outcome
    old: str
    new: str


def history(program: Program, target: Target) -> History:
    """What the service's stack is and was. ProvisionError when there is none."""
    session = reach(program, target)
    before = _deployed(session, program.stack(target.stage))
    return _history(session, before, _bucket(session, before, target))


def rollback(
    program: Program, target: Target, reporter: Reporter, *, to: str | None = None, approve: Approve | None = None
) -> RolledBack:
    """Make the service's stack again what it was: the build `to` (the beginning of its id), else the one before.

    Nothing is built. `approve` is shown what would change. UsageError where there is no such build; ProvisionError
    when the stack cannot be taken back.
    """
    session = reach(program, target)
    name = program.stack(target.stage)
    with provisioning(program, target):
        before = _deployed(session, name)
        bucket = _bucket(session, before, target)
        known = _history(session, before, bucket)
        release = _named(known, to) if to else _previous(known)
        goal = releases.wanted_of(session, bucket, release)
        if approve is not None:
            approve(compared(name, before, goal, {}))
        outcome = stack.provision(
            session, name, goal.template, goal.parameters, reporter, tags=goal.tags, origins={}, artifacts=bucket
        )
    return RolledBack(outcome, known.build, release.build)


def _deployed(session: Session, name: str) -> Deployed:
    before = deployed(session, name)
    if before is None:
        raise missing(session, name)
    return before


def _bucket(session: Session, before: Deployed, target: Target) -> str:
    """Where the stack's archives, and so its releases, lie."""
    return before.stack.parameters.get(BUCKET_PARAMETER) or target.bucket or own_bucket(session)


def _history(session: Session, before: Deployed, bucket: str) -> History:
    name = before.stack.name
    build = releases.build_id(before.template, before.stack.parameters)
    return History(name, build, releases.releases(session, bucket, name))


def _named(known: History, to: str) -> Release:
    found = [release for release in known.releases if release.build.startswith(to)]
    builds = {release.build for release in found}
    if len(builds) != 1:
        what = "is ambiguous" if builds else "is not known"
        raise UsageError(f"the build {to} of {known.stack} {what}", hint=_told(sorted(builds) or _builds(known)))
    if known.build in builds:
        raise UsageError(f"{known.stack} is the build {known.build} already", hint=_told(_builds(known)))
    return found[0]


def _previous(known: History) -> Release:
    """The newest build before the one that runs; the newest of all where that one was never recorded."""
    builds = [release.build for release in known.releases]
    start = builds.index(known.build) if known.build in builds else 0
    for release in known.releases[start:]:
        if release.build != known.build:
            return release
    raise ProvisionError(
        f"there is no build of {known.stack} before {known.build}",
        hint="`lakon rollback --list` shows what was provisioned.",
    )


def _builds(known: History) -> list[str]:
    return list(dict.fromkeys(release.build for release in known.releases if release.build != known.build))


def _told(builds: Sequence[str]) -> str:
    return f"The builds are: {', '.join(builds)}." if builds else "No other build was recorded."

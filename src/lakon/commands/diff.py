"""`lakon diff`: what provision would change, resource by resource."""

from __future__ import annotations

import json
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lakon.commands.build import build
from lakon.commands.places import reach, start
from lakon.commands.wanted import wanted, without_bucket
from lakon.describe.difference.code import CodeChange, Member, Stored, compare_files, listed
from lakon.describe.difference.whole import NOTHING, Difference, Side, compare
from lakon.provision.artifacts import archive_key, own_bucket
from lakon.provision.deployed import deployed, members

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lakon.commands.build import Build
    from lakon.commands.program import Program
    from lakon.provision.changes import Wanted
    from lakon.provision.deployed import Deployed
    from lakon.provision.session import Session
    from lakon.report import Reporter
    from lakon.settings import Target


@dataclass(frozen=True, slots=True)
class StackDifference:
    """How the stack of that name differs from the program; `exists` tells whether there is such a stack."""

    stack: str
    exists: bool
    difference: Difference


def diff(program: Program, target: Target, reporter: Reporter, *, bucket: str | None = None) -> StackDifference:
    """Build the program, and compare it with its stack. Nothing is changed on AWS.

    `bucket` is the artifact bucket that a provision would be given. An embedded AWS that does not run is started for
    it, and ends with this process. Raises what building raises, CredentialsError and ProvisionError.
    """
    session = start(program, target, reporter, owner_pid=os.getpid()) if target.local else reach(program, target)
    with ThreadPoolExecutor(1) as pool:  # AWS is asked while the program is built
        held = pool.submit(deployed, session, program.stack(target.stage))
        built = build(program, target, reporter, stubs=without_bucket(program, target))
        return _differing(session, program, target, built, bucket, held.result())


def differing(session: Session, program: Program, target: Target, built: Build, bucket: str | None) -> StackDifference:
    """How the stack of the program differs from what was built before."""
    return _differing(session, program, target, built, bucket, deployed(session, program.stack(target.stage)))


def _differing(
    session: Session, program: Program, target: Target, built: Build, bucket: str | None, before: Deployed | None
) -> StackDifference:
    goal = wanted(program, target, built, None if built.stubs else bucket or own_bucket(session))
    found = compared(program.stack(target.stage), before, goal, built.synthesis.origins)
    if built.stubs and before:
        from lakon.commands.flip import flip_changes  # not for stacks with a bucket

        moved = flip_changes(session, program, built, before)
        return replace(found, difference=replace(found.difference, code=moved))
    return look_into(session, found, {archive_key(archive.path): archive.path for archive in built.archives.values()})


def compared(name: str, before: Deployed | None, goal: Wanted, origins: Mapping[str, str]) -> StackDifference:
    """How the stack `name` differs from its `goal`, without the files of archives; `origins` tells source lines."""
    old = Side(before.template, before.stack.parameters, before.stack.tags) if before else NOTHING
    new = Side(json.loads(goal.template), goal.parameters, goal.tags)
    return StackDifference(name, before is not None, compare(old, new, origins))


def look_into(session: Session, found: StackDifference, here: Mapping[str, Path]) -> StackDifference:
    """The difference with the files of every archive that changes; `here` tells those that lie on disk, by key."""
    changes = found.difference.code
    with ThreadPoolExecutor(len(changes) or 1) as pool:
        code = tuple(pool.map(lambda change: _looked_into(session, change, here), changes))
    return replace(found, difference=replace(found.difference, code=code))


def _looked_into(session: Session, change: CodeChange, here: Mapping[str, Path]) -> CodeChange:
    old = {} if change.old is None else _members(session, change.old, here)
    new = _members(session, change.new, here)
    return change if old is None or new is None else replace(change, files=compare_files(old, new))


def _members(session: Session, stored: Stored, here: Mapping[str, Path]) -> dict[str, Member] | None:
    if stored.key in here:
        with zipfile.ZipFile(here[stored.key]) as archive:
            return listed(archive)
    told = members(session, stored.bucket, stored.key) if stored.bucket else None
    return None if told is None else {name: Member(size, crc) for name, (size, crc) in told.items()}

"""`lakon provision`: build, upload, create or update the stack."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lakon.commands.fronts import open_fronts
from lakon.commands.places import provisioning, start
from lakon.commands.revision import revision
from lakon.commands.sites import publish_sites, site_files
from lakon.commands.wanted import wanted, without_bucket
from lakon.exceptions import UsageError
from lakon.interpreters import for_this_machine
from lakon.local.gaps import gaps
from lakon.provision import artifacts, releases, stack
from lakon.provision.deployed import deployed
from lakon.synth.functions import BUCKET_PARAMETER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from lakon.commands.build import Build
    from lakon.commands.diff import StackDifference
    from lakon.commands.program import Program
    from lakon.commands.sites import Files
    from lakon.provision.session import Session
    from lakon.provision.stack import Outcome
    from lakon.report import Reporter
    from lakon.settings import Target

    Approve = Callable[[StackDifference], None]


@dataclass(frozen=True, slots=True)
class Provisioned:
    """What became of the stack, how many bytes were uploaded, the physical names of its functions, and its build.

    `flipped` are the functions that got their code without a bucket, None where the stack has one.
    """

    outcome: Outcome
    uploaded: int
    functions: Mapping[str, str]
    session: Session
    build: str
    flipped: tuple[str, ...] | None = None


def provision(
    program: Program,
    target: Target,
    reporter: Reporter,
    *,
    bucket: str | None = None,
    owner_pid: int | None = None,
    approve: Approve | None = None,
) -> Provisioned:
    """Make the service's stack what the program says.

    `bucket` names the artifact bucket; without one Lakon's own of the account and region is used, and made when it is
    not there. `approve` is shown what would change before anything is, and raises when that is not wanted. With
    `owner_pid` an embedded AWS that has to be started ends with that process. Raises what building raises,
    CredentialsError and ProvisionError.
    """
    session = None if target.local else start(program, target, reporter)
    if session:
        _ = session.account  # who asks, and where: known before anything slow is done
    from lakon.commands.build import build  # slow to import

    built = build(program, target, reporter, stubs=without_bucket(program, target))
    session = session or start(program, target, reporter, owner_pid=owner_pid)
    return put(program, target, built, session, reporter, bucket=bucket, approve=approve)


def put(
    program: Program,
    target: Target,
    built: Build,
    session: Session,
    reporter: Reporter,
    *,
    bucket: str | None = None,
    uploaded_before: bool = False,
    approve: Approve | None = None,
    pages: Files | None = None,
) -> Provisioned:
    """Make the stack what was built, by a session that is open already. See `provision`.

    `pages` are the files of the sites, where they are not the project's. What was `uploaded_before` need not be on disk
    any more. Several terminals provision into the embedded AWS one after the other.
    """
    with provisioning(program, target):
        files = site_files(program, session) if pages is None else pages
        with _staying_real(program, target, built, session, reporter) as flipped:
            provisioned = _put(program, target, built, session, reporter, bucket, uploaded_before, approve)
        provisioned = replace(provisioned, flipped=None if flipped is None else tuple(flipped))
        publish_sites(files, session, provisioned.outcome.outputs, reporter)
        open_fronts(program, target, session, build=provisioned.build)
        return provisioned


def _staying_real(
    program: Program, target: Target, built: Build, session: Session, reporter: Reporter
) -> AbstractContextManager[list[str] | None]:
    if not built.stubs:
        return nullcontext()
    from lakon.commands.flip import staying_real  # not for stacks with a bucket

    return staying_real(session, program, target, built, reporter)


def _put(
    program: Program,
    target: Target,
    built: Build,
    session: Session,
    reporter: Reporter,
    bucket: str | None,
    uploaded_before: bool,
    approve: Approve | None,
) -> Provisioned:
    name = program.stack(target.stage)
    functions = program.functions(target.stage)
    goal = wanted(program, target, built, None if built.stubs else bucket or artifacts.own_bucket(session))
    build = releases.build_id(json.loads(goal.template), goal.parameters, goal.tags)
    held = deployed(session, name)
    if built.stubs and held is not None and BUCKET_PARAMETER in held.stack.parameters:
        raise UsageError(
            f"the stack {name} has its code from a bucket: without one its functions would be stubs again",
            hint="Provision it with its bucket; a stack that shall do without is a new one: another --stage.",
        )
    if same := stack.unchanged(name, held, goal):
        return Provisioned(same, 0, functions, session, build)
    if approve is not None:
        from lakon.commands.diff import compared  # slow to import, and not for what has not changed

        approve(compared(name, held, goal, built.synthesis.origins))
    store, uploaded = None, 0
    if not built.stubs:
        store = artifacts.artifact_bucket(session, bucket, reporter)
        files = [] if uploaded_before else [archive.path for archive in built.archives.values()]
        uploaded = artifacts.upload(session, store, files, reporter)
    if program.service.apis and not target.local:
        from lakon.provision.gateways import let_apis_log  # not for programs without an API

        let_apis_log(session, built.synthesis.resources, reporter)
    outcome = stack.provision(
        session,
        name,
        goal.template,
        goal.parameters,
        reporter,
        tags=goal.tags,
        origins=built.synthesis.origins,
        artifacts=store,
        held=held,
    )
    if outcome.action != "unchanged" and store:
        releases.record(session, store, name, goal, held, revision(program.root))
    if target.local and outcome.action != "unchanged":
        asked, python = program.service.python, for_this_machine(program.service.python)
        if python != asked:
            reporter.note(f"Python {asked} is not installed here: the functions run under Python {python}")
        told = gaps(held.resources) if held else ()
        for gap in gaps(built.synthesis.resources):
            if gap not in told:
                reporter.note(gap)
    return Provisioned(outcome, uploaded, functions, session, build)

"""Where a command works: the project's folders, and AWS or the embedded AWS behind a session."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from lakon.exceptions import LocalError
from lakon.interpreters import for_this_machine
from lakon.settings import make_project_state, project_state

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from lakon.commands.program import Program
    from lakon.local.daemon import Running
    from lakon.provision.session import Session
    from lakon.report import Reporter
    from lakon.settings import Target

LAUNCHER = (sys.executable, "-m", "lakon.commands.supervisor")


def build_folder(program: Program, target: Target) -> Path:
    """Where a build for the target goes unless told otherwise."""
    return _state(program, target) / "build" / (f"{target.stage}-local" if target.local else target.stage)


def aws_folder(program: Program, target: Target) -> Path:
    """Where the embedded AWS of the target keeps its state."""
    return _state(program, target) / "aws"


def _state(program: Program, target: Target) -> Path:
    return target.state or project_state(program.root)


def provisioning(program: Program, target: Target) -> AbstractContextManager[None]:
    """The time in which a stack is changed: several terminals change those of the embedded AWS one after the other."""
    if not target.local or target.endpoint_url is not None:
        return nullcontext()

    from lakon.local import daemon  # not for commands that speak to AWS

    return daemon.provisioning(aws_folder(program, target))


def start(program: Program, target: Target, reporter: Reporter, *, owner_pid: int | None = None) -> Session:
    """A session with the target; the embedded AWS is started when it does not run."""
    if target.local and target.endpoint_url is None:
        from lakon.local import daemon  # not for commands that speak to AWS

        if target.state is None:
            make_project_state(program.root)
        started = daemon.ensure(
            aws_folder(program, target), LAUNCHER, reporter, owner_pid, for_this_machine(program.service.python)
        )
        target = replace(target, endpoint_url=started.endpoint_url)
    return _session(target)


def reach(program: Program, target: Target) -> Session:
    """A session with the target as it is: an embedded AWS that does not run is a LocalError."""
    if target.local and target.endpoint_url is None:
        target = replace(target, endpoint_url=running(program, target).endpoint_url)
    return _session(target)


def running(program: Program, target: Target) -> Running:
    """The embedded AWS of the project. LocalError when it does not run."""
    from lakon.local import daemon

    found = daemon.find(aws_folder(program, target))
    if found is None:
        raise LocalError("the embedded AWS of this project does not run", hint="`lakon provision --local` starts it.")
    return found


def _session(target: Target) -> Session:
    from lakon.provision.session import Session

    return Session(target)

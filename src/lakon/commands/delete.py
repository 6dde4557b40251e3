"""`lakon delete`: remove the stack and what it left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakon.commands.fronts import forget_fronts
from lakon.commands.places import aws_folder, reach, start
from lakon.provision import deletion, status
from lakon.provision.deletion import Deletion

if TYPE_CHECKING:
    from lakon.commands.program import Program
    from lakon.report import Reporter
    from lakon.settings import Target


def delete(program: Program, target: Target, reporter: Reporter, *, keep_running: bool = False) -> Deletion:
    """Delete the service's stack.

    An embedded AWS that was stopped is started for it, and stopped again; so is one that then holds no stack, unless it
    shall `keep_running`.
    What is marked `keep=True` stays, and is told. ProvisionError when the stack cannot be deleted.
    """
    name = program.stack(target.stage)
    if not target.local or target.endpoint_url:
        return deletion.delete(reach(program, target), name, reporter)

    from lakon.local import daemon  # not for commands that speak to AWS

    folder = aws_folder(program, target)
    stopped = daemon.find(folder) is None
    if stopped and not daemon.holds_state(folder):
        reporter.note("the embedded AWS of this project does not run and holds nothing: nothing to delete")
        return Deletion(name, existed=False, kept=(), emptied={})
    session = start(program, target, reporter)
    forget_fronts(program, target)
    deleted = deletion.delete(session, name, reporter)
    if not keep_running and (stopped or not status.names(session)):
        with reporter.step("stopping the embedded AWS"):
            daemon.stop(folder)
    return deleted

"""`lakon delete`: remove the stack and what it left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakon.commands.places import aws_folder, reach
from lakon.provision import deletion, status
from lakon.provision.deletion import Deletion

if TYPE_CHECKING:
    from lakon.commands.program import Program
    from lakon.report import Reporter
    from lakon.settings import Target


def delete(program: Program, target: Target, reporter: Reporter, *, keep_running: bool = False) -> Deletion:
    """Delete the service's stack. An embedded AWS that then holds no stack is stopped, unless it shall `keep_running`.

    What is marked `keep=True` stays, and is told. ProvisionError when the stack cannot be deleted.
    """
    name = program.stack(target.stage)
    if not target.local or target.endpoint_url:
        return deletion.delete(reach(program, target), name, reporter)

    from lakon.local import daemon  # not for commands that speak to AWS

    if daemon.find(aws_folder(program, target)) is None:
        reporter.note("the embedded AWS of this project does not run: nothing to delete")
        return Deletion(name, existed=False, kept=(), emptied={})
    session = reach(program, target)
    deleted = deletion.delete(session, name, reporter)
    if not keep_running and not status.names(session):
        with reporter.step("stopping the embedded AWS"):
            daemon.stop(aws_folder(program, target))
    return deleted

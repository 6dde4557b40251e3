"""Asking before something is done that cannot be taken back, or that gives somebody more power."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from lakon.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakon.cli.difference import Line
    from lakon.commands.diff import StackDifference
    from lakon.settings import Target

_LOG_GROUP = "AWS::Logs::LogGroup"


def approval(target: Target, *, yes: bool, confirm_iam: bool) -> Approval | None:
    """What has to be asked before a stack is changed; None for nothing. The embedded AWS may lose data unasked."""
    if yes or (target.local and not confirm_iam):
        return None
    return Approval(losses=not target.local, iam=confirm_iam)


class Approval:
    """Shows what is questionable of a difference, and asks; without a terminal it refuses.

    With `losses` it asks before data is lost; a log that goes with its function is not asked about. With `iam` it asks
    before permissions widen. UsageError where nobody can be asked; click.Abort when the answer is no.
    """

    def __init__(self, *, losses: bool, iam: bool) -> None:
        self._losses = losses
        self._iam = iam

    def __call__(self, found: StackDifference) -> None:
        """Ask what has to be asked about `found`."""
        from lakon.cli.difference import access_lines, loss_lines

        difference = found.difference
        if self._losses and (lost := [loss for loss in difference.losses if loss.resource_type != _LOG_GROUP]):
            self._ask(loss_lines(lost), f"{found.stack} would lose data", "Lose it?")
        if self._iam and difference.widens:
            wider = [access for access in difference.access if access.widens]
            self._ask(access_lines(wider), f"permissions of {found.stack} would widen", "Allow that?")

    def _ask(self, told: Iterable[Line], what: str, question: str) -> None:
        import click

        from lakon.cli.difference import plain_line

        shown = "\n".join(map(plain_line, told))
        if not sys.stdin.isatty():
            raise UsageError(f"{what}, and there is no terminal to ask at", detail=shown, hint="Add --yes.")
        click.echo(f"{what}:\n{shown}", err=True)
        click.confirm(question, abort=True, err=True)

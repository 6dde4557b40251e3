"""Asking before something is done that cannot be taken back, or that gives somebody more power."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from lakon.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakon.cli.difference import Line
    from lakon.commands.diff import StackDifference
    from lakon.describe.difference.losses import Loss
    from lakon.settings import Target

INTERRUPTED = 130
_LOG_GROUP = "AWS::Logs::LogGroup"


def approval(target: Target, *, yes: bool, confirm_iam: bool) -> Approval | None:
    """What has to be asked before a stack is changed; None for nothing. The embedded AWS may lose data unasked.

    `yes` answers what is asked about data, not what `confirm_iam` asks.
    """
    losses = not (yes or target.local)
    return Approval(losses=losses, iam=confirm_iam) if losses or confirm_iam else None


class Approval:
    """Shows what is questionable of a difference, and asks; without a terminal it refuses.

    With `losses` it asks before data is lost; a log that goes with its function is not asked about. With `iam` it asks
    before permissions widen. UsageError where nobody can be asked; what `agree` raises when the answer is no.
    """

    def __init__(self, *, losses: bool, iam: bool) -> None:
        self._losses = losses
        self._iam = iam

    def __call__(self, found: StackDifference) -> None:
        """Ask what has to be asked about `found`."""
        from lakon.cli.difference import access_lines, loss_lines

        difference = found.difference
        if self._losses and (lost := [loss for loss in difference.losses if not _goes_with_its_function(loss)]):
            self._ask(loss_lines(lost), f"{found.stack} would lose data", "Lose it?", "Add --yes.")
        if self._iam and difference.widens:
            wider = [access for access in difference.access if access.widens]
            hint = "Leave out --confirm-iam to allow that."
            self._ask(access_lines(wider), f"permissions of {found.stack} would widen", "Allow that?", hint)

    def _ask(self, told: Iterable[Line], what: str, question: str, hint: str) -> None:
        import click

        from lakon.cli.difference import plain_line

        shown = "\n".join(map(plain_line, told))
        if not sys.stdin.isatty():
            raise UsageError(f"{what}, and there is no terminal to ask at", detail=shown, hint=hint)
        click.echo(f"{what}:\n{shown}", err=True)
        agree(question)


def agree(question: str) -> None:
    """Ask at the terminal. click.exceptions.Exit, with the code of an interruption, when the answer is no."""
    import click

    if not click.confirm(question, err=True):
        click.echo("nothing was changed", err=True)
        raise click.exceptions.Exit(INTERRUPTED)


def _goes_with_its_function(loss: Loss) -> bool:
    return loss.resource_type == _LOG_GROUP and loss.event != "changed"

"""`lakon promote`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from lakon.cli.options import find, param_option, place_options, settled, stage_of
from lakon.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakon.settings import Target


@click.command()
@click.argument("stage")
@click.option("--to", metavar="STAGE", required=True, help="The stage that gets them.")
@param_option
@click.option("-y", "--yes", is_flag=True, help="Do not ask, even when data would be lost.")
@click.option("--confirm-iam", is_flag=True, help="Ask before permissions widen.")
@place_options
def command(
    app: str | None,
    stage: str,
    to: str,
    params: Mapping[str, str],
    place: Target,
    as_json: bool,
    yes: bool,
    confirm_iam: bool,
) -> None:
    """Ship the very archives that STAGE runs to another stage; nothing is built.

    The template is made for the other stage, which keeps its own inputs, tags, region and profile. The program must be
    the one that STAGE runs.
    """
    from lakon.cli.approval import approval
    from lakon.cli.outcome import tell
    from lakon.cli.terminal import Terminal
    from lakon.commands.reuse import promote

    if stage == to:
        raise UsageError(f"{stage} is promoted to itself", hint="Name another stage with --to.")
    source = settled(app, replace(place, stage=stage_of(stage)))
    target = settled(app, replace(place, stage=stage_of(to), parameters=params))
    terminal = Terminal()
    approve = approval(target, yes=yes, confirm_iam=confirm_iam)
    tell(promote(find(app), source, target, terminal, approve=approve), terminal, as_json=as_json)

"""`lakon promote`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from lakon.cli.options import find, param_option, place_options, settled, stage_of, tag_option
from lakon.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakon.settings import Target


@click.command()
@click.argument("stage")
@click.option("--to", metavar="STAGE", required=True, help="The stage that gets them.")
@param_option
@tag_option
@click.option(
    "--bucket", metavar="NAME", help="The bucket for archives there.  [default: as in pyproject.toml, or Lakon's]"
)
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask, even when data would be lost.")
@click.option("--confirm-iam", is_flag=True, help="Ask before permissions widen.")
@place_options
def command(
    app: str | None,
    stage: str,
    to: str,
    params: Mapping[str, str],
    tags: Mapping[str, str],
    bucket: str | None,
    dry_run: bool,
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
    from lakon.commands.reuse import from_stage

    if stage == to:
        raise UsageError(f"{stage} is promoted to itself", hint="Name another stage with --to.")
    if dry_run and (yes or confirm_iam):
        raise click.UsageError("--dry-run changes nothing: it takes no --yes or --confirm-iam")
    source = settled(app, replace(place, stage=stage_of(stage)))
    target = settled(app, replace(place, stage=stage_of(to), parameters=params, tags=tags))
    terminal = Terminal()
    shipment = from_stage(find(app), source, target, terminal)
    held = bucket or target.bucket
    if dry_run:
        from lakon.cli.difference import show_or_print

        show_or_print(shipment.difference(bucket=held), as_json=as_json)
        return
    approve = approval(target, yes=yes, confirm_iam=confirm_iam)
    tell(shipment.provision(terminal, bucket=held, approve=approve), terminal, as_json=as_json)

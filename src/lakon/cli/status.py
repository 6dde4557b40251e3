"""`lakon status`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from lakon.cli.options import load, target_options

if TYPE_CHECKING:
    from lakon.settings import Target


@click.command()
@target_options
def command(app: str | None, target: Target, as_json: bool) -> None:
    """Show the stack: its state, its resources with their physical names, its outputs."""
    from lakon.cli.tables import columns
    from lakon.cli.terminal import print_json
    from lakon.commands.status import status

    seen = status(load(app, target.stage), target)
    stack = seen.stack
    if as_json:
        print_json({**asdict(stack), "build": seen.build})
        return
    changed = stack.updated or stack.created
    click.echo(f"{stack.name}  {stack.state}  {changed:%Y-%m-%d %H:%M:%S %Z}")
    if seen.build:
        click.echo(f"build {seen.build}")
    if stack.reason:
        click.echo(stack.reason)
    click.echo()
    for line in columns([(each.logical_id, each.state, each.physical_id or "-") for each in stack.resources]):
        click.echo(line)
    if stack.outputs:
        click.echo()
    for name, value in sorted(stack.outputs.items()):
        click.echo(f"{name} = {value}")

"""`lakon status`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from lakon.cli.options import load, target_options
from lakon.exceptions import DIFFERENT

if TYPE_CHECKING:
    from lakon.commands.status import Status
    from lakon.provision.drift import Drift
    from lakon.settings import Target

_UNCHECKED = 20  # resources that are named


@click.command()
@click.option("--drift", is_flag=True, help="Look for what was changed by hand, property by property.")
@click.option("--exit-code", is_flag=True, help=f"With --drift: exit with {DIFFERENT} when there is any, else with 0.")
@target_options
@click.pass_context
def command(
    context: click.Context, app: str | None, target: Target, as_json: bool, drift: bool, exit_code: bool
) -> None:
    """Show the stack: its state, its build, its resources with their physical names, its outputs."""
    from lakon.cli.terminal import Terminal, print_json
    from lakon.commands.status import status

    if exit_code and not drift:
        raise click.UsageError("--exit-code tells of drift: it goes with --drift")
    seen = status(load(app, target.stage), target, Terminal(), drift=drift)
    if as_json:
        told = {"drift": asdict(seen.drift)} if seen.drift else {}
        functions = {name: asdict(each) for name, each in seen.functions.items()}
        print_json({**asdict(seen.stack), "build": seen.build, "source": seen.source, "functions": functions, **told})
    else:
        _show(seen)
    if exit_code and seen.drift and seen.drift.resources:
        context.exit(DIFFERENT)


def _show(seen: Status) -> None:
    from lakon.cli.tables import columns

    stack = seen.stack
    changed = stack.updated or stack.created
    click.echo(f"{stack.name}  {stack.state}  {changed:%Y-%m-%d %H:%M:%S %Z}")
    if seen.build:
        click.echo(f"build {seen.build}" + (f" of {seen.source[:12]}" if seen.source else ""))
    if stack.reason:
        click.echo(stack.reason)
    click.echo()
    if seen.functions:
        rows = [
            (name, each.state, (each.code or "-")[:12], (each.source or "-")[:12])
            for name, each in seen.functions.items()
        ]
        for line in columns([("function", "state", "code", "source"), *rows]):
            click.echo(line)
        click.echo()
    for line in columns([(each.logical_id, each.state, each.physical_id or "-") for each in stack.resources]):
        click.echo(line)
    if stack.outputs:
        click.echo()
    for name, value in sorted(stack.outputs.items()):
        click.echo(f"{name} = {value}")
    if seen.drift:
        click.echo()
        _show_drift(seen.drift)


def _show_drift(drift: Drift) -> None:
    if not drift.resources:
        click.echo("no drift: everything that AWS can check is as the template says")
    for each in drift.resources:
        click.echo(f"drift: {each.logical_id} ({each.resource_type}) was {each.state} by hand")
        for one in each.properties:
            click.echo(f"    {one.path}: {one.expected or '(none)'} -> {one.actual or '(none)'}")
    if drift.unchecked:
        rest = len(drift.unchecked) - _UNCHECKED
        more = f" and {rest} more" if rest > 0 else ""
        click.echo(f"not checked: {', '.join(drift.unchecked[:_UNCHECKED])}{more}")

"""`lakon describe`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from lakon.cli.options import json_option, load, program_option, stage_option

if TYPE_CHECKING:
    from lakon.describe.overview import Overview


@click.command()
@program_option
@stage_option
@click.option("--mermaid", is_flag=True, help="Print a Mermaid flow chart.")
@json_option
def command(app: str | None, stage: str, mermaid: bool, as_json: bool) -> None:
    """Show what the program declares: functions, what calls them, what they touch, and where it is said."""
    from lakon.cli.terminal import print_json
    from lakon.commands.describe import describe
    from lakon.describe.diagram import mermaid as chart

    seen = describe(load(app, stage), stage=stage)
    if as_json:
        print_json(asdict(seen))
    elif mermaid:
        click.echo(chart(seen), nl=False)
    else:
        _show(seen)


def _show(seen: Overview) -> None:
    from lakon.cli.tables import columns

    about = f": {seen.description}" if seen.description else ""
    click.echo(f"{seen.service}{about}  (Python {seen.python})")
    for function in seen.functions:
        settings = f"{function.memory} MB, {function.timeout} s"
        if function.source:
            settings += f", {function.engine} {function.source}"
        if function.physical_name:
            settings += f", {function.physical_name} in AWS"
        click.echo(f"\n{function.name}  ({settings})  {function.place}")
        rows = [("called by", link.other, link.what) for link in function.calls]
        rows += [("touches", link.other, link.what) for link in function.touches]
        rows += [("alarm", alarm, "") for alarm in function.alarms]
        for line in columns(rows, "  "):
            click.echo(line)
    if seen.resources:
        click.echo("\nresources")
    for line in columns([(each.id, each.kind.replace("_", " "), each.place) for each in seen.resources], "  "):
        click.echo(line)

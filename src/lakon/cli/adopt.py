"""`lakon adopt`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from lakon.cli.options import load, pairs, target_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakon.settings import Target


@click.command()
@click.argument("names", metavar="NAME=PHYSICAL...", nargs=-1, required=True, callback=pairs)
@target_options
def command(app: str | None, target: Target, as_json: bool, names: Mapping[str, str]) -> None:
    """Make resources that exist already part of the stack, by what the program calls them and their physical names.

    A resource is not touched: what it holds stays. It must be one that the program does not name otherwise, such as a
    table, a queue or a topic, or a function with that `physical_name`; the next `provision` makes it what the program
    says.
    """
    from lakon.cli.terminal import Terminal, print_json
    from lakon.commands.adopt import adopt

    terminal = Terminal()
    done = adopt(load(app, target.stage), target, terminal, names)
    if as_json:
        print_json(asdict(done))
        return
    for name, physical in done.resources.items():
        terminal.note(f"{done.stack}: {name} is {physical}")

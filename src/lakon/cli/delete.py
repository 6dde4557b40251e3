"""`lakon delete`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from lakon.cli.approval import agree
from lakon.cli.options import load, target_options
from lakon.exceptions import UsageError

if TYPE_CHECKING:
    from lakon.settings import Target


@click.command()
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@target_options
def command(app: str | None, target: Target, as_json: bool, yes: bool) -> None:
    """Remove the stack and what it left behind, with all data that is not marked keep=True.

    Buckets are emptied. On AWS it asks first; the embedded AWS is not asked about, and stops with its last stack.
    """
    from lakon.cli.terminal import Terminal, print_json
    from lakon.commands.delete import delete

    program = load(app, target.stage)
    stack = program.stack(target.stage)
    if not (yes or target.local):
        if not sys.stdin.isatty():
            raise UsageError(f"deleting {stack} on AWS wants to be confirmed", hint="Add --yes.")
        agree(f"Delete {stack} and all its data?")
    terminal = Terminal()
    deleted = delete(program, target, terminal)
    if as_json:
        print_json(asdict(deleted))
        return
    if deleted.existed:
        terminal.note(f"{deleted.stack}: deleted")

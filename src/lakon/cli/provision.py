"""`lakon provision`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lakon.cli.options import load, target_options

if TYPE_CHECKING:
    from lakon.settings import Target


@click.command()
@click.option("--bucket", metavar="NAME", help="The bucket for archives.  [default: one that Lakon makes]")
@target_options
def command(app: str | None, target: Target, as_json: bool, bucket: str | None) -> None:
    """Build, upload, create or update the stack.

    Running it again when nothing has changed changes nothing. Ctrl-C leaves the stack to AWS; running it again goes
    on watching.
    """
    from lakon.cli.terminal import Terminal, print_json
    from lakon.commands.provision import provision

    terminal = Terminal()
    done = provision(load(app), target, terminal, bucket=bucket)
    outcome = done.outcome
    if as_json:
        print_json(
            {
                "stack": outcome.stack,
                "action": outcome.action,
                "outputs": outcome.outputs,
                "functions": done.functions,
                "uploaded": done.uploaded,
            }
        )
        return
    terminal.note(f"{outcome.stack}: {outcome.action}")
    for name, value in sorted(outcome.outputs.items()):
        click.echo(f"{name} = {value}")

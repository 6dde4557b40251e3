"""What became of a stack, told."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakon.cli.terminal import Terminal
    from lakon.commands.provision import Provisioned


def tell(done: Provisioned, terminal: Terminal, *, as_json: bool, exchanged: Sequence[str] | None = None) -> None:
    """Tell what a provision did: outputs on stdout, as lines or as data for programs.

    `exchanged` are the functions whose code was exchanged, where that is how it was done.
    """
    import click

    from lakon.cli.terminal import print_json

    outcome = done.outcome
    if as_json:
        print_json(
            {
                "stack": outcome.stack,
                "action": outcome.action,
                "outputs": outcome.outputs,
                "functions": done.functions,
                "uploaded": done.uploaded,
                **({} if exchanged is None else {"exchanged": exchanged}),
                **({} if done.flipped is None else {"flipped": done.flipped}),
            }
        )
        return
    flipped = f", {', '.join(done.flipped)} flipped" if done.flipped else ""
    terminal.note(f"{outcome.stack}: {outcome.action}{flipped}")
    for name, value in sorted(outcome.outputs.items()):
        click.echo(f"{name} = {value}")

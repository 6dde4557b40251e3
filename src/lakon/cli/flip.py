"""`lakon flip`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lakon.cli.options import load, target_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakon.settings import Target


@click.command()
@click.argument("functions", nargs=-1, metavar="[FUNCTION]...")
@click.option("--event", metavar="JSON", help="Try the new code with this event, which has to succeed.")
@click.option("--no-event", is_flag=True, help="Do not try the new code with a health check.")
@target_options
def command(
    app: str | None, target: Target, as_json: bool, functions: Sequence[str], event: str | None, no_event: bool
) -> None:
    """Move functions of a stack without a bucket from their stubs to real code: those named, or all.

    Each moves alone, or not at all: build, runtime and handler, architecture and code, a published version, one event
    to it, and then what calls it is switched on. What fails is taken back. Unless told otherwise, the new version is
    sent {"lakon": "health"}: that it cannot start is a failure, that it does not know the event is none.
    """
    from lakon.cli.terminal import Terminal, print_json
    from lakon.commands.flip import flip_functions
    from lakon.provision.flipping import HEALTH

    if event is not None and no_event:
        raise click.UsageError("--event and --no-event contradict each other")
    tried = None if no_event else HEALTH if event is None else event.encode()
    terminal = Terminal()
    done = flip_functions(load(app, target.stage), target, terminal, functions, event=tried)
    if as_json:
        print_json({"flipped": done.flipped, "unchanged": done.unchanged})
        return
    for name in done.flipped:
        terminal.note(f"{name}: live")
    for name in done.unchanged:
        terminal.note(f"{name}: unchanged")

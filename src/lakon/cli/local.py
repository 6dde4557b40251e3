"""`lakon local`."""

from __future__ import annotations

from dataclasses import asdict

import click

from lakon.cli.options import json_option, load, program_option
from lakon.settings import Target


@click.group()
def command() -> None:
    """Look at the embedded AWS of this project, or stop it."""


@command.command()
@program_option
@json_option
def status(app: str | None, as_json: bool) -> None:
    """Print the endpoint of the embedded AWS, for other tools; exit with 8 when it does not run."""
    from lakon.cli.terminal import print_json
    from lakon.commands.local import running

    found = running(load(app), Target(local=True))
    if as_json:
        print_json(asdict(found))
    else:
        click.echo(found.endpoint_url)


@command.command()
@program_option
@json_option
def stop(app: str | None, as_json: bool) -> None:
    """Stop the embedded AWS and all its processes. What it holds is kept for the next start."""
    from lakon.cli.terminal import print_json
    from lakon.commands.local import stop

    stopped = stop(load(app), Target(local=True))
    if as_json:
        print_json({"stopped": stopped})
    else:
        click.echo("stopped" if stopped else "it did not run", err=True)

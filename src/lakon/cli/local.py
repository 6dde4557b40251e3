"""`lakon local`."""

from __future__ import annotations

import click

from lakon.cli.options import load, program_option
from lakon.settings import Target


@click.group()
def command() -> None:
    """Look at the embedded AWS of this project, or stop it."""


@command.command()
@program_option
def status(app: str | None) -> None:
    """Print the endpoint of the embedded AWS, for other tools; exit with 8 when it does not run."""
    from lakon.commands.local import running

    click.echo(running(load(app), Target(local=True)).endpoint_url)


@command.command()
@program_option
def stop(app: str | None) -> None:
    """Stop the embedded AWS and all its processes. What it holds is kept for the next start."""
    from lakon.commands.local import stop

    click.echo("stopped" if stop(load(app), Target(local=True)) else "it did not run", err=True)

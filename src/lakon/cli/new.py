"""`lakon new`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("name")
@click.option("--in", "folder", default=".", show_default=True, metavar="FOLDER", help="Where to make it.")
def command(name: str, folder: str) -> None:
    """Make a working project in a new folder NAME: program, test, README."""
    from lakon.commands.new import new

    project = new(name, Path(folder))
    click.echo(f"made {project}. Next:\n\n  cd {project}\n  lakon provision --local", err=True)

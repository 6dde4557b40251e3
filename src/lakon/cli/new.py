"""`lakon new`."""

from __future__ import annotations

from pathlib import Path

import click

from lakon.cli.options import json_option


@click.command()
@click.argument("name")
@click.option("--in", "folder", default=".", show_default=True, metavar="FOLDER", help="Where to make it.")
@click.option("--go", is_flag=True, help="A project whose function is written in Go.")
@json_option
def command(name: str, folder: str, go: bool, as_json: bool) -> None:
    """Make a working project in a new folder NAME: program, test, README."""
    from lakon.cli.terminal import print_json
    from lakon.commands.new import new

    project = new(name, Path(folder), go=go)
    if as_json:
        print_json({"project": str(project.resolve())})
        return
    click.echo(f"made {project}. Next:\n\n  cd {project}\n  lakon provision --local", err=True)

"""`lakon build`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lakon.cli.options import load, target_options
from lakon.exceptions import BuildError

if TYPE_CHECKING:
    from lakon.settings import Target


@click.command()
@click.option("-o", "--output", metavar="FOLDER", help="Where to put it all.  [default: .lakon/build/STAGE]")
@click.option("--lint", is_flag=True, help="Check the template with cfn-lint (pip install 'lakon[lint]').")
@target_options
def command(app: str | None, target: Target, as_json: bool, output: str | None, lint: bool) -> None:
    """Make archives and template on disk; nothing is sent.

    The folder can be deployed by any other tool: template.json, parameters.json, the archives that it names, and
    manifest.json, which tells what they are. With --local the archives are built for this machine.
    """
    from lakon.cli.terminal import Terminal, print_json
    from lakon.commands import build

    built = build.build(load(app), target, Terminal(), folder=Path(output).resolve() if output else None)
    if lint:
        said = build.lint(built.folder)
        if said:
            raise BuildError("cfn-lint does not like the template", detail="\n".join(said))
    if as_json:
        archives = {
            name: {"file": str(archive.path), "size": archive.size, "unpacked": archive.unpacked}
            for name, archive in built.archives.items()
        }
        print_json({"folder": str(built.folder), "template": str(built.folder / "template.json"), "archives": archives})
        return
    for path in [built.folder / "template.json", *(archive.path for archive in built.archives.values())]:
        click.echo(path)

"""`lakon build`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lakon.cli.options import json_option, load, param_option, program_option, settled, stage_option
from lakon.exceptions import BuildError
from lakon.settings import Target

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.command()
@click.option("-o", "--output", metavar="FOLDER", help="Where to put it all.  [default: .lakon/build/STAGE]")
@click.option("--bucket", metavar="NAME", help="Write the bucket that will hold the archives into parameters.json.")
@click.option("--lint", is_flag=True, help="Check the template with cfn-lint (pip install 'lakon[lint]').")
@program_option
@stage_option
@param_option
@click.option("--local", is_flag=True, help="Build for this machine instead of for Lambda.")
@json_option
def command(
    app: str | None,
    stage: str,
    params: Mapping[str, str],
    local: bool,
    as_json: bool,
    output: str | None,
    bucket: str | None,
    lint: bool,
) -> None:
    """Make archives and template on disk; nothing is sent.

    The folder can be deployed by any other tool: template.json, parameters.json, the archives that it names, and
    manifest.json, which tells what they are. Pages of sites lie below sites/.
    """
    from lakon.cli.terminal import Terminal, print_json
    from lakon.commands import build

    terminal = Terminal()
    target = settled(app, Target(stage=stage, local=local, parameters=params))
    folder = Path(output).resolve() if output else None
    held = bucket or target.bucket
    built = build.build(load(app, target.stage), target, terminal, folder=folder, bucket=held, pages=True)
    if lint:
        errors, warnings = build.lint(built.folder)
        for warning in warnings:
            terminal.warn(warning)
        if errors:
            raise BuildError("cfn-lint does not like the template", detail="\n".join(errors))
    if as_json:
        archives = {
            name: {"file": str(archive.path), "size": archive.size, "unpacked": archive.unpacked}
            for name, archive in built.archives.items()
        }
        print_json({"folder": str(built.folder), "template": str(built.folder / "template.json"), "archives": archives})
        return
    for path in [built.folder / "template.json", *(archive.path for archive in built.archives.values())]:
        click.echo(path)

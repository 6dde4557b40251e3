"""`lakon pipeline`."""

from __future__ import annotations

from typing import Literal

import click

from lakon.cli.options import json_option, load, program_option, stage_of


@click.command()
@click.argument("kind", type=click.Choice(["github", "codepipeline"]))
@click.option("--branch", metavar="NAME", default="main", show_default=True, help="The branch that is shipped.")
@click.option("--test", metavar="STAGE", default="test", show_default=True, help="The stage that is shipped to first.")
@click.option("--production", metavar="STAGE", default="prod", show_default=True, help="The stage behind the approval.")
@click.option("--replace", is_flag=True, help="Replace files that are there.")
@program_option
@json_option
def command(
    app: str | None,
    kind: Literal["github", "codepipeline"],
    branch: str,
    test: str,
    production: str,
    replace: bool,
    as_json: bool,
) -> None:
    """Write a pipeline that tests and builds once, ships to a test stage, and after an approval to production.

    `github` is a workflow of GitHub Actions, with the template of the role that it takes: no key is kept anywhere.
    `codepipeline` is the template of a stack with AWS CodePipeline.
    """
    from lakon.cli.terminal import print_json
    from lakon.commands.pipeline import pipeline

    paths = pipeline(
        load(app), kind, branch=branch, test=stage_of(test), production=stage_of(production), replace=replace
    )
    if as_json:
        print_json({"files": [str(path) for path in paths]})
        return
    for path in paths:
        click.echo(path)

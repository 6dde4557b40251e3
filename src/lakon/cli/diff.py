"""`lakon diff`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lakon.cli.options import load, target_options, values_options
from lakon.exceptions import DIFFERENT

if TYPE_CHECKING:
    from lakon.settings import Target


@click.command()
@click.option("--bucket", metavar="NAME", help="The bucket that `provision` would be given.")
@click.option("--exit-code", is_flag=True, help=f"Exit with {DIFFERENT} when something would change, else with 0.")
@target_options
@values_options
@click.pass_context
def command(
    context: click.Context, app: str | None, target: Target, as_json: bool, bucket: str | None, exit_code: bool
) -> None:
    """Show what `provision` would change; change nothing.

    The program is built and compared with its stack: data that would be lost, resources property by property,
    permissions and those that allow more than before, code file by file, parameters, outputs and tags. No change set is
    made.
    """
    from lakon.cli.difference import show_or_print
    from lakon.cli.terminal import Terminal
    from lakon.commands.diff import diff

    found = diff(load(app, target.stage), target, Terminal(), bucket=bucket or target.bucket)
    show_or_print(found, as_json=as_json)
    if exit_code and not found.difference.empty:
        context.exit(DIFFERENT)

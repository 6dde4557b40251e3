"""`lakon provision`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lakon.cli.options import find, load, target_options, values_options

if TYPE_CHECKING:
    from lakon.cli.terminal import Terminal
    from lakon.settings import Target


@click.command()
@click.option("--bucket", metavar="NAME", help="The bucket for archives.  [default: one that Lakon makes]")
@click.option("--no-bucket", is_flag=True, help="Stubs in the place of code, which `lakon flip` brings.")
@click.option("--from", "folder", metavar="FOLDER", help="Ship what `lakon build` left there; build nothing.")
@click.option("--code-only", is_flag=True, help="Exchange code within seconds; refuse where more differs.")
@click.option("--dry-run", is_flag=True, help="Build, show what would change, and change nothing.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask, even when data would be lost.")
@click.option("--confirm-iam", is_flag=True, help="Ask before permissions widen.")
@target_options
@values_options
def command(
    app: str | None,
    target: Target,
    as_json: bool,
    bucket: str | None,
    no_bucket: bool,
    folder: str | None,
    code_only: bool,
    dry_run: bool,
    yes: bool,
    confirm_iam: bool,
) -> None:
    """Build, upload, create or update the stack.

    Running it again when nothing has changed changes nothing. Ctrl-C leaves the stack to AWS; running it again goes
    on watching. On AWS it asks before data would be lost, and refuses without a terminal; --yes answers for you.
    """
    from lakon.cli.approval import approval
    from lakon.cli.outcome import tell
    from lakon.cli.terminal import Terminal
    from lakon.commands.provision import provision

    terminal = Terminal()
    if no_bucket:
        if bucket or folder or code_only:
            raise click.UsageError("--no-bucket has no archives: it takes no --bucket, --from or --code-only")
        target = replace(target, bucketless=True)
    if dry_run:
        if yes or confirm_iam or code_only:
            raise click.UsageError("--dry-run changes nothing: it takes no --yes, --confirm-iam or --code-only")
        _show(app, target, terminal, bucket=bucket or target.bucket, folder=folder, as_json=as_json)
        return
    if code_only:
        if yes or confirm_iam or folder:
            raise click.UsageError("--code-only changes nothing else: it takes no --yes, --confirm-iam or --from")
        from lakon.commands.code_only import provision_code

        exchanged = provision_code(load(app, target.stage), target, terminal, bucket=bucket or target.bucket)
        tell(exchanged.provisioned, terminal, as_json=as_json, exchanged=exchanged.exchanged)
        return
    approve = approval(target, yes=yes, confirm_iam=confirm_iam)
    held = bucket or target.bucket
    if folder is None:
        done = provision(load(app, target.stage), target, terminal, bucket=held, approve=approve)
    else:
        from lakon.commands.reuse import from_folder

        shipment = from_folder(Path(folder), find(app), target, terminal)
        done = shipment.provision(terminal, bucket=held, approve=approve)
    tell(done, terminal, as_json=as_json)


def _show(
    app: str | None, target: Target, terminal: Terminal, *, bucket: str | None, folder: str | None, as_json: bool
) -> None:
    from lakon.cli.difference import show_or_print

    if folder is None:
        from lakon.commands.diff import diff

        found = diff(load(app, target.stage), target, terminal, bucket=bucket)
    else:
        from lakon.commands.reuse import from_folder

        found = from_folder(Path(folder), find(app), target, terminal).difference(bucket=bucket)
    show_or_print(found, as_json=as_json)

"""`lakon rollback`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from lakon.cli.options import load, target_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakon.commands.rollback import History
    from lakon.settings import Target


@click.command()
@click.option("--to", metavar="BUILD", help="The build to bring back, or the beginning of its id.")
@click.option("--list", "listing", is_flag=True, help="Show what was provisioned, newest first; change nothing.")
@click.option("--continue", "going_on", is_flag=True, help="Go on taking back an update that got stuck.")
@click.option("--skip", multiple=True, metavar="RESOURCE", help="With --continue: leave a resource as it is.")
@click.option("--bucket", metavar="NAME", help="Where builds are kept.  [default: the bucket of the stack's archives]")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask, even when data would be lost.")
@click.option("--confirm-iam", is_flag=True, help="Ask before permissions widen.")
@target_options
def command(
    app: str | None,
    target: Target,
    as_json: bool,
    to: str | None,
    listing: bool,
    going_on: bool,
    skip: Sequence[str],
    bucket: str | None,
    dry_run: bool,
    yes: bool,
    confirm_iam: bool,
) -> None:
    """Bring back the build that ran before, or any earlier one: its template, parameters and code.

    Nothing is built: all of it lies in the artifact bucket. Running it again goes further back; --to goes anywhere,
    also forward. Stubs of a stack that had no bucket yet are not gone back to. Pages of sites and what tables hold stay
    as they are. The next `provision` makes the stack what the program says again.

    --continue is for a stack whose update failed and could not be taken back (UPDATE_ROLLBACK_FAILED): once the cause
    is mended, CloudFormation goes on.
    """
    from lakon.cli.approval import approval
    from lakon.cli.terminal import Terminal, print_json
    from lakon.commands import rollback

    program = load(app, target.stage)
    if listing:
        if to is not None or going_on or skip or dry_run or yes or confirm_iam:
            raise click.UsageError("--list changes nothing: it takes no other option than --bucket")
        _show(rollback.history(program, target, bucket=bucket), as_json=as_json)
        return
    terminal = Terminal()
    if going_on:
        if to is not None or dry_run or yes or confirm_iam or bucket:
            raise click.UsageError("--continue ends what was begun: it takes no other option than --skip")
        stack = rollback.go_on(program, target, terminal, skip)
        if as_json:
            print_json({"stack": stack, "state": "UPDATE_ROLLBACK_COMPLETE"})
        else:
            terminal.note(f"{stack}: the update that failed is taken back")
        return
    if skip:
        raise click.UsageError("--skip goes with --continue")
    if dry_run:
        if yes or confirm_iam:
            raise click.UsageError("--dry-run changes nothing: it takes no --yes or --confirm-iam")
        from lakon.cli.difference import show_or_print

        show_or_print(rollback.difference(program, target, to=to, bucket=bucket), as_json=as_json)
        return
    approve = approval(target, yes=yes, confirm_iam=confirm_iam)
    done = rollback.rollback(program, target, terminal, to=to, bucket=bucket, approve=approve)
    if as_json:
        told = {"stack": done.outcome.stack, "action": done.outcome.action, "old": done.old, "new": done.new}
        print_json({**told, "outputs": done.outcome.outputs})
    else:
        terminal.note(f"{done.outcome.stack}: from the build {done.old} back to {done.new}")
        if sites := ", ".join(site.id for site in program.service.sites):
            terminal.note(f"pages are not taken back ({sites}): provision from the source of that build publishes them")


def _show(known: History, *, as_json: bool) -> None:
    from lakon.cli.tables import columns
    from lakon.cli.terminal import print_json

    if as_json:
        print_json(asdict(known))
        return
    rows = [
        (
            release.build,
            f"{release.provisioned:%Y-%m-%d %H:%M:%S} UTC",
            " ".join(["stubs"] * release.stubs + ["runs"] * (release.time == known.running)),
        )
        for release in known.releases
    ]
    if known.running is None:
        rows.insert(0, (known.build, "not recorded", "runs"))
    for line in columns(rows):
        click.echo(line)

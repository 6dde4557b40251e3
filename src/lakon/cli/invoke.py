"""`lakon invoke`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lakon.cli.options import load, target_options
from lakon.exceptions import InvocationError, UsageError

if TYPE_CHECKING:
    from lakon.commands.program import Program
    from lakon.provision.invocation import Invocation
    from lakon.settings import Target


@click.command()
@click.argument("name")
@click.argument("payload", required=False)
@click.option("-f", "--event-file", metavar="PATH", help="A file that holds the payload; - is standard input.")
@click.option(
    "--event",
    "kind",
    metavar="[KIND]",
    is_flag=False,
    flag_value="",
    help="A sample event with real names, such as s3:put; without KIND, list those that there are.",
)
@click.option("--set", "changes", metavar="PLACE=VALUE", multiple=True, help="Change one place of the event.")
@click.option("--async", "asynchronous", is_flag=True, help="Hand the event over and do not wait for the answer.")
@click.option("--log", "show_log", is_flag=True, help="Show the end of the log of this call on stderr.")
@target_options
def command(
    app: str | None,
    target: Target,
    as_json: bool,
    name: str,
    payload: str | None,
    event_file: str | None,
    kind: str | None,
    changes: tuple[str, ...],
    asynchronous: bool,
    show_log: bool,
) -> None:
    """Call the function NAME with PAYLOAD, which is JSON ({} if none is given), and print its answer.

    `--event` takes a sample event instead: `lakon invoke stamp --event s3:put --set Records.0.s3.object.key=in/cat.png`
    names the bucket that calls the function. PLACE leads down by names and positions; VALUE may be JSON.

    An error of the function is told on stderr, with the end of its log, and exits with 7.
    """
    from lakon.cli.terminal import print_json
    from lakon.commands.invoke import invoke

    program = load(app, target.stage)
    if kind == "":
        _list(program, target, name, as_json)
        return
    if sum(each is not None for each in (payload, event_file, kind)) > 1:
        raise click.UsageError("give either PAYLOAD or --event-file or --event")
    data = _sample(program, target, name, kind) if kind else _payload(payload, event_file)
    answer = invoke(program, target, name, data, event=asynchronous, changes=changes)
    if as_json:
        print_json(
            {"payload": _data(answer.payload), "error": answer.error, "log": answer.log, "version": answer.version}
        )
    if answer.error:
        raise _failure(name, answer)
    if show_log and answer.log:
        click.echo(answer.log.rstrip("\n"), err=True)
    if not as_json and not asynchronous:
        click.echo(answer.payload.decode("utf-8", "replace"))


def _list(program: Program, target: Target, name: str, as_json: bool) -> None:
    """Print the kinds of sample events; those that call the function come first, and are marked."""
    from lakon.cli.tables import columns
    from lakon.cli.terminal import print_json
    from lakon.commands.events import samples

    found = samples(program, target, name)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    for line in columns([("*" if each.fits else " ", each.kind, each.about) for each in found]):
        click.echo(line)
    if any(each.fits for each in found):
        click.echo(f"\n* calls {name}", err=True)


def _sample(program: Program, target: Target, name: str, kind: str) -> bytes:
    from lakon.commands.events import sample

    return sample(program, target, name, kind)


def _payload(payload: str | None, event_file: str | None) -> bytes:
    if event_file is None:
        return (payload or "{}").encode()
    if event_file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(event_file).read_bytes()
    except OSError as error:
        raise UsageError(f"the event file cannot be read: {error.strerror}", where=event_file) from error


def _data(payload: bytes) -> object:
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return payload.decode("utf-8", "replace")


def _failure(name: str, answer: Invocation) -> InvocationError:
    told = _data(answer.payload)
    what = f"{name} failed"
    if isinstance(told, dict):
        what = f"{name} failed: {told.get('errorType', answer.error)}: {told.get('errorMessage', '')}".rstrip(": ")
    return InvocationError(what, detail=answer.log.strip() or None)

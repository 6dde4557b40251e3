"""`lakon dev`."""

from __future__ import annotations

import json
import signal
import sys
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, TextIO, assert_never

import click

from lakon.cli.options import find, json_option, param_option, program_option, settled, stage_option
from lakon.cli.tables import columns
from lakon.cli.terminal import Terminal
from lakon.settings import DEFAULT_STAGE, Target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import FrameType

    from rich.console import Console

    from lakon.commands.dev import Event, Failed, Ready, Reloaded
    from lakon.commands.remote import Published, Shipped
    from lakon.provision.logs import LogLine
    from lakon.report import ResourceEvent

_COLOURS = ("cyan", "magenta", "green", "blue", "yellow", "bright_cyan", "bright_magenta", "bright_green")
_SEVERAL = 5
_FRAME = ("START RequestId: ", "END RequestId: ", "REPORT RequestId: ", "INIT_START ")


@click.command()
@program_option
@stage_option
@param_option
@click.option("--region", metavar="NAME", help="The region, or the one that the embedded AWS stands for.")
@click.option("--keep", is_flag=True, help="Leave the embedded AWS running at the end.")
@click.option("--debug", metavar="NAME", help="Start that function under debugpy, or Delve if it is in Go.")
@click.option("--debug-port", type=click.IntRange(1, 65535), default=5678, show_default=True, help="Where it listens.")
@click.option("--remote", is_flag=True, help="Keep the stage on AWS what the saved files say, instead.")
@click.option("--profile", metavar="NAME", help="With --remote: AWS profile.")
@click.option("--endpoint-url", metavar="URL", help="With --remote: an emulator, or a proxy, in AWS's place.")
@click.option("-y", "--yes", is_flag=True, help="With --remote: do not ask, even when data would be lost.")
@json_option
def command(
    app: str | None,
    stage: str,
    params: Mapping[str, str],
    region: str | None,
    remote: bool,
    profile: str | None,
    endpoint_url: str | None,
    yes: bool,
    keep: bool,
    debug: str | None,
    debug_port: int,
    as_json: bool,
) -> None:
    """Run the whole service on this machine: its logs are shown, and what is saved is reloaded. Ctrl-C ends it.

    No AWS account is needed. Events under way end with the code they began with; a mistake is shown, and the version
    that worked last goes on working. Data is kept for the next time; `lakon delete --local` removes it.
    """
    from lakon.commands.debug import Debugged
    from lakon.commands.dev import dev

    if remote and (keep or debug):
        raise click.UsageError("--remote works on AWS: it takes neither --keep nor --debug")
    if not remote and (profile or endpoint_url or yes):
        raise click.UsageError("--profile, --endpoint-url and --yes go with --remote")
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _interrupt)
    if remote:
        target = Target(stage=stage, region=region, profile=profile, endpoint_url=endpoint_url, parameters=params)
        _remote(find(app), settled(app, target), yes=yes, as_json=as_json)
        return
    terminal = _Quiet()
    target = settled(app, Target(stage=stage, region=region, local=True, parameters=params))
    screen = partial(_print_json, sys.stdout) if as_json else _Screen(terminal, stage).show
    try:
        dev(find(app), target, terminal, screen, keep=keep, debugged=Debugged(debug, debug_port) if debug else None)
    except KeyboardInterrupt:
        return


def _remote(path: Path, target: Target, *, yes: bool, as_json: bool) -> None:
    from lakon.cli.approval import approval
    from lakon.commands.remote import Published, Shipped, remote

    terminal = Terminal()
    approve = approval(target, yes=yes, confirm_iam=False)
    stdout = sys.stdout

    def show(event: Shipped | Reloaded | Published | Failed) -> None:
        if as_json:
            _print_json(stdout, event)
        elif isinstance(event, Shipped):
            terminal.note(f"{event.stack} is what the program says ({event.seconds:.1f} s); Ctrl-C ends")
        elif isinstance(event, Published):
            files, sites = _few(event.saved, "files"), _few(event.sites, "sites")
            terminal.note(f"{files}: published {sites} ({event.seconds * 1000:.0f} ms)")
        else:
            _show_reload(terminal, event)

    try:
        remote(path, target, terminal, show, approve=approve)
    except KeyboardInterrupt:
        return


def _show_reload(terminal: Terminal, event: Reloaded | Failed) -> None:
    from lakon.commands.dev import Failed

    if isinstance(event, Failed):
        terminal.error(event.error)
        terminal.note("waiting for it to be mended")
        return
    what = _few(event.functions, "functions") or "nothing, all is as it was"
    terminal.note(f"{_few(event.saved, 'files')}: reloaded {what} ({event.seconds * 1000:.0f} ms)")


def _interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a signal handler's
    raise KeyboardInterrupt


def _print_json(stdout: TextIO, event: Event | Shipped | Published) -> None:
    """One line for each event: its kind, and what belongs to it. `stdout` is not what it is while programs load."""
    from lakon.commands.dev import Failed

    if isinstance(event, Failed):
        error = event.error
        told = {"error": str(error), "where": error.where, "hint": error.hint, "saved": event.saved}
    else:
        told = asdict(event)
    kind = type(event).__name__.removesuffix("Line").lower()
    click.echo(json.dumps({"event": kind, **told}, default=str, ensure_ascii=False), file=stdout)


class _Quiet(Terminal):
    """Resources that are made are shown when all is up; only what fails is told before."""

    def resource(self, event: ResourceEvent) -> None:
        """Tell what failed."""
        if event.status.endswith("_FAILED"):
            super().resource(event)


class _Screen:
    """Shows what happens to a person: logs on stdout, all else on stderr."""

    def __init__(self, terminal: Terminal, stage: str) -> None:
        from rich.console import Console

        self._terminal = terminal
        self._where = "--local" if stage == DEFAULT_STAGE else f"--local --stage {stage}"
        self._logs: Console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
        self._colours: dict[str, str] = {}
        self._width = 0

    def show(self, event: Event) -> None:
        """Show one event."""
        from lakon.commands.dev import Failed, Ready, Reloaded
        from lakon.provision.logs import LogLine

        match event:
            case Ready():
                self._ready(event)
            case Reloaded() | Failed():
                _show_reload(self._terminal, event)
            case LogLine():
                self._log(event)
            case _:
                assert_never(event)

    def _ready(self, ready: Ready) -> None:
        note = self._terminal.note
        names = [function.name for function in ready.functions]
        self._colours = {name: _COLOURS[index % len(_COLOURS)] for index, name in enumerate(names)}
        self._width = max(map(len, names), default=0)
        note(f"\n{ready.stack} is up ({ready.seconds:.1f} s) at {ready.endpoint_url}\n")
        functions = [
            (each.name, each.physical_name, call) for each in ready.functions for call in each.called_by or ("",)
        ]
        resources = [(each.name, each.kind.replace("_", " "), each.physical_id) for each in ready.resources]
        fronts = [(each.name, each.kind.replace("_", " "), each.url) for each in ready.fronts]
        pages = [(f"try {each.name} at", each.page) for each in ready.fronts if each.page]
        for rows in (functions, resources, fronts, pages):
            if rows:
                note("\n".join(columns(rows, "  ")) + "\n")
        if names:
            note(f"Call one: lakon invoke {names[0]} {self._where} (--event lists sample events). Ctrl-C ends.\n")

    def _log(self, line: LogLine) -> None:
        from rich.text import Text

        style = "dim" if line.message.startswith(_FRAME) else "not dim"
        for each in line.message.rstrip().splitlines() or [""]:
            text = Text(f"{line.time.astimezone():%H:%M:%S.%f}"[:-3] + " ", style="dim")
            text.append(f"{line.group:<{self._width}} ", style=self._colours.get(line.group, ""))
            text.append(each, style=style)
            self._logs.print(text)


def _few(names: Sequence[str], what: str) -> str:
    """The names, or how many there are."""
    return ", ".join(names) if len(names) <= _SEVERAL else f"{len(names)} {what}"

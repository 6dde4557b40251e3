"""A reporter that speaks to a person: on stderr, in colour and with live progress where that can be shown."""

from __future__ import annotations

import re
import sys
import time
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from lakon.exceptions import ProgramError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console
    from rich.status import Status

    from lakon.exceptions import LakonError
    from lakon.report import ResourceEvent, Step

_SLOW = 0.5
_COMMANDS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class _LiveStep:
    def __init__(self, status: Status, what: str) -> None:
        self._status = status
        self._what = what

    def update(self, detail: str) -> None:
        """Show how far it is beside what is done."""
        self._status.update(f"{escape(self._what)} [dim]{escape(detail)}[/]")


class _PlainStep:
    def update(self, detail: str) -> None:
        """Where lines cannot be replaced, only the beginning and the end are told."""


class Terminal:
    """Speaks on stderr; stdout is left to data. What has nothing to say costs nothing: rich is imported to speak."""

    @cached_property
    def console(self) -> Console:
        """Where it speaks."""
        from rich.console import Console

        return Console(stderr=True, highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, what: str) -> Iterator[Step]:
        """Show that something goes on, and how long it took when that was worth noticing."""
        begun = time.monotonic()
        if sys.stderr.isatty():
            with self.console.status(escape(what), spinner="dots") as status:
                yield _LiveStep(status, what)
        else:
            yield _PlainStep()
        took = time.monotonic() - begun
        if took >= _SLOW:
            self.console.print(f"{escape(what)} [dim]({took:.1f} s)[/]")

    def note(self, text: str) -> None:
        """Say something worth knowing."""
        self.console.print(escape(text))

    def warn(self, text: str, hint: str | None = None) -> None:
        """Say something that is not as expected."""
        self.console.print(f"[yellow]warning:[/] {escape(text)}")
        if hint:
            self.console.print(_indented(hint, 9))

    def resource(self, event: ResourceEvent) -> None:
        """Tell what has been done with a resource, and what failed; beginnings are not told."""
        if event.status.endswith("_IN_PROGRESS"):
            return
        failed = event.status.endswith("_FAILED")
        colour = "red" if failed else "green"
        reason = f"  {escape(event.reason)}" if failed and event.reason else ""
        self.console.print(
            f"  [{colour}]{event.status:<18}[/] [bold]{event.logical_id}[/] [dim]{event.resource_type}[/]{reason}"
        )

    def error(self, error: LakonError) -> None:
        """Tell what went wrong, where, and after a blank line what to do."""
        where = f"{escape(error.where)}: " if error.where else ""
        self.console.print(f"[red bold]error:[/] {where}{escape(error.what)}")
        if error.detail:
            self.console.print(f"\n{_indented(error.detail, 2)}")
        if isinstance(error, ProgramError):
            for mistake in error.mistakes:
                self.console.print(f"\n  [bold]{escape(mistake.where)}[/]: {escape(mistake.what)}")
                self.console.print(_indented(mistake.hint, 4))
        if error.hint:
            self.console.print(f"\n{escape(error.hint)}")


def escape(text: str) -> str:
    """Text in which rich sees no markup, and the terminal no commands: other people's errors may hold both."""
    from rich.markup import escape

    return escape(_COMMANDS.sub(_shown, text))


def _shown(match: re.Match[str]) -> str:
    return f"\\x{ord(match[0]):02x}"


def _indented(text: str, width: int) -> str:
    from textwrap import indent

    return escape(indent(text, " " * width))


def print_json(data: object) -> None:
    """Print data on stdout, for programs. Times are as ISO 8601 writes them."""
    import json

    import click

    click.echo(json.dumps(data, indent=2, default=_text, ensure_ascii=False))


def _text(value: object) -> str:
    from datetime import datetime

    return value.isoformat() if isinstance(value, datetime) else str(value)

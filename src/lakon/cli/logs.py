"""`lakon logs`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from lakon.cli.options import load, target_options

if TYPE_CHECKING:
    from lakon.settings import Target

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


class _Span(click.ParamType[float]):
    name = "span"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read `90s`, `5m`, `2h`, `1d` or `1w` as seconds."""
        match = re.fullmatch(r"(\d+)([smhdw])", str(value))
        if match is None:
            self.fail(f"{value!r} is no span of time: write 90s, 5m, 2h, 1d or 1w", param, ctx)
        return int(match[1]) * _UNITS[match[2]]


@click.command()
@click.argument("names", nargs=-1)
@click.option("--since", type=_Span(), default="1h", show_default=True, metavar="SPAN", help="How far to look back.")
@click.option("-f", "--follow", is_flag=True, help="Go on showing new lines until Ctrl-C.")
@click.option("--filter", "pattern", metavar="PATTERN", help="Only lines that match a filter pattern of CloudWatch.")
@target_options
def command(
    app: str | None,
    target: Target,
    as_json: bool,
    names: tuple[str, ...],
    since: float,
    follow: bool,
    pattern: str | None,
) -> None:
    """Show what the functions NAMES wrote, or all of them, in the order of time."""
    import json
    from dataclasses import asdict

    from lakon.commands.logs import logs

    program = load(app, target.stage)
    label = len(program.service.functions) > 1 and len(names) != 1
    for line in logs(program, target, names, since=since, follow=follow, pattern=pattern):
        if as_json:
            click.echo(json.dumps(asdict(line), default=str, ensure_ascii=False))
        else:
            prefix = f"{line.group}: " if label else ""
            click.echo(f"{line.time.astimezone():%H:%M:%S.%f}"[:-3] + f" {prefix}{line.message.rstrip()}")

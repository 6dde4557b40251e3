"""Options that commands share."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click

from lakon.exceptions import UsageError
from lakon.settings import DEFAULT_STAGE, STAGE_HINT, STAGE_NAME, Target

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakon.commands.program import Program

P = ParamSpec("P")
R = TypeVar("R")


def program_option(command: Callable[P, R]) -> Callable[P, R]:
    """Where the program is."""
    return click.option(
        "-a",
        "--app",
        metavar="PATH",
        envvar="LAKON_APP",
        help="The program, or its folder.  [default: app.py, or what pyproject.toml says]",
    )(command)


def stage_option(command: Callable[P, R]) -> Callable[P, R]:
    """Which copy of the service."""
    return click.option(
        "-s",
        "--stage",
        metavar="NAME",
        envvar="LAKON_STAGE",
        default=DEFAULT_STAGE,
        show_default=True,
        help="Which copy of the service.",
    )(command)


def json_option(command: Callable[P, R]) -> Callable[P, R]:
    """Data for programs instead of text for people."""
    return click.option("--json", "as_json", is_flag=True, help="Print data for programs.")(command)


def stage_of(stage: str) -> str:
    """The stage's name, checked. UsageError when it is not one."""
    if not STAGE_NAME.fullmatch(stage):
        raise UsageError(f"the stage's name is {stage!r}", hint=STAGE_HINT)
    return stage


def target_options(command: Callable[..., R]) -> Callable[..., R]:
    """Where the service is: `command` gets a `target`."""

    @program_option
    @stage_option
    @click.option("--local", is_flag=True, help="In the embedded AWS on this machine.")
    @click.option("--region", metavar="NAME", help="AWS region.  [default: as configured for AWS]")
    @click.option("--profile", metavar="NAME", help="AWS profile.  [default: as configured for AWS]")
    @click.option("--endpoint-url", metavar="URL", help="Another emulator, or a proxy, in AWS's place.")
    @json_option
    @functools.wraps(command)
    def wrapped(
        *args: object,
        stage: str,
        local: bool,
        region: str | None,
        profile: str | None,
        endpoint_url: str | None,
        **options: object,
    ) -> R:
        if local and (profile or endpoint_url):
            raise click.UsageError("--local is the embedded AWS: it takes neither --profile nor --endpoint-url")
        target = Target(stage=stage_of(stage), region=region, profile=profile, endpoint_url=endpoint_url, local=local)
        return command(*args, target=target, **options)

    return wrapped


def find(app: str | None) -> Path:
    """The file of the program that a command works on."""
    from lakon.commands import program

    return program.find(app, Path.cwd())


def load(app: str | None) -> Program:
    """The program that a command works on."""
    from lakon.commands import program

    return program.load(find(app))

"""Options that commands share."""

from __future__ import annotations

import functools
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click
from click.core import ParameterSource

from lakon.exceptions import UsageError
from lakon.settings import DEFAULT_STAGE, STAGE_HINT, STAGE_NAME, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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


def stage_option(command: Callable[..., R]) -> Callable[..., R]:
    """Which copy of the service: `command` gets a `stage`."""

    @click.option(
        "-s",
        "--stage",
        metavar="NAME",
        envvar="LAKON_STAGE",
        default=DEFAULT_STAGE,
        show_default=True,
        help="Which copy of the service.",
    )
    @click.option("--personal", is_flag=True, help="The copy that is yours alone: the stage has your user's name.")
    @functools.wraps(command)
    def wrapped(*args: object, stage: str, personal: bool, **options: object) -> R:
        if personal and click.get_current_context().get_parameter_source("stage") is ParameterSource.COMMANDLINE:
            raise click.UsageError("--personal is a stage of its own: it does not go with --stage")
        return command(*args, stage=_personal() if personal else stage_of(stage), **options)

    return wrapped


def _personal() -> str:
    """The user's name as a stage is named."""
    from getpass import getuser

    letters = [letter if letter.isascii() and letter.isalnum() else "-" for letter in getuser().lower()]
    return stage_of("".join(letters).strip("-")[:30])


def param_option(command: Callable[P, R]) -> Callable[P, R]:
    """What the service's inputs are given: `command` gets a mapping `params`."""
    about = "The value of an input of the service."
    return click.option("--param", "params", metavar="NAME=VALUE", multiple=True, callback=pairs, help=about)(command)


def tag_option(command: Callable[P, R]) -> Callable[P, R]:
    """What the stack and all that it holds is marked with: `command` gets a mapping `tags`."""
    about = "A tag of the stack and of all that it holds."
    return click.option("--tag", "tags", metavar="KEY=VALUE", multiple=True, callback=pairs, help=about)(command)


def values_options(command: Callable[..., R]) -> Callable[..., R]:
    """What the stack is given: `--param` and `--tag`, which become part of the `target`."""

    @param_option
    @tag_option
    @functools.wraps(command)
    def wrapped(
        *args: object, target: Target, params: Mapping[str, str], tags: Mapping[str, str], **options: object
    ) -> R:
        from lakon.commands.stages import check_tags

        check_tags(tags)  # before anything is built or started
        given = replace(target, parameters={**target.parameters, **params}, tags={**target.tags, **tags})
        return command(*args, target=given, **options)

    return wrapped


def pairs(_: click.Context, option: click.Parameter, texts: Sequence[str]) -> dict[str, str]:
    """What `NAME=VALUE` says, several times, as a mapping. click.BadParameter where one does not, or two differ."""
    split = [text.partition("=") for text in texts]
    for name, sign, _value in split:
        if not (name and sign):
            raise click.BadParameter("it takes a name and a value, as in Name=value", param=option)
    for name, times in Counter(name for name, _sign, _value in split).items():
        if times > 1:
            raise click.BadParameter(f"{name} is given {times} times", param=option)
    return {name: value for name, _sign, value in split}


def json_option(command: Callable[P, R]) -> Callable[P, R]:
    """Data for programs instead of text for people."""
    return click.option("--json", "as_json", is_flag=True, help="Print data for programs.")(command)


def stage_of(stage: str) -> str:
    """The stage's name, checked. UsageError when it is not one."""
    if not STAGE_NAME.fullmatch(stage):
        raise UsageError(f"the stage's name is {stage!r}", hint=STAGE_HINT)
    return stage


def place_options(command: Callable[..., R]) -> Callable[..., R]:
    """Where services are, whatever the stage: `command` gets a target `place` and the program's `app`."""

    @program_option
    @click.option("--local", is_flag=True, help="In the embedded AWS on this machine.")
    @click.option("--region", metavar="NAME", help="AWS region.  [default: as configured for AWS]")
    @click.option("--profile", metavar="NAME", help="AWS profile.  [default: as configured for AWS]")
    @click.option("--endpoint-url", metavar="URL", help="Another emulator, or a proxy, in AWS's place.")
    @json_option
    @functools.wraps(command)
    def wrapped(
        *args: object,
        local: bool,
        region: str | None,
        profile: str | None,
        endpoint_url: str | None,
        **options: object,
    ) -> R:
        if local and (profile or endpoint_url):
            raise click.UsageError("--local is the embedded AWS: it takes neither --profile nor --endpoint-url")
        place = Target(region=region, profile=profile, endpoint_url=endpoint_url, local=local)
        return command(*args, place=place, **options)

    return wrapped


def target_options(command: Callable[..., R]) -> Callable[..., R]:
    """Where the service is: `command` gets a `target`."""

    @stage_option
    @place_options
    @functools.wraps(command)
    def wrapped(*args: object, app: str | None, stage: str, place: Target, **options: object) -> R:
        return command(*args, app=app, target=settled(app, replace(place, stage=stage)), **options)

    return wrapped


def settled(app: str | None, target: Target) -> Target:
    """The target with what the project's pyproject.toml says of its stage."""
    from lakon.commands import stages

    return stages.settled(target, find(app))


def find(app: str | None) -> Path:
    """The file of the program that a command works on."""
    from lakon.commands import program

    return program.find(app, Path.cwd())


def load(app: str | None, stage: str = DEFAULT_STAGE) -> Program:
    """The program that a command works on, as it is in a stage."""
    from lakon.commands import program

    return program.load(find(app), stage)

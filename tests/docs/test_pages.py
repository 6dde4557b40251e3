"""The pages agree with the code and with each other."""

from __future__ import annotations

import importlib
import re
import shlex
import tomllib
from importlib.util import module_from_spec, spec_from_file_location
from typing import TYPE_CHECKING
from urllib.parse import unquote

import click
import pytest

import lakon
from lakon.cli.group import COMMANDS, cli
from lakon.commands import program
from lakon.exceptions import LakonError
from lakon.synth.synthesis import synthesize

from .markdown import ROOT, Block, anchors, blocks, links, pages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REFERENCE = ROOT / "docs" / "reference"
GUIDES = [ROOT / "README.md", ROOT / "docs" / "tutorial.md", *sorted((ROOT / "docs" / "how-to").glob("*.md"))]
EVERY_PAGE = pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))


def name(page: Path) -> str:
    return page.stem


def generated() -> dict[str, str]:
    spec = spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    made: dict[str, str] = module.pages()
    return made


def test_the_reference_is_what_the_code_says() -> None:
    kept = {page.name: page.read_text("utf-8") for page in REFERENCE.glob("*.md")}
    assert kept == generated(), "run `python docs/generate.py`"


def test_every_command_is_in_the_reference() -> None:
    told = (REFERENCE / "commands.md").read_text("utf-8")
    for path, command in every_command():
        assert f"# {path}\n" in told
        assert command.help, f"{path} has no help"


def every_command() -> Iterator[tuple[str, click.Command]]:
    for verb in COMMANDS:
        command = importlib.import_module(f"lakon.cli.{verb}").command
        yield f"lakon {verb}", command
        if isinstance(command, click.Group):
            for inner, each in command.commands.items():
                yield f"lakon {verb} {inner}", each


def test_every_public_name_is_documented_and_in_the_reference() -> None:
    told = (REFERENCE / "api.md").read_text("utf-8")
    for public in lakon.__all__:
        assert getattr(lakon, public).__doc__, f"lakon.{public} has no docstring"
        assert f"## lakon.{public}\n" in told


def test_every_variable_that_a_user_may_set_is_in_the_reference() -> None:
    told = (REFERENCE / "environment.md").read_text("utf-8")
    sources = [ROOT / "src/lakon/settings.py", *(ROOT / "src/lakon/cli").glob("*.py")]
    read = {variable for source in sources for variable in re.findall(r"\bLAKON_[A-Z_]+", source.read_text("utf-8"))}
    assert {variable for variable in read if f"`{variable}`" not in told} == set()


def test_every_error_has_advice() -> None:
    advice = (ROOT / "docs/how-to/troubleshooting.md").read_text("utf-8")
    for each in LakonError.__subclasses__():
        if each.__module__ == LakonError.__module__:
            assert f"## {each.exit_code}: {each.__name__}\n" in advice


@EVERY_PAGE
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        if link.startswith(("https://", "http://", "mailto:")):
            continue
        path, _, fragment = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link} leads nowhere"
        assert not fragment or fragment in anchors(target), f"{link}: there is no such heading"


@pytest.mark.parametrize("page", GUIDES, ids=name)
def test_the_python_of_a_page_is_a_program_without_mistakes(page: Path, tmp_path: Path) -> None:
    """What stands in untitled blocks of a page, one after the other, is one program; so is each titled app.py."""
    written = [block for block in blocks(page) if block.language == "python"]
    parts = [block.text for block in written if block.title is None]
    programs = [block.text for block in written if block.title == "app.py"]
    for block in written:
        if block.title not in (None, "app.py"):
            compile(block.text, str(block.title), "exec")
            (tmp_path / str(block.title)).write_text(block.text, "utf-8")
    for text in [*programs, *(["\n\n".join(parts)] if parts else [])]:
        app = tmp_path / "app.py"
        app.write_text(text, "utf-8")
        synthesize(program.load(app).service, stage="dev", root=str(tmp_path))


@pytest.mark.parametrize("page", GUIDES, ids=name)
def test_the_commands_of_a_page_exist(page: Path) -> None:
    for line in shell_lines(blocks(page)):
        words = shlex.split(line)
        if words[:1] == ["lakon"]:
            assert_parses(cli, words[1:])


def shell_lines(page: list[Block]) -> Iterator[str]:
    for block in page:
        if block.language == "console":
            yield from re.findall(r"^\$ (.*)$", block.text, re.MULTILINE)


def assert_parses(group: click.Group, words: list[str]) -> None:
    command = group.get_command(click.Context(group), words[0])
    assert command is not None, f"there is no command {words[0]}"
    if isinstance(command, click.Group):
        assert_parses(command, words[1:])
    else:
        command.make_context(words[0], words[1:])


@EVERY_PAGE
def test_toml_can_be_read(page: Path) -> None:
    for block in blocks(page):
        if block.language == "toml":
            tomllib.loads(block.text)

"""What the `lakon` program is made of: its commands, each imported when it is called."""

from __future__ import annotations

import importlib

import click

from lakon import __version__

COMMANDS = {
    "new": "Make a working project: program, test, README.",
    "dev": "Run the service on this machine, reloaded on save.",
    "build": "Make archives and template on disk; nothing is sent.",
    "diff": "Show what provision would change.",
    "provision": "Build, upload, create or update the stack.",
    "flip": "Move functions from stubs to real code.",
    "promote": "Ship what one stage runs to another.",
    "rollback": "Bring back an earlier build.",
    "adopt": "Make existing resources and functions part of the stack.",
    "status": "Show the stack and its resources.",
    "invoke": "Call a function.",
    "logs": "Show what the functions wrote.",
    "describe": "Show what the program declares.",
    "openapi": "Print an OpenAPI document of an API.",
    "pipeline": "Write a pipeline that ships the service.",
    "delete": "Remove the stack and what it left behind.",
    "local": "Look at the embedded AWS, or stop it.",
}


class Commands(click.Group):
    """Commands that are imported when they are called, so that none pays for another."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """All commands, in the order in which they are used."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"lakon.cli.{cmd_name}").command
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """The commands with what each does, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="`lakon COMMAND --help` tells about one command. stdout is data, stderr is talk.",
)
@click.version_option(__version__, "-V", "--version", message="lakon %(version)s")
def cli() -> None:
    """One Python program is a whole AWS Lambda service; this is what you do with it."""

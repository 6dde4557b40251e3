"""The `lakon` program: parses, and turns errors into messages and exit codes."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from lakon import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "new": "Make a working project: program, test, README.",
    "dev": "Run the service on this machine, reloaded on save.",
    "build": "Make archives and template on disk; nothing is sent.",
    "provision": "Build, upload, create or update the stack.",
    "status": "Show the stack and its resources.",
    "invoke": "Call a function.",
    "logs": "Show what the functions wrote.",
    "describe": "Show what the program declares.",
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


def main(arguments: Sequence[str] | None = None, *, program: str | None = None) -> NoReturn:
    """Run the command line and exit. `program` is the file that commands work on unless --app names another."""
    if program is not None:
        os.environ.setdefault("LAKON_APP", program)
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    from lakon.exceptions import LakonError

    try:
        cli.main(args=arguments, prog_name="lakon", standalone_mode=False)
    except LakonError as error:
        from lakon.cli.terminal import Terminal

        Terminal().error(error)
        return error.exit_code
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        from lakon.cli.terminal import Terminal
        from lakon.exceptions import UsageError

        context = getattr(error, "ctx", None)
        hint = f"`{context.command_path} --help` tells what it takes." if context else None
        Terminal().error(UsageError(error.format_message(), hint=hint))
        return error.exit_code
    except (KeyboardInterrupt, click.exceptions.Abort):
        click.echo("\ninterrupted", err=True)
        return 130
    return 0


if __name__ == "__main__":
    main()

"""Where the `lakon` program begins and ends: errors become messages and exit codes.

Nothing slow is imported before Ctrl-C is waited for.
"""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    import click

    from lakon.exceptions import LakonError

_INTERRUPTED = 130
_COLLECTED = 200_000
"""Objects made before Python looks for cycles: starting makes more than its usual 700, and leaves hardly any."""


def main(arguments: Sequence[str] | None = None, *, program: str | None = None) -> NoReturn:
    """Run the command line and exit. `program` is the file that commands work on unless --app names another."""
    gc.set_threshold(_COLLECTED)
    try:
        if program is not None:
            os.environ["LAKON_APP"] = program
        code = run(arguments)
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted\n")
        code = _INTERRUPTED
    gc.freeze()  # what is left ends with the process: it need not be looked through on the way out
    sys.exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    import click

    from lakon.cli.group import cli
    from lakon.exceptions import LakonError

    code: object = 0
    try:
        code = cli.main(args=arguments, prog_name="lakon", standalone_mode=False)
        if sys.stdout:
            sys.stdout.flush()
    except LakonError as error:
        return _tell(error)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
    except click.ClickException as error:
        return _tell(_usage_error(error))
    except click.exceptions.Abort as abort:  # of Ctrl-C, after which click has ended the line, or of a question
        click.echo("interrupted" if abort.__cause__ else "\ninterrupted", err=True)
        return _INTERRUPTED
    except (SystemExit, BrokenPipeError):  # the first is click's word for a reader of stdout that has gone
        _drop_stdout()
        return 1
    except OSError as error:
        return _tell(_system_error(error))
    return code if isinstance(code, int) else 0


def _tell(error: LakonError) -> int:
    from lakon.cli.terminal import Terminal

    Terminal().error(error)
    return error.exit_code


def _usage_error(error: click.ClickException) -> LakonError:
    from lakon.exceptions import UsageError

    context = getattr(error, "ctx", None)
    hint = f"`{context.command_path} --help` tells what it takes." if context else None
    return UsageError(error.format_message(), hint=hint)


def _system_error(error: OSError) -> LakonError:
    """What the system refused where no room had words of its own for it: a disk, a folder, stdout."""
    from lakon.exceptions import LakonError
    from lakon.settings import storage_hint

    hint = storage_hint(error.errno)
    if error.filename is None and hint is None:
        raise error
    _drop_stdout()
    what = "could not be read or written" if error.filename else "a file, or the output, could not be written"
    return LakonError(f"{what}: {error.strerror}", where=error.filename and str(error.filename), hint=hint)


def _drop_stdout() -> None:
    """What still waits to be written to stdout cannot be: let Python not try it again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()

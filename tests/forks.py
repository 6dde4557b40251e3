"""Processes of `lakon` without the time that a process takes to begin: forked from one that has imported it all."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_SERVER = """
import importlib, json, os, signal, sys
import lakon.local.daemon, lakon.provision.session, lakon.provision.stack, rich.console
from lakon.cli.group import COMMANDS
from lakon.cli.main import main
for name in COMMANDS:
    importlib.import_module(f"lakon.cli.{name}")
for name in "build code_only delete diff flip fronts invoke provision reuse rollback status".split():
    importlib.import_module(f"lakon.commands.{name}")


def become(told):
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, (name, flags) in enumerate(told["files"]):
        os.dup2(os.open(name, flags), number)
    os.chdir(told["folder"])
    os.environ.clear()
    os.environ.update(told["environment"])
    sys.path[0] = told["folder"]
    sys.argv[:] = ["lakon", *told["arguments"]]
    main(told["arguments"])


for line in sys.stdin:
    child = os.fork()
    if not child:
        become(json.loads(line))
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Forks:
    """One process at a time; whoever wants more at once starts them by himself."""

    def __init__(self) -> None:
        self.free = threading.Lock()
        self._server = subprocess.Popen(
            [sys.executable, "-c", _SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def begin(
        self,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        files: Sequence[tuple[str, int]],
    ) -> int:
        """Start `lakon` with arguments in a folder; return its process id.

        `files` are those for stdin, stdout and stderr, each with the flags to open it with.
        """
        told = {
            "arguments": list(arguments),
            "folder": str(folder),
            "environment": dict(environment),
            "files": list(files),
        }
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps(told) + "\n")
        self._server.stdin.flush()
        return self._told()

    def end(self) -> int:
        """Wait until the process has ended; return its exit code, which is negative where a signal ended it."""
        return self._told()

    def close(self) -> None:
        """End the one that forks."""
        self._server.communicate()

    def _told(self) -> int:
        assert self._server.stdout is not None
        return int(self._server.stdout.readline())

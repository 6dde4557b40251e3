"""Executes a page: files are written, commands are run, and what they print is compared with what the page shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .markdown import Block

LIMIT = 120.0
PATIENCE = 20.0
SCRUBBED = ("AWS_", "LAKON_", "PYTEST_", "COV_")


class Session:
    """A reader at a terminal, in the folder `folder`. A command fails if and only if the page shows an error."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith(SCRUBBED)}
        if "LAKON_CACHE" in os.environ:
            kept["LAKON_CACHE"] = os.environ["LAKON_CACHE"]
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        self.environment = {**kept, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"}

    def follow(self, page: Sequence[Block]) -> None:
        """Do what the page says, block by block. AssertionError tells where it does not hold."""
        for block in page:
            if block.title is not None:
                (self.folder / block.title).write_text(block.text, "utf-8")
            elif block.language == "console":
                for command, shown in commands(block):
                    self._type(command, shown, block)

    def _type(self, command: str, shown: str, block: Block) -> None:
        if command.startswith("cd "):
            self.folder = (self.folder / command.removeprefix("cd ")).resolve()
            return
        until = time.monotonic() + (PATIENCE if command.startswith("lakon logs ") else 0)
        while True:
            code, printed = self.run(command)
            right = (code != 0) == ("error:" in shown) and matches(shown, printed)
            if right or time.monotonic() > until:
                break
            time.sleep(0.1)
        assert right, f"line {block.line}: $ {command}\nexit code {code}\nshown:\n{shown}\nprinted:\n{printed}"

    def run(self, command: str) -> tuple[int, str]:
        """The exit code of a command, and all that it printed."""
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT,
        )
        return done.returncode, done.stdout


def commands(block: Block) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with the output shown below it."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield command, shown


def matches(shown: str, printed: str) -> bool:
    """Whether the output is as shown: `...` stands for any text, on a line of its own for any lines."""
    pattern = ""
    for line in shown.rstrip("\n").split("\n"):
        if line.strip() == "...":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += r"[^\n]*".join(map(re.escape, line.rstrip().split("..."))) + r"[ ]*\n"
    return bool(re.fullmatch(pattern, printed.rstrip("\n") + "\n"))

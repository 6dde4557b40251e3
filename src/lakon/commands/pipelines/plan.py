"""What a pipeline has to know of a project."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakon.exceptions import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from lakon.commands.program import Program


_BRANCH = re.compile(r"(?!.*(?:\.\.|//|\.lock$|/$|\.$))[A-Za-z0-9_][A-Za-z0-9_./+=-]{0,199}")


@dataclass(frozen=True, slots=True)
class Plan:
    """Build once, ship to the stage `test`, and after an approval to the stage `production`.

    `install` is the command line that brings Lakon and what the program imports; `tested` tells whether there are
    tests. `folder` is where the project lies in its repository, empty for the top.
    """

    service: str
    python: str
    branch: str
    test: str
    production: str
    install: str
    tested: bool
    folder: str = ""


def plan(program: Program, *, branch: str, test: str, production: str) -> Plan:
    """Look at the project of a program: what it installs from, whether it has tests, and where its repository begins.

    UsageError for a branch that git would not have, and when both stages are one.
    """
    if not _BRANCH.fullmatch(branch):
        raise UsageError(f"the branch is named {branch!r}", hint="Give a name as git has it, such as main.")
    if test == production:
        raise UsageError(f"both stages are {test}", hint="Name two: --test and --production.")
    root = program.root
    tested = any([*root.glob("test_*.py"), *root.glob("tests/**/test_*.py")])
    packages = ["lakon", *(["pytest"] if tested else []), *_dependencies(root)]
    service = program.service
    install = f"pip install {' '.join(packages)}"
    folder = root.relative_to(top(root)).as_posix()
    return Plan(
        service.name, service.python, branch, test, production, install, tested, "" if folder == "." else folder
    )


def top(root: Path) -> Path:
    """Where the git repository of a project begins; the project's own folder outside of one."""
    return next((each for each in (root, *root.parents) if (each / ".git").exists()), root)


def _dependencies(root: Path) -> list[str]:
    if (root / "requirements.txt").is_file():
        return ["-r", "requirements.txt"]
    pyproject = root / "pyproject.toml"
    described = pyproject.is_file() and "project" in tomllib.loads(pyproject.read_text("utf-8"))
    return ["."] if described else []

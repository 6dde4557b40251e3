"""What a pipeline has to know of a project."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from lakon.commands.program import Program


@dataclass(frozen=True, slots=True)
class Plan:
    """Build once, ship to the stage `test`, and after an approval to the stage `production`.

    `install` is the command line that brings Lakon and what the program imports; `tested` tells whether there are
    tests.
    """

    service: str
    python: str
    branch: str
    test: str
    production: str
    install: str
    tested: bool


def plan(program: Program, *, branch: str, test: str, production: str) -> Plan:
    """Look at the project of a program: what it installs from, and whether it has tests."""
    root = program.root
    tested = any([*root.glob("test_*.py"), *root.glob("tests/**/test_*.py")])
    packages = ["lakon", *(["pytest"] if tested else []), *_dependencies(root)]
    service = program.service
    return Plan(service.name, service.python, branch, test, production, f"pip install {' '.join(packages)}", tested)


def _dependencies(root: Path) -> list[str]:
    if (root / "requirements.txt").is_file():
        return ["-r", "requirements.txt"]
    pyproject = root / "pyproject.toml"
    described = pyproject.is_file() and "project" in tomllib.loads(pyproject.read_text("utf-8"))
    return ["."] if described else []

"""Packaging an application that needs requests, pydantic and numpy: `lakon build` and `chalice package`."""

from __future__ import annotations

import shutil
from itertools import count
from typing import TYPE_CHECKING

from bench import peers, programs
from bench.clock import Command, take_turns
from bench.plan import lakon
from bench.table import Faster, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.plan import Plan

_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_DEFAULT_REGION": "us-east-1"}
_CASES = {
    "cold": ("build cold, requests+pydantic+numpy", Faster(5)),
    "edit": ("build after a one-line edit", Faster(50)),
    "unchanged": ("build unchanged", Faster(2)),
}


def rows(plan: Plan) -> Iterator[Row]:
    """Whole processes. Cold means nothing of the tool's own is kept; uv's and pip's wheel caches are warm."""
    contenders = {f"lakon {case}": _lakon(plan.folder / f"lakon-{case}", case) for case in _CASES}
    missing = ""
    try:
        program = peers.environment(peers.CHALICE) / "bin" / "chalice"
        for case in _CASES:
            contenders[f"chalice {case}"] = _chalice(program, plan.folder / f"chalice-{case}", case)
    except peers.MissingPeer as why:
        missing = f"chalice {why}"
    times = take_turns(contenders, plan.rounds(5, 1))
    for case, (what, goal) in _CASES.items():
        peer = None if missing else times[f"chalice {case}"].wall
        yield Row(what, times[f"lakon {case}"].wall, "chalice package", peer, goal, missing)


def _lakon(folder: Path, case: str) -> Command:
    program = programs.lakon_project(folder / "project")
    cache = folder / "cache"
    command = lakon("build", folder=program.parent, environment={"LAKON_CACHE": str(cache)})
    return _prepared(command, _preparation(case, program, [cache, program.parent / ".lakon"]))


def _chalice(chalice: Path, folder: Path, case: str) -> Command:
    program = programs.chalice_project(folder / "project")
    command = Command([str(chalice), "package", "out"], program.parent, _CREDENTIALS)
    made = [program.parent / ".chalice" / "deployments", program.parent / "out"]
    return _prepared(command, _preparation(case, program, made))


def _prepared(command: Command, prepare: Callable[[], None]) -> Command:
    return Command(command.line, command.folder, command.environment, prepare)


def _preparation(case: str, program: Path, made: list[Path]) -> Callable[[], None]:
    text = program.read_text()
    numbers = count()

    def forget() -> None:
        for folder in made:
            shutil.rmtree(folder, ignore_errors=True)

    def edit() -> None:
        program.write_text(f"{text}\nEDIT = {next(numbers)}\n")

    def nothing() -> None:
        pass

    return {"cold": forget, "edit": edit, "unchanged": nothing}[case]

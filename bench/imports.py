"""Import of a program of thirty functions in a fresh process, as at a cold start, with byte code at hand."""

from __future__ import annotations

import compileall
import zipfile
from typing import TYPE_CHECKING

from bench import peers, programs
from bench.clock import Command, take_turns
from bench.plan import lakon
from bench.table import AtMost, Row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.plan import Plan

COUNT = 30
_BARE = "bare, json"


def rows(plan: Plan) -> Iterator[Row]:
    """Wall and user CPU against a bare handler, and wall against what others put before a handler."""
    contenders = {"lakon": _lakon(plan.folder / "lakon"), _BARE: _bare(plan.folder / "bare")}
    missing = {}
    for name, requirements, program in (
        ("chalice", peers.CHALICE, programs.chalice_program(COUNT)),
        ("powertools", peers.POWERTOOLS, programs.powertools_program(COUNT)),
        ("mangum+starlette", peers.MANGUM, programs.mangum_program(COUNT)),
    ):
        try:
            contenders[name] = _peer(plan.folder / name, requirements, program)
        except peers.MissingPeer as why:
            missing[name] = str(why)
    times = take_turns(contenders, plan.rounds(31, 7))
    own, bare = times["lakon"], times[_BARE]
    what = f"import, {COUNT} functions"
    yield Row(what, own.wall, _BARE, bare.wall, AtMost(1.3))
    yield Row(f"{what}, user CPU", own.user, _BARE, bare.user, AtMost(1.3))
    for name in ("chalice", "powertools", "mangum+starlette"):
        if name in missing:
            yield Row(what, own.wall, name, note=f"{name} {missing[name]}")
        else:
            note = f"{name}: {times[name].wall / bare.wall:.2f}x the bare handler in this run"
            yield Row(what, own.wall, name, times[name].wall, note=note)


def _lakon(folder: Path) -> Command:
    """What `lakon build` puts into the archive, unpacked as Lambda unpacks it."""
    folder.mkdir()
    (folder / "app.py").write_text(programs.lakon_program(COUNT))
    lakon("build", "--output", "built", folder=folder)()
    [archive] = (folder / "built").glob("*.zip")
    zipfile.ZipFile(archive).extractall(folder / "task")
    return _import("app", folder / "task", folder / "task")


def _bare(folder: Path) -> Command:
    return _import("handler", _compiled(folder, programs.BARE), folder)


def _peer(folder: Path, requirements: tuple[str, ...], program: str) -> Command:
    packages = peers.packages(requirements)
    return _import("handler", _compiled(folder, program), folder, packages)


def _compiled(folder: Path, program: str) -> Path:
    folder.mkdir()
    (folder / "handler.py").write_text(program)
    compileall.compile_dir(folder, quiet=1)
    return folder


def _import(module: str, folder: Path, *path: Path) -> Command:
    environment = {"PYTHONPATH": ":".join(map(str, path)), "PYTHONDONTWRITEBYTECODE": "1", "AWS_REGION": "us-east-1"}
    return Command([str(peers.plain_python()), "-c", f"import {module}"], folder, environment)

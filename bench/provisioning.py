"""Provisioning what has not changed, into the embedded AWS."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bench import programs
from bench.clock import take_turns
from bench.loopback import listening
from bench.plan import lakon
from bench.table import Row
from lakon.commands.program import load
from lakon.commands.provision import provision
from lakon.report import Silent
from lakon.settings import Target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.plan import Plan

_COUNT = 30


def rows(plan: Plan) -> Iterator[Row]:
    """The whole process of `lakon provision --local`, and the calls that it makes to AWS."""
    project = plan.folder / "project"
    project.mkdir()
    (project / "app.py").write_text(programs.lakon_program(_COUNT))
    command = lakon("provision", "--local", folder=project)
    try:
        command()
        times = take_turns({"provision": command}, plan.rounds(11, 3))
        calls = _calls(project)
    finally:
        lakon("local", "stop", folder=project)()
    told = ", ".join(f"{times} {name}" if times > 1 else name for name, times in Counter(calls).items())
    what = f"provision --local, unchanged, {_COUNT} functions"
    yield Row(what, times["provision"].wall, note=f"{len(calls)} calls to AWS: {told}")


def _calls(project: Path) -> list[str]:
    """What the same command asks of AWS, seen by a server between the two."""
    import subprocess

    endpoint = subprocess.run(
        lakon("local", "status", folder=project).line, cwd=project, capture_output=True, text=True, check=True
    ).stdout.strip()
    with listening(endpoint) as between:
        target = Target(local=True, endpoint_url=between.url)
        provision(load(project / "app.py"), target, Silent())
        return between.calls

"""What a provision would change, told of a hundred functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.clock import take_turns
from bench.plan import lakon
from bench.programs import PYTHON
from bench.table import Row, Within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.plan import Plan

_COUNT = 100
_PROGRAM = f"""\
import lakon

service = lakon.Service("hundred", python="{PYTHON}")
photos = service.bucket("photos")


def handle(event, context):
    return "before"


for number in range({_COUNT}):
    service.function(name=f"number-{{number}}", uses=photos.read, memory=256)(handle)
"""


def rows(plan: Plan) -> Iterator[Row]:
    """The whole process of `lakon diff --local`, when every function has other settings and other code."""
    project = plan.folder / "differing"
    project.mkdir()
    (project / "app.py").write_text(_PROGRAM)
    command = lakon("diff", "--local", folder=project)
    try:
        lakon("provision", "--local", folder=project)()
        same = take_turns({"diff": command}, plan.rounds(7, 3))
        (project / "app.py").write_text(_PROGRAM.replace("256", "512").replace("before", "after"))
        changed = take_turns({"diff": command}, plan.rounds(7, 3))
    finally:
        lakon("local", "stop", folder=project)()
    yield Row(f"diff --local, unchanged, {_COUNT} functions", same["diff"].wall, goal=Within(1))
    yield Row(f"diff --local, all {_COUNT} functions changed", changed["diff"].wall, goal=Within(1))

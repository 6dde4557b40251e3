"""From a declared service to its template, and from that to the pieces of a large one, in this process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bench import programs
from bench.clock import Call, take_turns
from bench.table import Row, Within, duration
from lakon.commands.program import load
from lakon.synth.nesting import split
from lakon.synth.synthesis import synthesize

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.plan import Plan
    from lakon.commands.program import Program
    from lakon.synth.synthesis import Synthesis

_COUNTS = (1, 100, 400, 1000)
_LIMITS = {400: 0.3}
_SPLIT_LIMIT = 1.0


def rows(plan: Plan) -> Iterator[Row]:
    """Checks and template; the time for each function tells whether it grows in proportion."""
    plan.folder.mkdir(exist_ok=True)
    made = {n: _Synthesis(_program(plan, n)) for n in _COUNTS}
    times = take_turns({str(n): Call(made[n]) for n in _COUNTS}, plan.rounds(21, 5))
    for n in _COUNTS:
        wall = times[str(n)].wall
        note = f"synth of {n}: {duration(wall / n)} a function"
        goal = Within(_LIMITS[n]) if n in _LIMITS else None
        yield Row(f"synth, {n:,} function{'s' * (n > 1)}", wall, goal=goal, note=note)
    template = json.loads(made[max(_COUNTS)]().text)
    [wall] = [each.wall for each in take_turns({"": Call(lambda: split(template))}, plan.rounds(7, 3)).values()]
    yield Row(f"nested stacks of {max(_COUNTS):,} functions", wall, goal=Within(_SPLIT_LIMIT))


class _Synthesis:
    def __init__(self, program: Program) -> None:
        self.program = program

    def __call__(self) -> Synthesis:
        return synthesize(self.program.service, stage="dev", root=str(self.program.root))


def _program(plan: Plan, count: int) -> Program:
    path = plan.folder / f"functions_{count}.py"
    path.write_text(programs.lakon_program(count))
    return load(path)

"""From a declared service to its template, in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench import programs
from bench.clock import Call, take_turns
from bench.table import Row, Within, duration
from lakon.commands.program import load
from lakon.synth.synthesis import synthesize

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.plan import Plan
    from lakon.commands.program import Program

_COUNTS = (1, 100, 400)
_LIMIT = 0.3


def rows(plan: Plan) -> Iterator[Row]:
    """Checks and template; the time for each function tells whether it grows in proportion."""
    plan.folder.mkdir(exist_ok=True)
    times = take_turns({str(n): Call(_Synthesis(_program(plan, n))) for n in _COUNTS}, plan.rounds(21, 5))
    for n in _COUNTS:
        wall = times[str(n)].wall
        note = f"synth of {n}: {duration(wall / n)} a function"
        yield Row(
            f"synth, {n} function{'s' * (n > 1)}", wall, goal=Within(_LIMIT) if n == max(_COUNTS) else None, note=note
        )


class _Synthesis:
    def __init__(self, program: Program) -> None:
        self.program = program

    def __call__(self) -> object:
        return synthesize(self.program.service, stage="dev", root=str(self.program.root))


def _program(plan: Plan, count: int) -> Program:
    path = plan.folder / f"functions_{count}.py"
    path.write_text(programs.lakon_program(count))
    return load(path)

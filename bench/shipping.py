"""`lakon provision --code-only`: from the save of an edited line to the new answer, and what it asks of AWS."""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter
from statistics import median
from typing import TYPE_CHECKING

from bench.loopback import listening
from bench.plan import PROGRAM, lakon
from bench.programs import PYTHON
from bench.table import Row, Within
from lakon.commands.code_only import provision_code
from lakon.commands.program import load
from lakon.provision.session import Session
from lakon.report import Silent
from lakon.settings import Target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.plan import Plan

_NUMPY = """\
import lakon

service = lakon.Service("one", python="{python}", layer=True)


@service.function(memory=1024)
def answer_0(event, context):
    import numpy

    return {number} + int(numpy.zeros(1)[0])
"""
_MANY = """

@service.function
def answer_{index}(event, context):
    return {number}
"""


def rows(plan: Plan) -> Iterator[Row]:
    """One function with numpy in a layer, and twenty without anything."""
    for count in (1, 20):
        project = plan.folder / f"code-only-{count}"
        project.mkdir()
        _write(project, count, 0)
        lakon("provision", "--local", folder=project)()
        try:
            yield _row(project, count, plan.rounds(7, 3))
        finally:
            lakon("local", "stop", folder=project)()


def _row(project: Path, count: int, rounds: int) -> Row:
    endpoint = subprocess.run(
        [str(PROGRAM), "local", "status"], cwd=project, capture_output=True, text=True, check=True
    ).stdout.strip()
    name = f"{'one' if count == 1 else 'many'}-dev-answer_{count - 1}"
    times = [_answered(project, count, number, endpoint, name) for number in range(1, rounds + 1)]
    _write(project, count, rounds + 1)
    with listening(endpoint) as between:
        provision_code(load(project / "app.py"), Target(local=True, endpoint_url=between.url), Silent())
        calls = Counter(call.split("/")[0] for call in between.calls)
        every = list(between.calls)
    functions = sum(_concerns_a_function(call) for call in every)
    what = f"code-only, save to new answer, {count} function{'s' if count > 1 else ''}"
    note = f"{functions / count:.1f} calls to Lambda a function, {sum(calls.values())} calls in all"
    return Row(what + (" with numpy in a layer" if count == 1 else ""), median(times), goal=Within(1.5), note=note)


def _concerns_a_function(call: str) -> bool:
    return "UpdateFunctionCode" in call or "GetFunctionConfiguration" in call or "/functions/" in call


def _answered(project: Path, count: int, number: int, endpoint: str, name: str) -> float:
    """Seconds from the save until the last function gives the new answer. The command goes on, and is waited for."""
    client = Session(Target(local=True, endpoint_url=endpoint)).client("lambda")
    began = time.perf_counter()
    _write(project, count, number)
    process = subprocess.Popen(
        [str(PROGRAM), "provision", "--local", "--code-only"],
        cwd=project,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while json.loads(client.invoke(FunctionName=name)["Payload"].read()) != number:
        if process.poll():
            raise RuntimeError("lakon provision --code-only failed")
        time.sleep(0.02)
    seconds = time.perf_counter() - began
    process.wait()
    return seconds


def _write(project: Path, count: int, number: int) -> None:
    if count == 1:
        (project / "requirements.txt").write_text("numpy\n")
        (project / "app.py").write_text(_NUMPY.format(python=PYTHON, number=number))
        return
    head = f'import lakon\n\nservice = lakon.Service("many", python="{PYTHON}")\n'
    functions = "".join(_MANY.format(index=index, number=number) for index in range(count))
    (project / "app.py").write_text(head + functions)

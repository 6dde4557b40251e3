"""`lakon dev`: from the save of an edited line to the function's new answer."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from statistics import median
from typing import TYPE_CHECKING

from bench import programs
from bench.plan import PROGRAM
from bench.table import Row, Within
from lakon.provision.session import Session
from lakon.settings import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.plan import Plan

_COUNT = 30
_PAUSE = 0.5  # seconds between two edits: what the last one began is over
_ANSWER = "def answer(event, context):\n    return"


def rows(plan: Plan) -> Iterator[Row]:
    """Functions, and the first of them called as soon as `lakon dev` says that it is reloaded."""
    project = plan.folder / "project"
    project.mkdir()
    program = f"{programs.lakon_program(_COUNT)}\n\n@service.function\n{_ANSWER} 0\n"
    (project / "app.py").write_text(program)
    process = subprocess.Popen(
        [str(PROGRAM), "dev", "--json"], cwd=project, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        ready = _until(process, "ready")
        session = Session(Target(local=True, endpoint_url=str(ready["endpoint_url"])))
        client = session.client("lambda")
        function = f"{ready['stack']}-answer"
        client.invoke(FunctionName=function)
        told, worked, answered = [], [], []
        for number in range(1, plan.rounds(11, 3) + 1):
            time.sleep(_PAUSE)
            began = time.perf_counter()
            (project / "app.py").write_text(program.replace(f"{_ANSWER} 0", f"{_ANSWER} {number}"))
            worked.append(float(str(_until(process, "reloaded", "answer")["seconds"])))
            told.append(time.perf_counter() - began)
            answer = json.loads(client.invoke(FunctionName=function)["Payload"].read())
            answered.append(time.perf_counter() - began)
            if answer != number:
                raise RuntimeError(f"a stale answer: {answer} instead of {number}")
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate()
    noticed = median(told) - median(worked)
    parts = {"noticed": noticed, "loaded, built, put": median(worked), "first answer": median(answered) - median(told)}
    note = ", ".join(f"{part} {seconds * 1000:.0f} ms" for part, seconds in parts.items())
    yield Row(f"dev, save to new answer, {_COUNT + 1} functions", median(answered), goal=Within(0.3), note=note)


def _until(process: subprocess.Popen[str], kind: str, function: str = "") -> dict[str, object]:
    """What is told next of a kind; with a function, what tells of it."""
    for line in process.stdout or ():
        told: dict[str, object] = json.loads(line)
        if told["event"] == kind and (not function or function in str(told["functions"])):
            return told
    raise RuntimeError("lakon dev ended")

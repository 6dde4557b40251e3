"""Go: its engines beside aws-lambda-go, Python's runtime and the shim of old; calls of a library; builds."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import zipfile
from itertools import count
from statistics import median
from typing import TYPE_CHECKING, Any

from bench import goprograms
from bench.clock import Command, take_turns
from bench.golibrary import SIZES
from bench.peers import MissingPeer, go_module
from bench.plan import lakon
from bench.runtimeapi import Launch, first_answer, warm
from bench.table import AtMost, Faster, Row, Within
from lakon.commands.build import build
from lakon.commands.program import load
from lakon.exceptions import LocalError
from lakon.interpreters import RUNNING
from lakon.local import installs
from lakon.local.node_runtime import ensure_node_client, find_node
from lakon.report import Silent
from lakon.settings import Target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.plan import Plan
    from bench.table import Goal

_SAME_PROGRAM = "the same bytes but for paths and build ids (a test says so): what differs is the machine's mood"
_LATER = "the first answer of the sidecar less that of the no-op"
_HOP = "what the call takes more than one of a no-op in the same language"
_UNMODIFIED, _PLAIN = "aws-lambda-go", "aws-lambda-go by go build"
_NOTHING, _SHIM, _NODE = "no-op awslambdaric", "Node.js shim", "no-op Node.js"


def rows(plan: Plan) -> Iterator[Row]:
    """All of it; a row for each part that is left out, with the reason."""
    if shutil.which("go") is None:
        yield Row("Go", 0.0, note="Go is not installed")
        return
    launches, missing = _launches(plan)
    yield from _warm(plan, launches)
    yield from _cold(plan, launches)
    yield from _in_process(plan)
    yield from _builds(plan)
    for name, why in missing.items():
        yield Row(name, 0.0, note=f"{name} {why}")


def _launches(plan: Plan) -> tuple[dict[str, Launch], dict[str, str]]:
    missing = {}
    peer: Path | None = None
    try:
        peer = go_module("typed", goprograms.HANDLER.replace(goprograms.OURS, goprograms.AWS))
    except MissingPeer as why:
        missing[_UNMODIFIED] = str(why)
    launches = _engines(goprograms.engines(plan.folder / "engines", peer), plan.folder / "state")
    if peer:
        launches[_PLAIN] = Launch(["./bootstrap"], peer, {})
    nothing = goprograms.write(plan.folder / "nothing", {"app.py": goprograms.NOTHING})
    launches[_NOTHING] = Launch([*_python(), "app.handler"], nothing, {})
    try:
        launches |= _shim(plan.folder / "shim")
    except (MissingPeer, LocalError) as why:
        missing[_SHIM] = f"cannot be had: {why}"
    return launches, missing


def _python() -> list[str]:
    return [str(installs.ensure_python_runtime(installs.base_python(), RUNNING)), "-m", "awslambdaric"]


def _engines(project: Path, state: Path) -> dict[str, Launch]:
    """The functions of a service as they are provisioned, by their names."""
    built = build(load(project / "app.py"), Target(local=True, state=state), Silent())
    launches = {}
    for resource in built.synthesis.resources.values():
        if resource["Type"] == "AWS::Lambda::Function":
            config: Any = resource["Properties"]  # a template holds anything
            name = config["FunctionName"]["Fn::Sub"].partition("}-")[2]
            folder = project / "unpacked" / name
            with zipfile.ZipFile(built.archives[config["Code"]["S3Key"]["Ref"]].path) as archive:
                archive.extractall(folder)
            for file in folder.glob("bootstrap*"):
                file.chmod(0o755)
            command = ["./bootstrap"] if config["Handler"] == "bootstrap" else [*_python(), config["Handler"]]
            launches[name] = Launch(command, folder, {"_HANDLER": config["Handler"]})
    return launches


def _shim(folder: Path) -> dict[str, Launch]:
    """The shim, and a function of Node.js's own that answers with its event."""
    node, _ = find_node()
    start = str(ensure_node_client())
    goprograms.write(folder, {"index.js": goprograms.SHIM, "main.go": goprograms.SERVER, "go.mod": "module shim\n"})
    command = ["go", "build", "-ldflags=-s -w", "-o", "server", "."]
    done = subprocess.run(command, cwd=folder, env=os.environ | {"CGO_ENABLED": "0"}, capture_output=True, check=False)
    if done.returncode:
        raise MissingPeer(done.stderr.decode())
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    settings = {"SHIM_PORT": port, "SHIM_COPY": str(folder / "copied"), "AWS_REGION": "us-east-1"}
    return {
        _SHIM: Launch([node, start], folder, {**settings, "_HANDLER": "index.handler"}),
        _NODE: Launch([node, start], folder, {**settings, "_HANDLER": "index.nothing"}),
    }


def _warm(plan: Plan, launches: dict[str, Launch]) -> Iterator[Row]:
    for size, calls in zip(SIZES, (plan.rounds(400, 60), plan.rounds(200, 40), plan.rounds(8, 4)), strict=True):
        took = warm(launches, goprograms.payload(SIZES[size]), calls, plan.rounds(4, 2))
        small = size == "100 B"
        goals: list[tuple[str, str, Goal | None]] = [
            ("runtime", _UNMODIFIED, AtMost(0.6)),
            ("sidecar", _NOTHING, AtMost(1.5)),
            ("inprocess", _NOTHING, AtMost(1.5)),
            ("runtime", _SHIM, Faster(3) if small else None),
        ]
        yield from _rows(took, goals, f"a call of {size}")
        yield from _rows(
            took, [(_UNMODIFIED, _PLAIN, AtMost(1.1) if small else None)], f"a call of {size}", _SAME_PROGRAM
        )
        if _SHIM in took and small:
            hop, old = took["sidecar"] - took[_NOTHING], took[_SHIM] - took[_NODE]
            yield Row(f"sidecar's hop, {size}", hop, "the shim's hop", old, Faster(3), _HOP)


def _rows(
    took: dict[str, float], goals: list[tuple[str, str, Goal | None]], what: str, note: str = ""
) -> Iterator[Row]:
    for ours, theirs, goal in goals:
        if ours in took and theirs in took:
            yield Row(f"{ours}, {what}", took[ours], theirs, took[theirs], goal, note)


def _cold(plan: Plan, launches: dict[str, Launch]) -> Iterator[Row]:
    event = goprograms.payload(100)
    times: dict[str, list[float]] = {name: [] for name in launches}
    for number in range(plan.rounds(11, 4) + 1):
        for name, launch in launches.items():
            seconds = first_answer(launch, event)
            if number:
                times[name].append(seconds)
    took = {name: median(each) for name, each in times.items()}
    goals: list[tuple[str, str, Goal | None]] = [
        ("runtime", _UNMODIFIED, AtMost(1.0)),
        ("sidecar", _NOTHING, AtMost(1.15)),
        ("inprocess", _NOTHING, AtMost(1.15)),
        ("runtime", _SHIM, Faster(10)),
        ("sidecar", _SHIM, Faster(1)),
        ("inprocess", _SHIM, Faster(1)),
    ]
    yield from _rows(took, goals, "start to first answer")
    later = max(took["sidecar"] - took[_NOTHING], 0.0)
    yield Row("sidecar, first answer later by", later, goal=Within(5e-3), note=_LATER)


def _in_process(plan: Plan) -> Iterator[Row]:
    if not any(map(shutil.which, ("gcc", "cc", "clang"))):
        yield Row("library, a call", 0.0, note="there is no C compiler")
        return
    files = {"go.mod": goprograms.go_mod("library"), "main.go": goprograms.LIBRARY}
    folder = goprograms.write(plan.folder / "library", files)
    calls = plan.rounds(20_000, 3_000)
    command = [sys.executable, "-m", "bench.golibrary", str(folder), str(calls)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    for size, call, alone in json.loads(done.stdout):
        goal: Goal = Within(6e-6) if size == "100 B" else AtMost(1.1)
        yield Row(f"library, a call of {size}", call, "Go's own JSON", alone, goal)


def _builds(plan: Plan) -> Iterator[Row]:
    """Whole processes, the caches of Go warm."""
    one, ten = goprograms.many(plan.folder / "one", 1), goprograms.many(plan.folder / "ten", 10)
    contenders = {
        "unchanged": lakon("build", folder=goprograms.many(plan.folder / "unchanged", 1)),
        "edited": _edited(goprograms.many(plan.folder / "edited", 1), "go/fn0/main.go"),
        "one": _edited(one, "go/shared/shared.go"),
        "ten": _edited(ten, "go/shared/shared.go"),
    }
    times = {name: samples.wall for name, samples in take_turns(contenders, plan.rounds(7, 2)).items()}
    yield Row("build of a Go function, unchanged", times["unchanged"], goal=Within(0.2))
    yield Row("build of a Go function, a line edited", times["edited"], goal=Within(1.0))
    yield Row("build of ten, a package they share edited", times["ten"], "ten times one", 10 * times["one"], AtMost(1))


def _edited(project: Path, name: str) -> Command:
    """A build after an edit of that file."""
    file, numbers = project / name, count()
    text = file.read_text()

    def edit() -> None:
        file.write_text(f"{text}\nconst edit{next(numbers)} = 1\n")

    command = lakon("build", folder=project)
    return Command(command.line, command.folder, command.environment, edit)

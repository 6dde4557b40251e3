"""HTTP: a hello per event in process, the import of thirty routes, and applications mounted by Lakon and by Mangum."""

from __future__ import annotations

import compileall
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import lakon
from bench import peers, routes
from bench.clock import BrokenContender, Command, Sample, plain_environment, take_turns
from bench.table import AtMost, Faster, Row, Within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.plan import Plan

_BARE = "bare, json"
_CONTEXT = """\
class Context:
    aws_request_id = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
    function_name = "bench"
    memory_limit_in_mb = 128
    invoked_function_arn = "arn:aws:lambda:eu-west-1:111122223333:function:bench"

    def get_remaining_time_in_millis(self):
        return 10000

"""
_TIMED = (
    _CONTEXT
    + """
import json, time
from handler import handler

event, context, calls = json.load(open("event.json")), Context(), {calls}
assert json.loads(handler(event, context)["body"]) == {{"hello": "world"}}
for _ in range(calls // 10):
    handler(event, context)
batches = []
for _ in range(10):
    begun = time.process_time()
    for _ in range(calls // 10):
        handler(event, context)
    batches.append((time.process_time() - begun) / (calls // 10))
print(min(batches))
"""
)
_FIRST = (
    _CONTEXT
    + """
import json, os
from handler import handler

assert json.loads(handler(json.load(open("event.json")), Context())["body"]) == {"hello": "world"}
os._exit(0)  # how an interpreter ends does not count
"""
)
_IMPORTED = "import handler"
_PEERS: dict[str, tuple[tuple[str, ...], Callable[[int], str]]] = {
    "chalice": (peers.CHALICE, routes.chalice),
    "powertools": (peers.POWERTOOLS, routes.powertools),
    "mangum+starlette": (peers.MANGUM, lambda count: routes.starlette(count, mangum=True)),
    "mangum+fastapi": (peers.FASTAPI, lambda count: routes.fastapi(count, mangum=True)),
}


def rows(plan: Plan) -> Iterator[Row]:
    """Events, imports, and mounted applications."""
    yield from _events(plan, (1, 200))
    yield from _imports(plan)
    yield from _mounted(plan)


@dataclass(frozen=True, slots=True)
class Timed:
    """A process that tells what one of its calls took of the processor, in the best of ten batches: others share it."""

    folder: Path
    path: tuple[Path, ...]
    calls: int

    def __call__(self) -> Sample:
        """Start it, and read what it prints. Raises BrokenContender when it ends badly."""
        done = subprocess.run(
            [str(peers.plain_python()), "-c", _TIMED.format(calls=self.calls)],
            cwd=self.folder,
            env=_environment(self.folder, self.path),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise BrokenContender(f"{self.folder.name}: {done.stderr}")
        return Sample(float(done.stdout), 0.0)


def _events(plan: Plan, counts: tuple[int, ...]) -> Iterator[Row]:
    """All counts of routes take turns: that one costs as much as many must not hang on when it was asked."""
    calls = plan.rounds(5000, 1000)
    contenders: dict[str, Callable[[], Sample]] = {
        f"{name}, {count}": Timed(folder, path, calls)
        for count in counts
        for name, (folder, path) in _programs(plan.folder / f"events-{count}", count).items()
    }
    times = take_turns(contenders, plan.rounds(7, 3))
    for count in counts:
        what = f"hello per event, {count} route{'s' if count > 1 else ''}"
        ours = times[f"lakon, {count}"].wall
        yield Row(what, ours, _BARE, times[f"{_BARE}, {count}"].wall, Within(10e-6))
        for name in _PEERS:
            if f"{name}, {count}" in times:
                yield Row(what, ours, name, times[f"{name}, {count}"].wall, Faster(2))


def _imports(plan: Plan) -> Iterator[Row]:
    contenders = {
        name: _command(folder, path, _IMPORTED)
        for name, (folder, path) in _programs(plan.folder / "imports", 30).items()
    }
    times = take_turns(contenders, plan.rounds(31, 7))
    yield Row("import, 30 routes", times["lakon"].wall, _BARE, times[_BARE].wall, AtMost(1.3))
    for name in _PEERS:
        if name in times:
            yield Row("import, 30 routes", times["lakon"].wall, name, times[name].wall)


def _mounted(plan: Plan) -> Iterator[Row]:
    kinds = {"starlette": (peers.MANGUM, routes.starlette), "fastapi": (peers.FASTAPI, routes.fastapi)}
    for name, (requirements, program) in kinds.items():
        try:
            packages = peers.packages(requirements)
        except peers.MissingPeer as why:
            yield Row(f"{name} mounted", 0.0, note=f"{name} {why}")
            continue
        folder = plan.folder / f"mounted-{name}"
        ours = _shipped(_written(folder / "lakon", program(1, mangum=False), 1, mounted=True))  # as in an archive
        theirs = _written(folder / "mangum", program(1, mangum=True), 1, mounted=True)
        first = take_turns(
            {
                "lakon": _command(ours, (packages,), _FIRST),
                "mangum": _command(theirs, (packages,), _FIRST),
            },
            plan.rounds(31, 5),
        )
        what = f"{name} mounted, start to first answer"
        yield Row(what, first["lakon"].wall, f"mangum+{name}", first["mangum"].wall, AtMost(1.0))
        calls = plan.rounds(3000, 500)
        each = take_turns(
            {"lakon": Timed(ours, (packages,), calls), "mangum": Timed(theirs, (packages,), calls)},
            plan.rounds(7, 3),
        )
        yield Row(f"{name} mounted, per event", each["lakon"].wall, f"mangum+{name}", each["mangum"].wall, AtMost(1.0))


def _programs(folder: Path, count: int) -> dict[str, tuple[Path, tuple[Path, ...]]]:
    """Every contender's folder and what it needs beside it; peers that cannot be installed are left out."""
    found = {
        "lakon": (_written(folder / "lakon", routes.lakon(count), count), (_shipped(folder / "shipped"),)),
        _BARE: (_written(folder / "bare", routes.BARE, count), ()),
    }
    for name, (requirements, program) in _PEERS.items():
        try:
            packages = peers.packages(requirements)
        except peers.MissingPeer:
            continue
        found[name] = (_written(folder / name, program(count), count), (packages,))
    return found


def _written(folder: Path, program: str, count: int, *, mounted: bool = False) -> Path:
    folder.mkdir(parents=True)
    event = routes.MOUNTED_EVENT if mounted else routes.EVENT
    (folder / "handler.py").write_text(program)
    (folder / "event.json").write_text(json.dumps(event).replace("{last}", str(count - 1)))
    compileall.compile_dir(folder, quiet=1)
    return folder


def _shipped(folder: Path) -> Path:
    """The part of Lakon that goes into archives, with byte code."""
    source = Path(lakon.__file__).parent
    for name in ("__init__.py", "exceptions.py", "model", "runtime"):
        place = folder / "lakon" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if (source / name).is_dir():
            shutil.copytree(source / name, place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source / name, place)
    compileall.compile_dir(folder, quiet=1)
    return folder


def _command(folder: Path, path: tuple[Path, ...], code: str) -> Command:
    return Command([str(peers.plain_python()), "-c", code], folder, _environment(folder, path))


def _environment(folder: Path, path: tuple[Path, ...]) -> dict[str, str]:
    return {
        **plain_environment(),
        "PYTHONPATH": ":".join(map(str, (folder, *path))),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
    }

"""Invoking: the Lambda host beside AWS's own emulator, with the same handler, client and runtime client."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import socket
import stat
import subprocess
import sys
import time
import zipfile
from contextlib import contextmanager
from itertools import count
from statistics import median
from typing import TYPE_CHECKING

from bench.callers import EVENT, parallel, warm
from bench.peers import MissingPeer, go_bootstrap, packages
from bench.plan import lakon
from bench.table import AtMost, Faster, Row, Within
from lakon.interpreters import RUNNING
from lakon.local import installs
from lakon.provision.session import Session
from lakon.settings import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.plan import Plan

SAM = ("aws-sam-cli==1.170.0",)
HANDLER = "def handler(event, context):\n    return event\n"
PATH = "/2015-03-31/functions/function/invocations"


def rows(plan: Plan) -> Iterator[Row]:
    """Warm, in parallel, cold, and through boto3."""
    python = installs.ensure_python_runtime(installs.base_python(), RUNNING)
    handler = {"app.py": HANDLER.encode()}
    yield from _beside_the_emulator(
        plan, "awslambdaric", handler, f"python{RUNNING}", [str(python), "-m", "awslambdaric", "app.handler"]
    )
    yield from _cold(plan, "first answer, cold Python", "bare awslambdaric", handler, AtMost(1.15))
    try:
        bootstrap = {"bootstrap": go_bootstrap()}
    except MissingPeer as missing:
        yield Row("warm invoke, aws-lambda-go", 0.0, note=f"aws-lambda-go {missing}")
    else:
        yield from _beside_the_emulator(plan, "aws-lambda-go", bootstrap, "provided.al2023", ["./bootstrap"])
        yield from _cold(plan, "first answer, cold Go", "bare bootstrap", bootstrap, Within(0.010))
    yield from _through_boto3(plan)


def _beside_the_emulator(
    plan: Plan, client: str, files: dict[str, bytes], runtime: str, command: list[str]
) -> Iterator[Row]:
    """Warm invocations, and many at once, of what the emulator runs by `command`."""
    rounds, calls = plan.rounds(9, 3), plan.rounds(400, 100)
    with _ours(plan.folder / f"host-{client}", files, runtime) as port:
        try:
            with _emulator(plan.folder / f"rie-{client}", files, command) as other:
                ours, theirs = _turns(lambda: warm(port, calls), lambda: warm(other, calls), rounds)
            yield Row(f"warm invoke, {client}", ours, "AWS's emulator", theirs, AtMost(0.7))
        except MissingPeer as missing:
            yield Row(f"warm invoke, {client}", warm(port, calls), note=f"AWS's emulator {missing}")
        one, eight = _turns(lambda: parallel(port, 1, calls), lambda: parallel(port, 8, calls), rounds)
        yield Row(f"{client}, 8 callers at once", eight, "one caller", one, Faster(1.8))


def _turns(one: Callable[[], float], other: Callable[[], float], rounds: int) -> tuple[float, float]:
    """Medians of two measurements taken in turn, the first of each forgotten."""
    pairs = [(one(), other()) for _ in range(rounds + 1)][1:]
    return median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)


@contextmanager
def _ours(folder: Path, files: dict[str, bytes], runtime: str) -> Iterator[int]:
    folder.mkdir()
    archive = folder / "handler.zip"
    with zipfile.ZipFile(archive, "w") as written:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (stat.S_IFREG | 0o755) << 16
            written.writestr(entry, content)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    archive.rename(folder / f"{digest}.zip")
    with _serving([sys.executable, "-m", "bench.host", str(folder), digest, runtime, "app.handler"]) as port:
        yield port


@contextmanager
def _serving(command: list[str]) -> Iterator[int]:
    """A program that prints its port, until its standard input closes."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield int(json.loads(process.stdout.readline())["port"])
    finally:
        process.communicate(timeout=30)


@contextmanager
def _emulator(folder: Path, files: dict[str, bytes], command: list[str]) -> Iterator[int]:
    _write(folder, files)
    machine = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
    program = packages(SAM) / "samcli" / "local" / "rapid" / f"aws-lambda-rie-{machine}"
    program.chmod(0o755)
    port, inner = _free_port(), _free_port()
    addresses = ["--runtime-interface-emulator-address", f"127.0.0.1:{port}", "--runtime-api-address"]
    process = subprocess.Popen(
        [program, *addresses, f"127.0.0.1:{inner}", *command],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512"},
    )
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _write(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o755)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as asking:
            if asking.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError("AWS's emulator does not listen")


def _cold(plan: Plan, what: str, peer: str, files: dict[str, bytes], goal: AtMost | Within) -> Iterator[Row]:
    """The first answer of a function that no environment is there for, beside the bare start of its runtime client."""
    folder = plan.folder / peer.replace(" ", "-")
    _write(folder, files)
    python = installs.ensure_python_runtime(installs.base_python(), RUNNING)
    managed = "app.py" in files
    command = [str(python), "-m", "awslambdaric", "app.handler"] if managed else ["./bootstrap"]
    names = (f"cold-{number}" for number in count())
    runtime = f"python{RUNNING}" if managed else "provided.al2023"
    with _ours(plan.folder / f"{folder.name}-host", files, runtime) as port:
        ours, bare = _turns(
            lambda: warm(port, 1, next(names)), lambda: _bare_start(folder, command), plan.rounds(15, 5)
        )
    yield Row(what, ours, peer, bare, goal)


def _bare_start(folder: Path, command: list[str]) -> float:
    """From the spawn of a runtime client to its first answer, to a server that only takes it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        environment = {
            "PATH": os.environ["PATH"],
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.getsockname()[1]}",
            "AWS_LAMBDA_FUNCTION_NAME": "bench",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_EXECUTION_ENV": f"AWS_Lambda_python{RUNNING}",
        }
        begun = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.DEVNULL)
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            deadline = int(time.time() * 1000) + 60_000
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(EVENT)}\r\n"
            head += f"Lambda-Runtime-Aws-Request-Id: 1\r\nLambda-Runtime-Deadline-Ms: {deadline}\r\n"
            head += "Lambda-Runtime-Invoked-Function-Arn: arn\r\n\r\n"
            connection.sendall(head.encode() + EVENT)
            connection.recv(65536)
            took = time.perf_counter() - begun
        process.kill()
        process.wait()
        return took


def _through_boto3(plan: Plan) -> Iterator[Row]:
    """`lambda.invoke` on the embedded AWS, as any program calls it, beside a server that answers at once."""
    rounds, calls = plan.rounds(7, 3), plan.rounds(200, 50)
    project = plan.folder / "through"
    project.mkdir()
    service = f'service = lakon.Service("bench", python="{RUNNING}")'
    (project / "app.py").write_text(f"import lakon\n{service}\n\n@service.function\n{HANDLER}")
    try:
        lakon("provision", "--local", folder=project)()
        endpoint = subprocess.run(
            lakon("local", "status", folder=project).line, cwd=project, capture_output=True, text=True, check=True
        ).stdout.strip()
        with _serving([sys.executable, "-m", "bench.bare"]) as port:
            ours, bare = _turns(
                lambda: _through(endpoint, calls), lambda: _through(f"http://127.0.0.1:{port}", calls), rounds
            )
        yield Row("lambda.invoke through boto3", ours, "boto3 alone", bare, Within(0.0025))
    finally:
        lakon("local", "stop", folder=project)()


def _through(endpoint: str, calls: int) -> float:
    client = Session(Target(local=True, endpoint_url=endpoint)).plain("lambda")
    took = []
    for _ in range(calls + 5):
        begun = time.perf_counter()
        client.invoke(FunctionName="bench-dev-handler", Payload=EVENT)["Payload"].read()
        took.append(time.perf_counter() - begun)
    return median(took[5:])

"""Invoking: the Lambda host beside AWS's own emulator, with the same handler, client and runtime client."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import platform
import socket
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING

from bench.peers import MissingPeer, packages
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
EVENT = b'{"hello": "world"}'


def rows(plan: Plan) -> Iterator[Row]:
    """Warm, in parallel, cold, and through boto3."""
    rounds, calls = plan.rounds(7, 3), plan.rounds(400, 100)
    python = installs.ensure_python_runtime(installs.base_python(), RUNNING)
    with _ours(plan.folder / "host") as port:
        try:
            with _emulator(plan.folder / "rie", python) as other:
                ours, theirs = _turns(lambda: _warm(port, calls), lambda: _warm(other, calls), rounds)
            yield Row("warm invoke, awslambdaric", ours, "AWS's emulator", theirs, AtMost(0.7))
        except MissingPeer as missing:
            yield Row("warm invoke, awslambdaric", _warm(port, calls), note=f"AWS's emulator {missing}")
        one, eight = _turns(lambda: _parallel(port, 1, calls), lambda: _parallel(port, 8, calls), rounds)
        yield Row("an invoke, 8 callers at once", eight, "one caller", one, Faster(1.8))
    yield from _cold(plan, python, rounds)
    yield from _through_boto3(plan, calls)


def _turns(one: Callable[[], float], other: Callable[[], float], rounds: int) -> tuple[float, float]:
    """Medians of two measurements taken in turn, the first of each forgotten."""
    pairs = [(one(), other()) for _ in range(rounds + 1)][1:]
    return median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)


def _warm(port: int, calls: int) -> float:
    """The median seconds of one call over a connection that is kept."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    took = []
    for _ in range(calls):
        begun = time.perf_counter()
        connection.request("POST", PATH, EVENT, {"Content-Type": "application/json"})
        answer = connection.getresponse().read()
        took.append(time.perf_counter() - begun)
        if json.loads(answer) != json.loads(EVENT):
            raise RuntimeError(f"the function answered {answer!r}")
    connection.close()
    return median(took)


def _parallel(port: int, callers: int, calls: int) -> float:
    """The seconds that one call takes of the whole, with so many callers at once."""
    with ThreadPoolExecutor(callers) as pool:
        begun = time.perf_counter()
        list(pool.map(lambda _: _warm(port, calls // callers), range(callers)))
        return (time.perf_counter() - begun) / (calls // callers * callers)


@contextmanager
def _ours(folder: Path) -> Iterator[int]:
    folder.mkdir()
    archive = folder / "handler.zip"
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("app.py", HANDLER)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    archive.rename(folder / f"{digest}.zip")
    command = [sys.executable, "-m", "bench.host", str(folder), digest, f"python{RUNNING}", "app.handler"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield int(json.loads(process.stdout.readline())["port"])
    finally:
        process.communicate(timeout=30)


@contextmanager
def _emulator(folder: Path, python: Path) -> Iterator[int]:
    folder.mkdir()
    (folder / "app.py").write_text(HANDLER)
    machine = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
    program = packages(SAM) / "samcli" / "local" / "rapid" / f"aws-lambda-rie-{machine}"
    program.chmod(0o755)
    port, inner = _free_port(), _free_port()
    addresses = ["--runtime-interface-emulator-address", f"127.0.0.1:{port}", "--runtime-api-address"]
    process = subprocess.Popen(
        [program, *addresses, f"127.0.0.1:{inner}", python, "-m", "awslambdaric", "app.handler"],
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


def _cold(plan: Plan, python: Path, rounds: int) -> Iterator[Row]:
    """The first answer of a function that no environment is there for, beside the bare start of its runtime client."""
    ours, bare = [], []
    for turn in range(rounds + 1):
        with _ours(plan.folder / f"cold{turn}") as port:
            ours.append(_warm(port, 1))
        bare.append(_bare_start(plan.folder, python))
    yield Row("first answer, cold Python", median(ours[1:]), "bare awslambdaric", median(bare[1:]), AtMost(1.15))


def _bare_start(folder: Path, python: Path) -> float:
    """From the spawn of awslambdaric to its first answer, to a server that only takes it."""
    (folder / "app.py").write_text(HANDLER)
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
        process = subprocess.Popen([python, "-m", "awslambdaric", "app.handler"], cwd=folder, env=environment)
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


def _through_boto3(plan: Plan, calls: int) -> Iterator[Row]:
    """`lambda.invoke` on the embedded AWS, as any program calls it."""
    project = plan.folder / "through"
    project.mkdir()
    service = f'service = lakon.Service("bench", python="{RUNNING}")'
    (project / "app.py").write_text(f"import lakon\n{service}\n\n@service.function\n{HANDLER}")
    try:
        lakon("provision", "--local", folder=project)()
        endpoint = subprocess.run(
            lakon("local", "status", folder=project).line, cwd=project, capture_output=True, text=True, check=True
        ).stdout.strip()
        client = Session(Target(local=True, endpoint_url=endpoint)).plain("lambda")
        took = []
        for _ in range(calls + 5):
            begun = time.perf_counter()
            client.invoke(FunctionName="bench-dev-handler", Payload=EVENT)["Payload"].read()
            took.append(time.perf_counter() - begun)
        yield Row("lambda.invoke through boto3", median(took[5:]), goal=Within(0.0025))
    finally:
        lakon("local", "stop", folder=project)()

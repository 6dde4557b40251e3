"""A route of an API under `lakon dev`, over connections that are kept; chalice's local server beside it."""

from __future__ import annotations

import json
import selectors
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from statistics import median
from typing import TYPE_CHECKING, cast

from bench import peers
from bench.plan import PROGRAM
from bench.programs import PYTHON
from bench.table import Faster, Row, Within

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.plan import Plan

_LAKON = f"""\
import lakon

service = lakon.Service("bench", python="{PYTHON}")
api = service.http_api("public", throttle=lakon.Throttle(rate=10_000, burst=5_000), access_logs=False)


@api.get("/hello")
def hello(request):
    return {{"hello": "world"}}
"""
_CHALICE = """\
from chalice import Chalice

app = Chalice(app_name="bench")


@app.route("/hello")
def hello():
    return {"hello": "world"}
"""
_REQUEST = b"GET /hello HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
_BODY = b'{"hello":"world"}'
_PATIENCE = 30.0
_CROWD = 32


def rows(plan: Plan) -> Iterator[Row]:
    """One client; four that keep two cores busy; and a crowd of which none may meet an error."""
    rounds, calls = plan.rounds(7, 3), plan.rounds(400, 100)
    with _dev(plan.folder / "lakon") as ours:
        _hello(ours, 50)
        try:
            with _chalice(plan.folder / "chalice") as theirs:
                pairs = [(_hello(ours, calls), _hello(theirs, calls // 10)) for _ in range(rounds)]
            peer: float | None = median(pair[1] for pair in pairs)
            missing = ""
        except peers.MissingPeer as why:
            pairs, peer, missing = [(_hello(ours, calls), 0.0) for _ in range(rounds)], None, f"chalice {why}"
        one = median(pair[0] for pair in pairs)
        yield Row("dev, hello over keep-alive", one, "chalice local", peer, Faster(10), missing)
        yield Row("dev, hello over keep-alive", one, goal=Within(0.003))
        _together(ours, 4, calls)
        four = median(_together(ours, 4, calls) for _ in range(rounds))
        yield Row("dev, each of many, 4 clients", four, goal=Within(0.001), note=f"{1 / four:.0f} a second")
        _together(ours, _CROWD, _CROWD * 4)
        crowd = median(_together(ours, _CROWD, calls * 2) for _ in range(rounds))
        note = f"{1 / crowd:.0f} a second, no error"
        yield Row(f"dev, each of many, {_CROWD} clients", crowd, goal=Within(0.001), note=note)


@contextmanager
def _dev(project: Path) -> Iterator[int]:
    """`lakon dev`, and the port of its API."""
    project.mkdir()
    (project / "app.py").write_text(_LAKON)
    process = subprocess.Popen(
        [str(PROGRAM), "dev", "--json"], cwd=project, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield _port(process)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate()


def _port(process: subprocess.Popen[str]) -> int:
    for line in process.stdout or ():
        event = json.loads(line)
        if event["event"] == "ready":
            (front,) = event["fronts"]
            # what functions log comes on the same pipe, which has to be read on
            ThreadPoolExecutor(1).submit(lambda: [None for _ in process.stdout or ()])
            return int(front["url"].rpartition(":")[2])
    raise RuntimeError("lakon dev ended before it was up")


@contextmanager
def _chalice(project: Path) -> Iterator[int]:
    program = peers.environment(peers.CHALICE) / "bin" / "chalice"
    (project / ".chalice").mkdir(parents=True)
    (project / ".chalice" / "config.json").write_text('{"version": "2.0", "app_name": "bench"}')
    (project / "app.py").write_text(_CHALICE)
    (project / "requirements.txt").touch()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    process = subprocess.Popen(
        [str(program), "local", "--port", str(port), "--no-autoreload"],
        cwd=project,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            with socket.socket() as asking:
                if asking.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _together(port: int, clients: int, calls: int) -> float:
    """The seconds that one call takes of the whole, with so many clients at once.

    One loop plays them all: threads would take a good part of the two cores that are measured.
    """
    with selectors.DefaultSelector() as waiting, ExitStack() as opened:
        left = calls // clients * clients
        for _ in range(clients):
            connection = opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            waiting.register(connection, selectors.EVENT_READ, bytearray())
        asking, answered, begun = left - clients, 0, time.perf_counter()
        for key in list(waiting.get_map().values()):
            cast("socket.socket", key.fileobj).sendall(_REQUEST)
        while answered < left:
            for key, _ in waiting.select(_PATIENCE):
                connection = cast("socket.socket", key.fileobj)
                if _is_whole(key.data, connection.recv(65536)):
                    answered += 1
                    if asking:
                        asking -= 1
                        connection.sendall(_REQUEST)
        return (time.perf_counter() - begun) / left


def _is_whole(answer: bytearray, part: bytes) -> bool:
    """Whether an answer has come to its end with a part; RuntimeError for any other than the one that is wanted."""
    answer += part
    if not part or not answer.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"the front door answered {bytes(answer)!r}")
    whole = answer.endswith(_BODY)
    if whole:
        answer.clear()
    return whole


def _hello(port: int, calls: int) -> float:
    """The median seconds of one request over a connection that is kept. RuntimeError for any other answer."""
    took = []
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(calls):
            begun = time.perf_counter()
            connection.sendall(_REQUEST)
            answer = bytearray()
            while not _is_whole(answer, connection.recv(65536)):
                pass
            took.append(time.perf_counter() - begun)
    return median(took)

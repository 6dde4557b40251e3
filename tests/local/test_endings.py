"""When the caller has its answer, when an invocation is over, and what is written of what never began."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from itertools import pairwise
from typing import TYPE_CHECKING

from .hosting import hosting, run, until

if TYPE_CHECKING:
    from pathlib import Path

    from lakon.local.runs import Outcome


# Does what telemetry extensions do: it is done with an event when it was told that the runtime is.
EXTENSION = """#!/usr/bin/env python3
import http.client, http.server, json, os, threading
done, seen = threading.Semaphore(0), []
class Batch(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        for event in json.loads(self.rfile.read(int(self.headers["Content-Length"]))):
            if event["type"] == "platform.runtimeDone":
                seen.append(event["record"])
                done.release()
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Batch)
threading.Thread(target=server.serve_forever, daemon=True).start()
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
def ask(method, path, body=None, **headers):
    api.request(method, path, body, {"Lambda-Extension-" + key: value for key, value in headers.items()})
    answer = api.getresponse()
    answer.body = json.loads(answer.read() or b"null")
    return answer
wanted = json.dumps({"events": ["INVOKE"]})
answer = ask("POST", "/2020-01-01/extension/register", wanted, Name=os.path.basename(__file__))
identifier = answer.getheader("Lambda-Extension-Identifier")
ask("PUT", "/2022-07-01/telemetry", json.dumps({
    "schemaVersion": "2022-07-01", "types": ["platform"], "buffering": {"timeoutMs": 25},
    "destination": {"protocol": "HTTP", "URI": f"http://sandbox.localdomain:{server.server_address[1]}"},
}), Identifier=identifier)
while True:
    ask("GET", "/2020-01-01/extension/event/next", Identifier=identifier)
    done.acquire()
    print("done: " + json.dumps(seen[-1]), flush=True)
"""
ECHO = {"app.py": "def handler(event, context):\n    return event\n"}


def test_an_extension_that_waits_for_the_end_of_the_runtime(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            function = hosted.function(ECHO, layers=[{"extensions/teller": EXTENSION}])
            assert [await hosted.ask(function, 1), await hosted.ask(function, 2)] == [1, 2]
            lines = await hosted.written(lambda lines: sum(line.startswith("done: ") for line in lines) == 2)
            told = json.loads(next(line for line in lines if line.startswith("done: ")).removeprefix("done: "))
            assert told["status"] == "success"
            assert [span["name"] for span in told["spans"]] == ["responseLatency", "runtimeOverhead"]
            assert len(hosted.logs.streams) == 1

    run(scenario)


def test_the_caller_does_not_wait_for_extensions(tmp_path: Path) -> None:
    """The extension goes on only when the test, which has its answer by then, says so."""
    go = tmp_path / "go"
    loop = f"    while not os.path.exists({str(go)!r}):\n        threading.Event().wait(0.01)"
    waits = EXTENSION.replace("    done.acquire()", loop).replace("seen[-1]", "0")

    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            function = hosted.function(ECHO, layers=[{"extensions/slow": waits}])
            answered: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
            hosted.host.submit(function, hosted.calling(function, 1, tail=False), answered.set_result)
            assert (await answered).answer.body == b"1"
            assert not any(line.startswith("REPORT") for line in hosted.logs.lines)
            go.touch()
            await hosted.written(lambda lines: any(line.startswith("REPORT") for line in lines))
            assert await hosted.ask(function, 2) == 2

    run(scenario)


def test_one_caller_after_the_other_needs_one_environment(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            function = hosted.function(ECHO)
            for number in range(50):
                outcome = await hosted.host.invoke(function, hosted.calling(function, number, tail=False))
                assert (outcome.answer.body, outcome.log_tail) == (str(number).encode(), "")
            await hosted.written(lambda lines: sum(line.startswith("REPORT") for line in lines) == 50)
            assert len(hosted.logs.streams) == 1
            [stream] = hosted.logs.streams.values()
            assert [line.split()[0] for line in stream] == ["INIT_START", *["START", "END", "REPORT"] * 50]

    run(scenario)


def test_what_cannot_start_is_told_in_the_log(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            function = hosted.function({"other": ""}, Runtime="provided.al2023")
            outcome = await hosted.call(function)
            assert outcome.answer.error_type == "Runtime.InvalidEntrypoint"
            lines = await hosted.written(lambda lines: any(line.startswith("REPORT") for line in lines))
            assert [line.split()[0] for line in lines] == ["START", "RequestId:", "END", "REPORT"]
            assert "Couldn't find valid bootstrap(s)" in lines[1]
            assert lines[1].endswith("Runtime.InvalidEntrypoint")
            assert lines[1] in outcome.log_tail
            assert "\t\t" not in lines[3]

    run(scenario)


def test_an_environment_that_dies_while_idle(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            function = hosted.function({"app.py": "import os\ndef handler(event, context):\n    return os.getpid()\n"})
            assert await hosted.ask(function)
            [pid] = hosted.host.idle_pids(function)
            os.kill(pid, signal.SIGKILL)
            await until(lambda: not hosted.host.idle_pids(function))
            assert await hosted.ask(function) != pid
            lines = await hosted.written(lambda lines: sum(line.startswith("REPORT") for line in lines) == 2)
            assert all("Init Duration" in line for line in lines if line.startswith("REPORT"))
            assert len(hosted.logs.streams) == 2

    run(scenario)


def test_memory_that_is_shared_counts(tmp_path: Path) -> None:
    source = """
import mmap, time
def handler(event, context):
    held = mmap.mmap(-1, 300 << 20)
    for at in range(0, 300 << 20, 4096):
        held[at] = 1
    time.sleep(5)
"""

    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            error = await hosted.fail(hosted.function({"app.py": source}, MemorySize=128))
            assert error["errorType"] == "Runtime.OutOfMemory"

    run(scenario)


def test_a_second_init_is_told(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            await hosted.fail(hosted.function({"app.py": "raise SystemExit(3)\n"}))
            lines = await hosted.written(lambda lines: any(line.startswith("REPORT") for line in lines))
            phases = [line.split("Phase: ")[1].split("\t")[0] for line in lines if line.startswith("INIT_REPORT")]
            assert phases == ["init", "invoke"]

    run(scenario)


def test_the_memory_of_a_function_that_crashes_at_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            await hosted.fail(hosted.function({"app.py": "import os\ndef handler(event, context):\n    os._exit(3)\n"}))
            lines = await hosted.written(lambda lines: any(line.startswith("REPORT") for line in lines))
            assert "Max Memory Used" in next(line for line in lines if line.startswith("REPORT"))

    run(scenario)


BACKGROUND = """
import threading, time
ticks = []
def tick():
    while True:
        ticks.append(time.monotonic())
        time.sleep(0.01)
threading.Thread(target=tick, daemon=True).start()
def handler(event, context):
    time.sleep(event)
    return ticks
"""


def test_what_a_function_leaves_to_a_thread_stands_still_between_events(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            function = hosted.function({"app.py": BACKGROUND})
            await hosted.ask(function, 0)
            await asyncio.sleep(1.5)
            ticks = await hosted.ask(function, 0.3)
            assert isinstance(ticks, list)
            pauses = [later - tick for tick, later in pairwise(ticks)]
            assert max(pauses) > 1
            assert ticks[-1] - ticks[pauses.index(max(pauses)) + 1] > 0.1  # it went on with the event

    run(scenario)

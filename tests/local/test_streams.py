"""Responses that are passed on while the function still sends them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from .hosting import hosting, run, until

if TYPE_CHECKING:
    from pathlib import Path

    from lakon.local.functions import Function
    from lakon.local.runs import Outcome

    from .hosting import Hosting

# A runtime that streams: what it does stands in the event.
STREAMER = """#!/usr/bin/env python3
import base64, http.client, json, os, socket, time
host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
base = "/2018-06-01/runtime/invocation/"
while True:
    api = http.client.HTTPConnection(host, int(port))
    api.request("GET", base + "next")
    answer = api.getresponse()
    event = json.loads(answer.read())
    identifier = answer.getheader("Lambda-Runtime-Aws-Request-Id")
    wire = socket.create_connection((host, int(port)))
    wire.sendall((f"POST {base}{identifier}/response HTTP/1.1\\r\\nHost: x\\r\\n"
        "Lambda-Runtime-Function-Response-Mode: streaming\\r\\nTransfer-Encoding: chunked\\r\\n"
        "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\\r\\n"
        f"Content-Type: {event.get('type', 'text/plain')}\\r\\n\\r\\n").encode())
    for chunk in event["chunks"]:
        if chunk == "wait":
            while not os.path.exists(event["until"]):
                time.sleep(0.01)
        elif chunk == "die":
            os._exit(5)
        elif chunk == "hang":
            time.sleep(60)
        else:
            data = chunk.encode() * event.get("times", 1)
            wire.sendall(b"%x\\r\\n%s\\r\\n" % (len(data), data))
    trailers = ""
    if "error" in event:
        body = base64.b64encode(json.dumps(event["error"]).encode()).decode()
        trailers = ("Lambda-Runtime-Function-Error-Type: Function.Broken\\r\\n"
                    f"Lambda-Runtime-Function-Error-Body: {body}\\r\\n")
    wire.sendall(f"0\\r\\n{trailers}\\r\\n".encode())
    wire.recv(65536)
    wire.close()
    api.close()
"""


class Sink:
    """Keeps what is streamed."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, bytes | None]] = []
        self.body = b""

    def begin(self, content_type: str, prelude: bytes | None) -> None:
        self.begun.append((content_type, prelude))

    def write(self, chunk: bytes) -> None:
        assert self.begun and chunk
        self.body += chunk


def streamer(hosted: Hosting, timeout: int = 10) -> Function:
    return hosted.function({"bootstrap": STREAMER}, Runtime="provided.al2023", Handler="x", Timeout=timeout)


def test_response_is_passed_on_while_it_comes(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            sink = Sink()
            flag = tmp_path / "flag"
            event = {"chunks": ["one", "wait", "two"], "until": str(flag)}
            call = asyncio.create_task(hosted.call(streamer(hosted), event, sink))
            await until(lambda: sink.body)
            assert (sink.begun, sink.body, call.done()) == ([("text/plain", None)], b"one", False)
            flag.touch()
            outcome = await call
            assert (outcome.streamed, outcome.answer.error_type, outcome.answer.body) == (True, None, b"")
            assert sink.body == b"onetwo"

    run(scenario)


@pytest.mark.parametrize(
    ("chunks", "prelude", "body"),
    [
        (['{"statusCode":201}' + "\0" * 8 + "body"], b'{"statusCode":201}', b"body"),
        (['{"status', 'Code":201}\0\0\0', "\0\0\0\0", "\0bo", "dy"], b'{"statusCode":201}', b"body"),
        (['{"statusCode":204}' + "\0" * 8], b'{"statusCode":204}', b""),
        (["no prelude"], None, b"no prelude"),
    ],
)
def test_prelude(tmp_path: Path, chunks: list[str], prelude: bytes | None, body: bytes) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            sink = Sink()
            kind = "application/vnd.awslambda.http-integration-response"
            await hosted.call(streamer(hosted), {"chunks": chunks, "type": kind}, sink)
            assert (sink.begun, sink.body) == ([(kind, prelude)], body)

    run(scenario)


def test_stream_that_breaks_off(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            function = streamer(hosted, timeout=1)
            for event, error_type in (
                ({"chunks": ["part"], "error": {"errorMessage": "m", "errorType": "T"}}, "Function.Broken"),
                ({"chunks": ["part", "die"]}, "Runtime.ExitError"),
                ({"chunks": ["part", "hang"]}, "Sandbox.Timedout"),
            ):
                sink = Sink()
                outcome = await hosted.call(function, event, sink)
                assert (outcome.streamed, sink.body) == (True, b"part")
                assert outcome.answer.error_type == error_type

    run(scenario)


def test_stream_without_a_sink_is_buffered_and_limited(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            function = streamer(hosted)
            outcome = await hosted.call(function, {"chunks": ["one", "two"]})
            assert (outcome.streamed, outcome.answer.body) == (False, b"onetwo")
            big = {"chunks": ["x"] * 7, "times": 1_000_000}
            assert (await hosted.call(function, big)).answer.error_type == "Function.ResponseSizeTooLarge"
            sink = Sink()
            outcome = await hosted.call(function, big, sink)
            assert (outcome.answer.error_type, len(sink.body)) == (None, 7_000_000)

    run(scenario)


def test_a_slow_reader_holds_the_function_back(tmp_path: Path) -> None:
    """What nobody takes stays with the function, for all that it sends."""
    times = 40_000_000
    event = {"chunks": ["a", "b"], "times": times}

    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            sink = Sink()
            answered: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
            call = hosted.calling(streamer(hosted, timeout=60), event)
            one = hosted.host.submit(streamer(hosted, timeout=60), call, answered.set_result, sink)
            await until(lambda: sink.body)
            one.hold(wait=True)
            taken = len(sink.body)
            await asyncio.sleep(0.3)
            assert len(sink.body) == taken < times
            assert not answered.done()
            one.hold(wait=False)
            assert (await answered).streamed
            assert len(sink.body) == 2 * times

    run(scenario)

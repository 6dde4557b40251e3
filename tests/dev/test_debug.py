"""`lakon dev --debug`: a debugger attaches, stops at a breakpoint in the user's own file, and looks around."""

from __future__ import annotations

import json
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from .conftest import processes
from .test_dev import call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import CompletedProcess

    from .conftest import Dev

LINE = 10  # of `return "v1"`


class Debugger:
    """Speaks the Debug Adapter Protocol, as editors do."""

    def __init__(self, port: int) -> None:
        self._connection = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._file = self._connection.makefile("rwb")
        self._number = 0

    def send(self, command: str, **arguments: object) -> int:
        self._number += 1
        told = {"seq": self._number, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(told).encode()
        self._file.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._file.flush()
        return self._number

    def ask(self, command: str, **arguments: object) -> Any:
        number = self.send(command, **arguments)
        answer = self.until(lambda message: message.get("request_seq") == number)
        assert answer["success"], answer
        return answer.get("body")

    def event(self, name: str) -> Any:
        return self.until(lambda message: message.get("event") == name).get("body")

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while True:
            length = 0
            while line := self._file.readline().strip():
                length = int(line.removeprefix(b"Content-Length: "))
            message: dict[str, Any] = json.loads(self._file.read(length))
            if wanted(message):
                return message

    def close(self) -> None:
        self._file.close()
        self._connection.close()


@pytest.mark.skipif(sys.platform != "linux", reason="process listings are read from /proc")
def test_a_debugger_stops_at_a_line(dev: Callable[..., Dev], project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    work = dev("--debug", "greet", "--debug-port", str(port))
    work.until("ready")
    assert call(work) == "v1"
    debugger = Debugger(port)
    debugger.ask("initialize", adapterID="test", linesStartAt1=True, pathFormat="path")
    debugger.send("attach", justMyCode=True)
    debugger.event("initialized")
    source = {"path": str(project / "app.py")}
    [placed] = debugger.ask("setBreakpoints", source=source, breakpoints=[{"line": LINE}])["breakpoints"]
    assert placed["verified"]
    debugger.ask("configurationDone")
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(call, work, "greet", {"name": "Ada"})
        stopped = debugger.event("stopped")
        assert stopped["reason"] == "breakpoint"
        frame = debugger.ask("stackTrace", threadId=stopped["threadId"])["stackFrames"][0]
        assert (frame["name"], frame["line"], frame["source"]["path"]) == ("greet", LINE, source["path"])
        seen = debugger.ask("evaluate", expression='event["name"]', frameId=frame["id"], context="watch")
        assert seen["result"] == "'Ada'"
        assert not answer.done()
        debugger.send("continue", threadId=stopped["threadId"])
        assert answer.result() == "v1"
    debugger.close()

    work.edit("v1", "v2")
    work.until("reloaded")
    assert call(work) == "v2"
    Debugger(port).close()
    assert work.end() == 0
    assert processes(project) == set()


def test_a_function_that_is_not_there(dev: Callable[..., Dev]) -> None:
    work = dev("--debug", "gret")
    assert work.wait() == 2
    assert "Did you mean 'greet'?" in work.said()


def test_a_port_that_is_taken_is_told_before_anything_starts(lakon: Callable[..., CompletedProcess[str]]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = lakon("dev", "--debug", "greet", "--debug-port", port)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: the debugger cannot listen on port {port}: ")

"""Extensions beside a function: how they register, are told of events, fail, and end."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from .hosting import Hosting, hosting, run, until

if TYPE_CHECKING:
    from pathlib import Path

    from lakon.local.functions import Function

HANDLER = {
    "app.py": """
import time
def handler(event, context):
    print("working")
    time.sleep(60 if event == "wait" else 0)
    return event
"""
}

# An extension in the manner of AWS's examples; it writes down what it is told, and does as its name says.
EXTENSION = """#!/usr/bin/env python3
import http.client, json, os, pathlib, signal, sys, time
told = pathlib.Path(os.environ["TOLD"])
name = os.path.basename(__file__)
def note(**what):
    with told.open("a") as file:
        file.write(json.dumps({"name": name, **what}) + "\\n")
connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
def ask(method, path, body=None, **headers):
    headers = {"Lambda-Extension-" + key.replace("_", "-"): value for key, value in headers.items()}
    connection.request(method, "/2020-01-01/extension/" + path, body, headers)
    answer = connection.getresponse()
    return answer, json.loads(answer.read() or b"null")
answer, about = ask("POST", "register", json.dumps({"events": ["INVOKE", "SHUTDOWN"]}), Name=name,
                    Accept_Feature="accountId")
identifier = answer.getheader("Lambda-Extension-Identifier")
note(about=about, environment=sorted(os.environ))
if name == "dies-early":
    sys.exit(3)
if name == "gives-up":
    ask("POST", "init/error", "{}", Identifier=identifier, Function_Error_Type="Extension.NoConfig")
    time.sleep(60)
print(name, "is up", flush=True)
while True:
    answer, event = ask("GET", "event/next", Identifier=identifier)
    note(event=event)
    if name == "dies-late" and event["eventType"] == "INVOKE":
        os.kill(os.getpid(), signal.SIGKILL)
    if name == "stubborn" and event["eventType"] == "SHUTDOWN":
        time.sleep(60)
    if event["eventType"] == "SHUTDOWN":
        note(bye=True)
        break
    time.sleep(0.2)
    note(done=True)
"""


def make(hosted: Hosting, folder: Path, name: str, **config: object) -> tuple[Function, Path]:
    told = folder / "told"
    told.touch()
    layer = {f"extensions/{name}": EXTENSION}
    variables = {"Variables": {"TOLD": str(told)}}
    return hosted.function(HANDLER, layers=[layer], Environment=variables, **config), told


def read(told: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in told.read_text().splitlines()]


def events(told: Path) -> list[dict[str, object]]:
    return [event for line in read(told) if isinstance(event := line.get("event"), dict)]


def test_events_and_end(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            function, told = make(hosted, tmp_path, "watcher")
            assert await hosted.ask(function, 1) == 1
            assert any("done" in line for line in read(told))  # the invocation waited for it
            assert await hosted.ask(function, 2) == 2
            await hosted.written(lambda lines: sum(line.startswith("REPORT") for line in lines) == 2)
            assert "watcher is up" in hosted.logs.lines
            assert "EXTENSION\tName: watcher\tState: Ready\tEvents: [INVOKE,SHUTDOWN]" in hosted.logs.lines
        about, *_ = read(told)
        assert about["about"] == {
            "functionName": function.name,
            "functionVersion": "$LATEST",
            "handler": "app.handler",
            "accountId": "000000000000",
        }
        seen = about["environment"]
        assert isinstance(seen, list)
        assert not [name for name in seen if name.startswith("_") or name == "AWS_XRAY_CONTEXT_MISSING"]
        first, second, shutdown = events(told)
        assert first["eventType"] == second["eventType"] == "INVOKE"
        assert first["requestId"] != second["requestId"]
        assert str(first["invokedFunctionArn"]).endswith(function.name)
        assert isinstance(first["deadlineMs"], int)
        tracing = first["tracing"]
        assert isinstance(tracing, dict) and tracing["type"] == "X-Amzn-Trace-Id"
        assert (shutdown["eventType"], shutdown["shutdownReason"]) == ("SHUTDOWN", "spindown")
        assert read(told)[-1] == {"name": "watcher", "bye": True}

    run(scenario)


def test_timeout_is_told_as_the_reason(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            told = tmp_path / "told"
            source = {"app.py": "import time\ndef handler(event, context):\n    time.sleep(60)\n"}
            variables = {"Variables": {"TOLD": str(told)}}
            layer = {"extensions/watcher": EXTENSION}
            function = hosted.function(source, layers=[layer], Environment=variables, Timeout=1)
            assert (await hosted.fail(function))["errorType"] == "Sandbox.Timedout"
            await until(lambda: any("bye" in line for line in read(told)))
            assert events(told)[-1]["shutdownReason"] == "timeout"

    run(scenario)


@pytest.mark.parametrize(
    ("name", "error_type", "message"),
    [
        ("dies-early", "Extension.Crash", "exit code 3"),
        ("dies-late", "Extension.Crash", "signal: killed"),
        ("gives-up", "Extension.InitError", "Extension.NoConfig"),
    ],
)
def test_failures(tmp_path: Path, name: str, error_type: str, message: str) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            function, _ = make(hosted, tmp_path, name)
            error = await hosted.fail(function, "wait")
            assert error["errorType"] == error_type
            assert re.fullmatch(rf"RequestId: [0-9a-f-]{{36}} Error: .*{message}", error["errorMessage"])

    run(scenario)


def test_one_that_cannot_be_started(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            function = hosted.function(HANDLER, layers=[{"extensions/broken": "no program"}])
            error = await hosted.fail(function)
            assert error["errorType"] == "Extension.LaunchError"
            assert "Permission denied" in error["errorMessage"]

    run(scenario)


def test_stubborn_one_is_killed(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            function, told = make(hosted, tmp_path, "stubborn")
            await hosted.ask(function)
        assert events(told)[-1]["eventType"] == "SHUTDOWN"
        assert "bye" not in read(told)[-1]

    run(scenario)


INTERNAL = """#!/usr/bin/env python3
import http.client, json, os, signal, sys, threading
def connect():
    return http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
beside = connect()
def ask(method, path, body=None, **headers):
    headers = {"Lambda-Extension-" + key.replace("_", "-"): value for key, value in headers.items()}
    beside.request(method, "/2020-01-01/extension/" + path, body, headers)
    answer = beside.getresponse()
    return answer.getheader("Lambda-Extension-Identifier"), answer.status, json.loads(answer.read())
if "EXTEND" in os.environ:
    print(ask("POST", "register", '{"events": ["SHUTDOWN"]}', Name="inside")[1:], flush=True)
    identifier, *_ = ask("POST", "register", '{"events": []}', Name="inside")
    threading.Thread(target=ask, args=("GET", "event/next"), kwargs={"Identifier": identifier}, daemon=True).start()
def goodbye(number, frame):
    open(os.environ["TOLD"], "w").write("SIGTERM")
    os._exit(0)
signal.signal(signal.SIGTERM, goodbye)
api, path = connect(), "/2018-06-01/runtime/invocation/"
while True:
    api.request("GET", path + "next")
    event = api.getresponse()
    body = event.read()
    api.request("POST", path + event.getheader("Lambda-Runtime-Aws-Request-Id") + "/response", body)
    api.getresponse().read()
"""


@pytest.mark.parametrize("extended", [True, False])
def test_runtime_is_asked_to_end_only_beside_an_extension(tmp_path: Path, extended: bool) -> None:
    async def scenario() -> None:
        told = tmp_path / "told"
        async with hosting(tmp_path) as hosted:
            variables = {"TOLD": str(told)} | ({"EXTEND": "1"} if extended else {})
            function = hosted.function(
                {"bootstrap": INTERNAL}, Runtime="provided.al2023", Environment={"Variables": variables}
            )
            assert await hosted.ask(function, 7) == 7
            if extended:
                lines = await hosted.written(lambda lines: any("403" in line for line in lines))
                assert any("ShutdownEventNotSupportedForInternalExtension" in line for line in lines)
        assert told.exists() is extended

    run(scenario)

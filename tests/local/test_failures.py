"""What goes wrong inside a function, and how Lambda says it."""

from __future__ import annotations

import base64
import json
import os
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_lambda import LambdaClient


def fail(client: LambdaClient, name: str, payload: bytes = b"{}") -> tuple[dict[str, object], str]:
    """The error that an invocation is answered with, and its log."""
    answer = client.invoke(FunctionName=name, Payload=payload, LogType="Tail")
    assert answer["StatusCode"] == 200
    assert answer["FunctionError"] == "Unhandled"
    error: dict[str, object] = json.loads(answer["Payload"].read())
    return error, base64.b64decode(answer.get("LogResult", "")).decode()


def test_exception(lambda_client: LambdaClient, deploy: Callable[..., str]) -> None:
    name = deploy("def handler(event, context):\n    raise KeyError('missing')\n")
    error, log = fail(lambda_client, name)
    assert error["errorType"] == "KeyError"
    assert error["errorMessage"] == "'missing'"
    assert isinstance(error["stackTrace"], list) and "raise KeyError" in error["stackTrace"][-1]
    assert "[ERROR] KeyError: 'missing'" in log
    assert "Status:" not in log


def test_process_goes_on_after_an_exception(lambda_client: LambdaClient, deploy: Callable[..., str]) -> None:
    name = deploy("import os\ndef handler(event, context):\n    raise ValueError(os.getpid())\n")
    assert fail(lambda_client, name)[0]["errorMessage"] == fail(lambda_client, name)[0]["errorMessage"]


def test_timeout_kills_the_process_and_what_it_started(
    lambda_client: LambdaClient, deploy: Callable[..., str], wait_for: Callable[..., None]
) -> None:
    source = """
import os, subprocess, time
def handler(event, context):
    if event == "pid":
        return os.getpid()
    child = subprocess.Popen(["sleep", "60"])
    print("child", child.pid, os.getpid(), flush=True)
    while True:
        time.sleep(1)
"""
    name = deploy(source, Timeout=1)
    error, log = fail(lambda_client, name)
    assert error["errorType"] == "Sandbox.Timedout"
    assert re.fullmatch(
        r"RequestId: [0-9a-f-]{36} Error: Task timed out after 1.00 seconds", str(error["errorMessage"])
    )
    assert re.search(r"^\d{4}-\d\d-\d\dT[\d:.]+Z [0-9a-f-]{36} Task timed out after 1.00 seconds$", log, re.MULTILINE)
    assert re.search(r"\tDuration: 1000.00 ms\t.*Status: timeout$", log, re.MULTILINE)
    for pid in re.findall(r"\d+", next(line for line in log.splitlines() if line.startswith("child"))):
        wait_for(lambda pid=pid: not _runs(int(pid)))
    assert lambda_client.invoke(FunctionName=name, Payload=b'"pid"').get("FunctionError") is None


def _runs(pid: int) -> bool:
    from lakon.local.spawning.groups import alive

    return alive(pid)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("os._exit(3)", "Runtime exited with error: exit status 3"),
        ("os._exit(0)", "Runtime exited without providing a reason"),
        ("os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed"),
        ("sys.exit('bye')", "Runtime exited with error: exit status 1"),
    ],
)
def test_process_that_ends(
    lambda_client: LambdaClient, deploy: Callable[..., str], statement: str, message: str
) -> None:
    name = deploy(f"import os, sys\ndef handler(event, context):\n    print('last words')\n    {statement}\n")
    for _ in range(2):  # the next invocation has a new process
        error, log = fail(lambda_client, name)
        assert error["errorType"] == "Runtime.ExitError"
        assert re.fullmatch(rf"RequestId: [0-9a-f-]{{36}} Error: {message}", str(error["errorMessage"]))
        assert "last words" in log
        assert "Status: error\tError Type: Runtime.ExitError" in log


@pytest.mark.parametrize(
    ("files", "handler", "error_type", "message"),
    [
        ({"app.py": "import nowhere"}, "app.handler", "Runtime.ImportModuleError", "No module named 'nowhere'"),
        ({"other.py": ""}, "app.handler", "Runtime.ImportModuleError", "No module named 'app'"),
        ({"app.py": ""}, "app.handler", "Runtime.HandlerNotFound", "'handler' missing on module 'app'"),
        ({"app.py": "def handler(:"}, "app.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app'"),
        ({"app.py": ""}, "app", "Runtime.MalformedHandlerName", "Bad handler 'app'"),
        ({"app.py": "1 / 0"}, "app.handler", "ZeroDivisionError", "division by zero"),
    ],
)
def test_init_error(
    lambda_client: LambdaClient,
    deploy: Callable[..., str],
    files: dict[str, str | bytes],
    handler: str,
    error_type: str,
    message: str,
) -> None:
    name = deploy(files, Handler=handler)
    error, log = fail(lambda_client, name)
    assert error["errorType"] == error_type
    assert message in str(error["errorMessage"])
    assert "Phase: init\tStatus: error" in log


def test_exit_during_init(lambda_client: LambdaClient, deploy: Callable[..., str]) -> None:
    name = deploy("import sys\nsys.exit(7)\n")
    error, _ = fail(lambda_client, name)
    assert error["errorType"] == "Runtime.ExitError"
    assert str(error["errorMessage"]).endswith("Error: Runtime exited with error: exit status 7")


def test_init_is_tried_again_on_the_invocations_time(lambda_client: LambdaClient, deploy: Callable[..., str]) -> None:
    source = """
import pathlib, tempfile, time
seen = pathlib.Path(tempfile.gettempdir(), "seen")
if not seen.exists():
    seen.touch()
    time.sleep(60)
def handler(event, context):
    return "at last"
"""
    name = deploy(source)
    answer = lambda_client.invoke(FunctionName=name, LogType="Tail")
    assert answer["Payload"].read() == b'"at last"'
    assert "Phase: init\tStatus: timeout" in base64.b64decode(answer["LogResult"]).decode()


def test_response_too_large(lambda_client: LambdaClient, deploy: Callable[..., str]) -> None:
    name = deploy("def handler(event, context):\n    return 'x' * event\n", Timeout=30)
    error, _ = fail(lambda_client, name, b"6400000")
    assert error["errorType"] == "Function.ResponseSizeTooLarge"
    assert error["errorMessage"] == (
        "Response payload size (6400002 bytes) exceeded maximum allowed payload size (6291556 bytes)."
    )
    assert lambda_client.invoke(FunctionName=name, Payload=b"3")["Payload"].read() == b'"xxx"'


def test_answer_that_is_not_json(lambda_client: LambdaClient, deploy: Callable[..., str]) -> None:
    name = deploy("def handler(event, context):\n    return {1, 2}\n")
    error, _ = fail(lambda_client, name)
    assert error["errorType"] == "Runtime.MarshalError"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"other": "x"}, "Couldn't find valid bootstrap(s)"),
        ({"bin/tool": "x"}, "Couldn't find valid bootstrap(s)"),
    ],
)
def test_no_bootstrap(
    lambda_client: LambdaClient, deploy: Callable[..., str], files: dict[str, str | bytes], message: str
) -> None:
    name = deploy(files, Runtime="provided.al2023", Handler="bootstrap")
    error, _ = fail(lambda_client, name)
    assert error["errorType"] == "Runtime.InvalidEntrypoint"
    assert message in str(error["errorMessage"])


def test_bootstrap_that_cannot_be_executed(lambda_client: LambdaClient, deploy: Callable[..., str]) -> None:
    name = deploy({"bootstrap": b"\x7fELF nonsense"}, Runtime="provided.al2023", Handler="bootstrap")
    error, _ = fail(lambda_client, name)
    assert error["errorType"] == "Runtime.InvalidEntrypoint"


def test_runtime_that_does_not_run_here(lambda_client: LambdaClient, deploy: Callable[..., str]) -> None:
    name = deploy("x", Runtime="java21")
    error, _ = fail(lambda_client, name)
    assert error["errorType"] == "Runtime.InvalidEntrypoint"
    assert "java21 cannot run on this machine" in str(error["errorMessage"])


def test_missing_code_is_an_error(lambda_client: LambdaClient) -> None:
    name = f"image-{os.getpid()}"
    lambda_client.create_function(
        FunctionName=name,
        Role="arn:aws:iam::000000000000:role/x",
        PackageType="Image",
        Code={"ImageUri": "registry.example/image:1"},
    )
    error, _ = fail(lambda_client, name)
    assert error["errorType"] == "Sandbox.Failure"
    assert "cannot run on this machine" in str(error["errorMessage"])
    lambda_client.delete_function(FunctionName=name)

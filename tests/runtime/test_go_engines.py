"""One Go source under every engine: built for real, run on the real host."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest

from lakon.local import installs
from tests.build.golang import AWS, MODULE, go_mod
from tests.go.building import JUDGES

from .gohosting import built, on_the_host, running_python, service

if TYPE_CHECKING:
    from pathlib import Path

    from lakon.local.functions import Function
    from tests.local.hosting import Hosting

GO = """package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/lakon/lakon-go/lambda"
	"github.com/lakon/lakon-go/lambdacontext"
)

type event struct{ Do, Text string }

type NotFound struct{ Key string }

func (n NotFound) Error() string { return "there is no " + n.Key }

var fromInit = os.Getenv("COLOUR")

func handle(ctx context.Context, event event) (any, error) {
	switch event.Do {
	case "echo":
		return event.Text, nil
	case "fail":
		return nil, NotFound{event.Text}
	case "wrapped":
		return nil, errors.New("plain")
	case "panic":
		var none map[string]int
		none["x"] = 1
	case "exit":
		os.Exit(3)
	case "stream":
		return io.Reader(strings.NewReader(event.Text)), nil
	case "large":
		return strings.Repeat("x", 6<<20+200), nil
	}
	fmt.Println("said by Go")
	lc, _ := lambdacontext.FromContext(ctx)
	deadline, ok := ctx.Deadline()
	return map[string]any{
		"id": lc.AwsRequestID, "arn": lc.InvokedFunctionArn, "pid": os.Getpid(), "colour": os.Getenv("COLOUR"),
		"init": fromInit, "left": ok && time.Until(deadline) > time.Second, "args": len(os.Args),
		"trace": os.Getenv("_X_AMZN_TRACE_ID"), "function": lambdacontext.FunctionName,
	}, nil
}

func main() {
	if os.Getenv("BROKEN") != "" {
		panic("no")
	}
	lambda.Start(handle)
}
"""

PROGRAM = """
import lakon

service = lakon.Service("engines", python="{python}", env={{"COLOUR": "blue"}})
for engine in ("runtime", "sidecar", "inprocess"):
    service.go_function(engine, source="./fn", engine=engine)
    service.go_function("broken" + engine, source="./fn", engine=engine, env={{"BROKEN": "yes"}})
"""


def requiring_aws() -> dict[str, str]:
    """The go.mod and go.sum of a program by aws-lambda-go. Skips where it cannot be had."""
    asked = ["go", "mod", "download"]
    done = subprocess.run(
        asked, cwd=JUDGES, env=os.environ | {"GOFLAGS": ""}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"aws-lambda-go cannot be had: {done.stderr[-200:]}")
    return {f"fn/{name}": (JUDGES / name).read_text() for name in ("go.mod", "go.sum")}


ENGINES = ("runtime", "sidecar", "inprocess")
OURS = {"fn/go.mod": go_mod("fn"), "fn/main.go": GO}


@pytest.mark.parametrize("module", ["ours", "aws"])
def test_one_source_runs_in_three_engines(module: str, tmp_path: Path) -> None:
    project = service(PROGRAM, OURS if module == "ours" else {"fn/main.go": GO.replace(MODULE, AWS), **requiring_aws()})

    async def scenario(hosted: Hosting, functions: dict[str, Function]) -> None:
        for name in ENGINES:
            function = functions[name]
            pids = set()
            for _ in range(2):
                told = await hosted.ask(function, {})
                assert isinstance(told, dict)
                pids.add(told["pid"])
                assert (told["colour"], told["left"], told["args"]) == ("blue", True, 1), name
                assert told["arn"].endswith(f":{name}")
                assert told["function"] == name
                assert told["trace"].startswith("Root=")
            assert len(pids) == 1
            assert await hosted.ask(function, {"Do": "echo", "Text": "é" * 2_000_000}) == "é" * 2_000_000
            streamed = (await hosted.call(function, {"Do": "stream", "Text": "plain"})).answer
            assert (streamed.error_type, streamed.body) == (None, b"plain")
            if name == "runtime" or (name, module) == ("sidecar", "ours"):
                assert streamed.content_type == "application/octet-stream"
            error = await hosted.fail(function, {"Do": "fail", "Text": "cat"})
            assert (error["errorType"], error["errorMessage"]) == ("NotFound", "there is no cat")
            if name != "runtime" or module == "ours":
                error = await hosted.fail(function, {"Do": "large"})
                assert error["errorType"] in ("Function.ResponseSizeTooLarge", "ResponseSizeTooLarge"), name
            error = await hosted.fail(function, {"Do": "panic"})
            assert error["errorMessage"] == "assignment to entry in nil map"
            assert "/main.go" in json.dumps(error["stackTrace"])
            told = await hosted.ask(function, {})
            assert isinstance(told, dict)
            assert (told["pid"] in pids) is (name == "inprocess")
        for _ in range(2):
            error = await hosted.fail(functions["sidecar"], {"Do": "exit"})
            assert (error["errorType"], error["errorMessage"]) == (
                "Runtime.ExitError",
                "the Go program ended: exit status 3",
            )
            assert await hosted.ask(functions["sidecar"], {"Do": "echo", "Text": "again"}) == "again"
        lines = await hosted.written(lambda lines: sum("said by Go" in line for line in lines) == 9)
        assert sum(line.strip() == "said by Go" for line in lines) == 9

    on_the_host(project, tmp_path, scenario)


def test_a_program_that_never_starts_says_so(tmp_path: Path) -> None:
    async def scenario(hosted: Hosting, functions: dict[str, Function]) -> None:
        error = await hosted.fail(functions["brokensidecar"], {})
        assert (error["errorType"], error["errorMessage"]) == (
            "Runtime.ExitError",
            "the Go program ended: exit status 2",
        )
        error = await hosted.fail(functions["brokeninprocess"], {})
        assert (error["errorType"], error["errorMessage"]) == ("Runtime.InitPanic", "main panicked: no")

    on_the_host(service(PROGRAM, OURS), tmp_path, scenario)


SNAPSHOT = """
import sys
sys.path.insert(0, "code")
from lakon.runtime import sidecar
import snapshot_restore_py
before = sidecar._sidecar._child.pid
[(restored, arguments, named)] = snapshot_restore_py.get_after_restore()
restored(*arguments, **named)
assert sidecar._sidecar._child.pid != before
sidecar._sidecar._stop()
"""


def test_a_sidecar_is_started_anew_after_a_snapshot(tmp_path: Path) -> None:
    program = 'import lakon\nservice = lakon.Service("snap", python="{python}")\n'
    program += 'service.go_function("sidecar", source="./fn", engine="sidecar")\n'
    [archive] = built(service(program, OURS), tmp_path).archives.values()
    code = tmp_path / "code"
    with zipfile.ZipFile(archive.path) as opened:
        opened.extractall(code)
    (code / "bootstrap").chmod(0o755)
    python = installs.ensure_python_runtime(installs.base_python(), running_python())
    environment = {"LAMBDA_TASK_ROOT": str(code), "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}
    command = [str(python), "-c", SNAPSHOT]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

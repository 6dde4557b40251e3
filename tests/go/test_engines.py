"""Programs that something else than the Runtime API calls: as a sidecar in frames, and as a library in C."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .building import AWS, OURS, compiled, glued

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = """
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type event struct{ Do, Text string }

var fromInit = os.Getenv("AWS_LAMBDA_FUNCTION_NAME")

func handle(ctx context.Context, event event) (any, error) {
	switch event.Do {
	case "fail":
		return nil, errors.New("it failed")
	case "panic":
		panic("it panicked")
	case "stream":
		return io.Reader(strings.NewReader("streamed")), nil
	case "echo":
		return event.Text, nil
	case "exit":
		os.Exit(4)
	}
	lc, _ := lambdacontext.FromContext(ctx)
	deadline, ok := ctx.Deadline()
	return map[string]any{
		"id": lc.AwsRequestID, "arn": lc.InvokedFunctionArn, "tenant": lc.TenantID, "custom": lc.ClientContext.Custom,
		"me": lc.Identity.CognitoIdentityID, "left": ok && time.Until(deadline) > 50*time.Second, "args": len(os.Args),
		"trace": os.Getenv("_X_AMZN_TRACE_ID"), "value": ctx.Value("x-amzn-trace-id"), "mine": ctx.Value("mine"),
		"key": os.Getenv("AWS_ACCESS_KEY_ID"), "function": lambdacontext.FunctionName,
		"memory": lambdacontext.MemoryLimitInMB,
	}, nil
}

func main() {
	if os.Getenv("WRONG") != "" {
		return
	}
	defer os.Exit(5)
	lambda.StartWithOptions(handle, lambda.WithContextValue("mine", "yes"))
}
"""
OLD = """
package main

import "context"

func Handle(event string, ctx context.Context) (string, error) {
	return event + " of old", ctx.Err()
}
"""
FIELDS = ["id", "", "arn", "Root=1", '{"custom": {"a": "é"}}', '{"cognitoIdentityId": "me"}', "tenant", "key", "s", "t"]
TOLD = {
    "id": "id", "arn": "arn", "tenant": "tenant", "custom": {"a": "é"}, "me": "me", "left": True, "args": 1,
    "trace": "Root=1", "value": "Root=1", "mine": "yes", "key": "key", "function": "judge", "memory": 128,
}  # fmt: skip
FAILED = '{"errorMessage":"it failed","errorType":"errorString"}'

modules = pytest.mark.parametrize("module", ["aws", "ours"])


def program(module: str, source: str) -> str:
    return source if module == "aws" else source.replace(AWS, OURS)


def header() -> str:
    return "\0".join([FIELDS[0], str(int(time.time() * 1000) + 60_000), *FIELDS[2:]])


class Sidecar:
    def __init__(self, binary: Path, **environment: str) -> None:
        self.socket, theirs = socket.socketpair()
        self.process = subprocess.Popen(
            [binary, "an", "argument"],
            env={"LAKON_SIDECAR_FD": str(theirs.fileno()), "AWS_LAMBDA_FUNCTION_NAME": "judge"} | environment,
            pass_fds=[theirs.fileno()],
            stderr=subprocess.DEVNULL,
        )
        theirs.close()
        self.socket.settimeout(20)

    def receive(self) -> tuple[int, str]:
        status, size = struct.unpack(">II", self._exactly(8))
        return status, self._exactly(size).decode()

    def call(self, **event: str) -> list[tuple[int, str]]:
        payload, head = json.dumps(event).encode(), header().encode()
        self.socket.sendall(struct.pack(">II", len(head), len(payload)) + head + payload)
        frames = [self.receive()]
        while frames[-1][0] >= 3:
            frames.append(self.receive())
        return frames

    def _exactly(self, size: int) -> bytes:
        got = b""
        while len(got) < size:
            more = self.socket.recv(size - len(got))
            if not more:
                raise EOFError(got)
            got += more
        return got


@contextmanager
def sidecar(binary: Path, **environment: str) -> Iterator[Sidecar]:
    made = Sidecar(binary, **environment)
    try:
        yield made
    finally:
        made.socket.close()
        made.process.wait(20)


@modules
def test_sidecar(module: str) -> None:
    glue = ["aws", "aws_sidecar"] if module == "aws" else []
    binary = compiled(glued(program(module, PROGRAM), *glue), aws=module == "aws")
    with sidecar(binary, AWS_LAMBDA_FUNCTION_MEMORY_SIZE="128", AWS_ACCESS_KEY_ID="old") as run:
        assert run.receive() == (0, "")
        ((status, told),) = run.call()
        assert (status, json.loads(told)) == (0, TOLD | {"args": 3})
        assert run.call(Do="fail") == [(1, FAILED)]
        for size in (0, 1, 10_000, 70_000, 6_000_000, 2):
            assert run.call(Do="echo", Text="x" * size) == [(0, '"' + "x" * size + '"')]
        typed = [(4, "application/octet-stream"), (3, "streamed"), (0, "")]
        assert run.call(Do="stream") == ([(0, "streamed")] if module == "aws" else typed)
        ((status, told),) = run.call(Do="panic")
        assert (status, json.loads(told)["errorMessage"], json.loads(told)["errorType"]) == (2, "it panicked", "string")
        assert [frame["label"] for frame in json.loads(told)["stackTrace"]] == ["handle"]
        assert run.process.wait(20) == 1
        with pytest.raises((EOFError, OSError)):
            run.call()
    with sidecar(binary) as run:
        assert run.receive() == (0, "")
        with pytest.raises(EOFError):
            run.call(Do="exit")
        assert run.process.wait(20) == 4
    with sidecar(binary) as run:
        run.receive()
        run.socket.close()  # as when the parent dies
        assert run.process.wait(20) == 0


def test_sidecar_that_cannot_start() -> None:
    source = program("ours", PROGRAM).replace("StartWithOptions(handle", 'StartWithOptions("handle"')
    with sidecar(compiled(glued(source), aws=False)) as run:
        status, told = run.receive()
        assert (status, json.loads(told)["errorType"]) == (1, "Runtime.InvalidHandler")
        assert run.process.wait(20) == 1


def library(binary: Path, *calls: tuple[str, str, str], **environment: str) -> list[tuple[int, str]]:
    """What a process that has loaded the library gets: of LakonStart, of the calls, of the first many times at once."""
    told = {"environment": "".join(f"{name}={value}\0" for name, value in environment.items()), "calls": calls}
    script = Path(__file__).with_name("library.py")
    command = [sys.executable, str(script), str(binary), "an argument"]
    done = subprocess.run(
        command,
        input=json.dumps(told),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=os.environ | {"X": "y"},
    )
    assert done.returncode == 0, done.stderr
    return [(status, text) for status, text in json.loads(done.stdout)]


def test_end_of_a_sidecar_and_of_a_library(tmp_path: Path) -> None:
    told = tmp_path / "told"
    callback = 'lambda.WithEnableSIGTERM(func() { os.WriteFile(os.Getenv("TOLD"), []byte("the end"), 0o600) })'
    source = program("ours", PROGRAM).replace('lambda.WithContextValue("mine", "yes")', callback)
    with sidecar(compiled(glued(source), aws=False), TOLD=str(told)) as run:
        run.receive()
    assert (told.read_text(), run.process.returncode) == ("the end", 0)
    told.unlink()
    binary = compiled(glued(source, "exports", "lakon"), aws=False, library=True)
    for script, status in (("library.py", -signal.SIGTERM), ("library.py --handle", 7)):
        name, *arguments = script.split()
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name(name)), str(binary), "--wait", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        with process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps({"environment": f"TOLD={told}\0", "calls": [["", "", "{}"]]}))
            process.stdin.close()
            assert process.stdout.readline()
            process.terminate()
            assert process.wait(20) == status
        assert told.read_text() == "the end"
        told.unlink()


@modules
def test_library(module: str) -> None:
    glue = ["exports", "aws" if module == "aws" else "lakon"]
    binary = compiled(glued(program(module, PROGRAM), *glue), aws=module == "aws", library=True)
    variables = {"AWS_LAMBDA_FUNCTION_NAME": "judge", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128"}
    head = header()
    events = ["{}", '{"Do": "fail"}', '{"Do": "stream"}', '{"Do": "panic"}', '{"Do": "echo", "Text": "é"}', ""]
    started, *answers = library(binary, *(("", head, event) for event in events), ("other", head, "{}"), **variables)
    assert started == (0, "")
    assert (answers[0][0], json.loads(answers[0][1])) == (0, TOLD)
    assert answers[1:3] == [(1, FAILED), (0, "streamed")]
    assert (answers[3][0], json.loads(answers[3][1])["errorMessage"]) == (2, "it panicked")
    assert [frame["label"] for frame in json.loads(answers[3][1])["stackTrace"]] == ["handle"]
    assert answers[4:6] == [(0, '"é"'), (1, '{"errorMessage":"EOF","errorType":"errorString"}')]
    assert answers[6][0] == 1
    assert 'there is no handler "other"' in json.loads(answers[6][1])["errorMessage"]
    assert answers[7:] == answers[:1]  # all at once, and all the same
    ((status, told),) = library(binary, WRONG="1")
    assert (status, json.loads(told)["errorMessage"]) == (1, "main ended without a call of lambda.Start")


@modules
def test_handler_of_the_old_form(module: str) -> None:
    glue = ["handle_aws", "aws", "aws_sidecar"] if module == "aws" else ["handle"]
    with sidecar(compiled(glued(OLD, *glue), aws=module == "aws")) as run:
        assert run.receive() == (0, "")
        head = header().encode()
        run.socket.sendall(struct.pack(">II", len(head), 5) + head + b'"one"')
        assert run.receive() == (0, '"one of old"')

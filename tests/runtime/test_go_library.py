"""A Go library: called by a handler on the host, and by a test."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.build.golang import go_mod

from .gohosting import on_the_host, service

if TYPE_CHECKING:
    from pathlib import Path

    from lakon.local.functions import Function
    from tests.local.hosting import Hosting

LIBRARY = """package main

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/lakon/lakon-go/lambda"
)

type nothing struct{}

func (nothing) Invoke(context.Context, []byte) ([]byte, error) { return nil, nil }

func main() {
	lambda.Register("Words", func(text string) ([]string, error) { return strings.Fields(text), nil })
	lambda.Register("Panic", func() error { panic("no") })
	lambda.Register("Text", func() (io.Reader, error) { return strings.NewReader("plain"), nil })
	lambda.Register("Nothing", lambda.NewHandler(nothing{}))
	lambda.Register("Sleep", func() error { time.Sleep(300 * time.Millisecond); return nil })
	lambda.Start(func(ctx context.Context, given map[string]any) (map[string]any, error) {
		_, given["deadline"] = ctx.Deadline()
		return given, nil
	})
}
"""

USER = """
import lakon

service = lakon.Service("user", python="{python}")
fast = service.go_library("fast", source="./fast")


@service.function
def words(event, context):
    return [fast.call("Words", event), fast.call(payload={{"a": 1}}, context=context)]
"""


def test_a_library_answers_in_a_handler_and_in_a_test(tmp_path: Path) -> None:
    if shutil.which("gcc") is None:
        pytest.skip("a C compiler is not installed")
    project = service(USER, {"fast/go.mod": go_mod("fast"), "fast/main.go": LIBRARY})

    async def scenario(hosted: Hosting, functions: dict[str, Function]) -> None:
        assert await hosted.ask(functions["words"], "a b") == [["a", "b"], {"a": 1, "deadline": True}]

    on_the_host(project, tmp_path, scenario)
    script = """
import os, threading, time
from app import fast, words
from lakon.runtime.raw import GoError
assert words("x y", None) == [["x", "y"], {"a": 1, "deadline": False}]
assert fast.call("Words", b'"a b"') == b'["a","b"]'
assert fast.call("Words", memoryview(b'"a b"')) == b'["a","b"]'
assert fast.call("Words", "a " * 100_000) == ["a"] * 100_000  # does not fit into the room
assert (fast.call("Nothing"), fast.call("Text", b"null")) == (None, b"plain")
for wrong in (lambda: fast.call("Text"), lambda: fast.call("Words", float("nan"))):
    try:
        wrong()
    except ValueError as error:
        assert "JSON" in str(error), error
try:
    fast.call("Panic")
except GoError as error:
    assert error.message == "no" and "main.go:" in str(error), error
try:
    fast.call("Gone")
except GoError as error:
    assert "there is no handler" in str(error), error
began = time.monotonic()
threads = [threading.Thread(target=fast.call, args=("Sleep",)) for _ in range(8)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]
assert time.monotonic() - began < 2
child = os.fork()
if child == 0:
    try:
        fast.call("Words", "a")
    except RuntimeError as error:
        os._exit(7 if "forked" in str(error) else 1)
    os._exit(2)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=project.root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")

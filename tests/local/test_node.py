"""Functions under AWS's own Node.js client."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from .hosting import hosting, run

if TYPE_CHECKING:
    from pathlib import Path

    from lakon.local.functions import Function

    from .hosting import Hosting

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or shutil.which("npm") is None, reason="Node.js is not installed"
)

INDEX = """
import { createRequire } from "node:module";
let layered = null;
try { layered = createRequire(import.meta.url)("shared"); } catch { }
export const handler = async (event, context) => {
  if (event?.do === "throw") throw new RangeError("out of bounds");
  if (event?.do === "exit") process.exit(3);
  if (event?.do === "later") { setTimeout(() => { throw new Error("uncaught"); }, 0); await new Promise(() => {}); }
  if (event?.do === "sleep") await new Promise((done) => setTimeout(done, 60000));
  console.log("first\\nsecond");
  return { event, id: context.awsRequestId, arn: context.invokedFunctionArn, left: context.getRemainingTimeInMillis(),
           pid: process.pid, layered, root: process.env.LAMBDA_TASK_ROOT === process.cwd() };
};
export const streaming = awslambda.streamifyResponse(async (event, stream, context) => {
  stream = awslambda.HttpResponseStream.from(stream, { statusCode: 202, headers: { "x-test": "yes" } });
  stream.write("one,");
  stream.write("two");
  if (event?.do === "break") { stream.destroy(new Error("broken")); return; }
  stream.end();
  await stream.finished();
});
"""


def make(hosted: Hosting, handler: str = "index.handler", timeout: int = 10) -> Function:
    return hosted.function(
        {"index.mjs": INDEX},
        layers=[{"nodejs/node_modules/shared/index.js": "module.exports = 42;"}],
        Runtime="nodejs20.x",
        Handler=handler,
        Timeout=timeout,
    )


def test_echo_and_context(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            function = make(hosted)
            first, second = [await hosted.ask(function, {"é": number}) for number in (1, 2)]
            assert isinstance(first, dict) and isinstance(second, dict)
            assert first["event"] == {"é": 1}
            assert (first["layered"], first["root"]) == (42, True)
            assert first["arn"].endswith(function.name)
            assert 0 < first["left"] <= 10_000
            assert first["pid"] == second["pid"]
            lines = await hosted.written(lambda lines: any("first" in line for line in lines))
            assert any(line.endswith("first\nsecond") for line in lines)

    run(scenario)


def test_failures(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            function = make(hosted, timeout=2)
            error = await hosted.fail(function, {"do": "throw"})
            assert (error["errorType"], error["errorMessage"]) == ("RangeError", "out of bounds")
            error = await hosted.fail(function, {"do": "exit"})
            assert error["errorMessage"].endswith("Runtime exited with error: exit status 3")
            error = await hosted.fail(function, {"do": "later"})  # posted by a process that exits at once
            assert (error["errorType"], error["errorMessage"]) == ("Error", "uncaught")
            assert (await hosted.fail(function, {"do": "sleep"}))["errorType"] == "Sandbox.Timedout"
            error = await hosted.fail(make(hosted, handler="nowhere.handler"))
            assert error["errorType"] == "Runtime.ImportModuleError"
            assert isinstance(await hosted.ask(function), dict)

    run(scenario)


class Sink:
    """Keeps what is streamed."""

    def __init__(self) -> None:
        self.prelude: bytes | None = None
        self.body = b""

    def begin(self, content_type: str, prelude: bytes | None) -> None:
        self.prelude = prelude

    def write(self, chunk: bytes) -> None:
        self.body += chunk


def test_streaming(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            function = make(hosted, handler="index.streaming")
            for _ in range(2):
                sink = Sink()
                outcome = await hosted.call(function, {}, sink)
                assert (outcome.streamed, outcome.answer.error_type) == (True, None), outcome
                assert sink.prelude is not None and b'"statusCode":202' in sink.prelude
                assert sink.body == b"one,two"

    run(scenario)


def test_version_that_is_not_installed(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            function = hosted.function({"index.mjs": INDEX}, Runtime="nodejs98.x", Handler="index.handler")
            await hosted.ask(function, {})
            lines = await hosted.written(lambda lines: lines)
            assert any("Node.js 98 is not installed on this machine" in line for line in lines)

    run(scenario)

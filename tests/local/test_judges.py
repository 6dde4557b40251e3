"""AWS's own clients for Go and Rust on our APIs. Only the first run compiles them; the binaries are kept by content."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lakon.settings import cache_folder

from .hosting import hosting, run, until

if TYPE_CHECKING:
    from lakon.local.functions import Function

    from .hosting import Hosting

JUDGES = Path(__file__).with_name("judges")


class Sink:
    """Keeps what is streamed."""

    def __init__(self) -> None:
        self.kind = ""
        self.prelude: bytes | None = None
        self.body = b""

    def begin(self, content_type: str, prelude: bytes | None) -> None:
        self.kind, self.prelude = content_type, prelude

    def write(self, chunk: bytes) -> None:
        self.body += chunk


UNREACHED = ("dial tcp", "no such host", "Could not resolve host", "Couldn't resolve host", "failed to download from")


def compiled(language: str) -> bytes:
    """The bootstrap of a judge."""
    source = JUDGES / language
    asked = ["go", "version"] if language == "go" else ["cargo", "--version"]
    if shutil.which(asked[0]) is None or subprocess.run(asked, capture_output=True, check=False).returncode:
        pytest.skip(f"{asked[0]} is not installed")
    files = sorted(file for file in source.rglob("*") if file.is_file())
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    folder = cache_folder() / "tests" / "judges"
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f"{language}-{digest[:16]}"
    with (folder / f"{language}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the other test worker may be at it
        if not made.exists():
            compile_into(made, language, source, folder)
    return made.read_bytes()


def compile_into(made: Path, language: str, source: Path, folder: Path) -> None:
    work = folder / f"{language}-source"
    shutil.copytree(source, work, dirs_exist_ok=True)
    if language == "go":
        caches = {
            "GOCACHE": str(folder / "go-build"),
            "GOMODCACHE": str(folder / "go-modules"),
            "GOFLAGS": "-modcacherw",
            "CGO_ENABLED": "0",
        }
        built = work / "bootstrap"
        command = ["go", "build", "-tags", "lambda.norpc", "-o", str(built), "."]
    else:
        caches = {"CARGO_TARGET_DIR": str(folder / "rust-target")}
        built = folder / "rust-target" / "debug" / "bootstrap"
        command = ["cargo", "build", "--quiet"]
    done = subprocess.run(command, cwd=work, env=os.environ | caches, capture_output=True, text=True, check=False)
    if any(words in done.stderr for words in UNREACHED):
        pytest.skip(f"the registry cannot be reached: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    built.replace(made)


@pytest.fixture(scope="session", params=["go", "rust"])
def judge(request: pytest.FixtureRequest) -> tuple[str, bytes]:
    return request.param, compiled(request.param)


@pytest.fixture(scope="session")
def go() -> bytes:
    return compiled("go")


def make(hosted: Hosting, bootstrap: bytes, handler: str = "handle", timeout: int = 10, told: str = "") -> Function:
    return hosted.function(
        {"bootstrap": bootstrap},
        Runtime="provided.al2023",
        Handler=handler,
        Timeout=timeout,
        Environment={"Variables": {"TOLD": told}},
    )


def test_echo_context_and_deadline(judge: tuple[str, bytes], tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            function = make(hosted, judge[1])
            answers = [await hosted.ask(function, {"text": "é" * size}) for size in (1, 100_000, 2)]
            assert len({str(answer["pid"]) for answer in answers if isinstance(answer, dict)}) == 1
            for answer, size in zip(answers, (1, 100_000, 2), strict=True):
                assert isinstance(answer, dict)
                assert (answer.get("event") or answer)["text"] == "é" * size
                assert answer["arn"].endswith(function.name)
                assert 8_000 < answer["left"] <= 10_000
                assert len(answer["id"]) == 36

    run(scenario)


def test_failures(judge: tuple[str, bytes], tmp_path: Path) -> None:
    language, bootstrap = judge

    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            function = make(hosted, bootstrap, timeout=1)
            error = await hosted.fail(function, {"do": "fail"})
            assert error["errorMessage"] == "it failed"
            error = await hosted.fail(function, {"do": "panic"})
            assert "it panicked" in error["errorMessage"]
            if language == "go":  # it posts the error, and exits
                assert error["errorType"] == "string"
                assert error["stackTrace"]
            error = await hosted.fail(function, {"do": "exit"})
            assert error["errorMessage"].endswith("Runtime exited with error: exit status 3")
            error = await hosted.fail(function, {"do": "sleep"})
            assert error["errorType"] == "Sandbox.Timedout"
            assert isinstance(await hosted.ask(function, {"text": "again"}), dict)

    run(scenario)


def test_streams(judge: tuple[str, bytes], tmp_path: Path) -> None:
    language, bootstrap = judge

    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            function = make(hosted, bootstrap, handler="stream")
            for _ in range(2):
                sink = Sink()
                outcome = await hosted.call(function, {}, sink)
                assert (outcome.streamed, outcome.answer.error_type) == (True, None), outcome
                assert sink.kind == "application/vnd.awslambda.http-integration-response"
                assert sink.prelude is not None
                assert json.loads(sink.prelude)["statusCode"] == (202 if language == "go" else 200)
                assert sink.body == b"one,two"

    run(scenario)


def test_stream_that_breaks_off(go: bytes, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            sink = Sink()
            outcome = await hosted.call(make(hosted, go, handler="stream"), {"do": "break"}, sink)
            assert (outcome.streamed, sink.body) == (True, b"one,two")
            assert json.loads(outcome.answer.body)["errorMessage"] == "the stream broke"
            assert outcome.answer.error_type == "Runtime.Unknown"

    run(scenario)


def test_all_of_the_context(go: bytes, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            outcome = await hosted.call(
                make(hosted, go),
                {},
                client_context='{"custom": {"a": "é"}}',
                cognito_identity='{"cognitoIdentityId": "me", "cognitoIdentityPoolId": "pool"}',
                trace_id="Root=1-2-3;Parent=4;Sampled=1",
                tenant_id="tenant",
            )
            told = json.loads(outcome.answer.body)
            assert (told["custom"], told["identity"]) == ({"a": "é"}, "me")
            assert (told["tenant"], told["trace"]) == ("tenant", "Root=1-2-3;Parent=4;Sampled=1")

    run(scenario)


def test_sigterm_is_heard_by_an_internal_extension(go: bytes, tmp_path: Path) -> None:
    async def scenario() -> None:
        told = tmp_path / "told"
        async with hosting(tmp_path) as hosted:
            await hosted.ask(make(hosted, go, told=str(told)), {"text": "x"})
            extension = "EXTENSION\tName: GoLangEnableSIGTERM\tState: Ready\tEvents: []"
            await hosted.written(lambda lines: extension in lines)
        assert told.read_text() == "SIGTERM"

    run(scenario)


def test_callers_beside_each_other(judge: tuple[str, bytes], tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            function = make(hosted, judge[1])

            async def caller(number: int) -> None:
                for each in range(50):
                    answer = await hosted.ask(function, {"text": f"{number}/{each}"})
                    assert isinstance(answer, dict)
                    assert (answer.get("event") or answer)["text"] == f"{number}/{each}"

            await asyncio.gather(*(caller(number) for number in range(8)))
            await until(lambda: len(hosted.host.idle_pids(function)) <= 8)

    run(scenario)

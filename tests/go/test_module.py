"""Lakon's Go module on our own host, beside aws-lambda-go: the same program, the same events, the same answers."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from lakon.local.functions import Call

from ..local.hosting import hosting, run, until
from .building import AWS, MODULE, OURS, compiled, go_cache, with_events

if TYPE_CHECKING:
    from lakon.local.functions import Function
    from lakon.local.runs import Outcome

    from ..local.hosting import Hosting

JUDGE = Path(__file__).with_name("judge") / "main.go"

TYPED = (
    '{"name": "é<>&\\u2028", "number": 1e21, "count": -128, "bytes": "AAEC", "at": "2026-11-21T10:00:00.5Z",'
    ' "inner": {"text": "x"},'
    ' "map": {"b": "2", "a": "1"}, "any": [1, {"z": null}], "raw": {"k" : [ 1 ]}, "shout": "hey"}'
)

CASES: dict[str, list[str]] = {
    "none": ["{}", "", "not json"],
    "none-error": ["{}"],
    "event": ["{}", TYPED, "[]", "", "{"],
    "context": ["{}", ""],
    "typed": [
        TYPED,
        "{}",
        "null",
        "[]",
        '{"count": 128}',
        '{"at": "soon"}',
        '{"a"',
        '"\xff"',
        TYPED + " and more",
        "nul",
    ],
    "pointer": [TYPED, "null", "  {} ", "\ufeff{}"],
    "any": ["null", "1", "12345678901234567890", "1e400", '"\\ud800"', '{"b": 1, "a": {"<": 2}}', "[" * 50 + "]" * 50],
    "raw": ['{"b" : 1,  "a":"<"}', "1.0", "null"],
    "bytes": ['"AAEC"', "[1, 2]", '"*"', "null"],
    "text": ['"é"', "1", '"' + "x" * 100_000 + '"'],
    "large": ["0", "65536", "6291456", "6291552"],
    "nothing": ["{}"],
    "no-reader": ["{}"],
    "invoker": ['{"a": "é"}', "not json at all", "", '"fail"'],
    "made": ['{"name": "x"}', "[]"],
    "wrapped": ['{"name": "x"}', "[]"],
    "errors": [
        f'"{kind}"'
        for kind in (
            *("new", "wrapped", "joined", "pointer", "value", "generic"),
            *("messages", "mute", "not a number", "bad utf-8", "none"),
        )
    ],
    "told": ['{"a": 1}'],
    "streams": ['"plain"', '"typed"', '"http"', '"long"', '"breaks"', '""'],
    "generic": ['{"name": "x"}', "[]"],
    "strict": ['{"any": [1.50, "<"]}', '{"unknown": 1}', '{"any": 1} {"unknown": 1}'],
    "exit": ["{}"],
}


@pytest.fixture(scope="session")
def theirs() -> bytes:
    return compiled({"main.go": JUDGE.read_text()}, aws=True).read_bytes()


@pytest.fixture(scope="session")
def ours() -> bytes:
    return compiled({"main.go": JUDGE.read_text().replace(AWS, OURS)}, aws=False).read_bytes()


class Sink:
    """Keeps what is streamed."""

    def __init__(self) -> None:
        self.got: list[object] = []

    def begin(self, content_type: str, prelude: bytes | None) -> None:
        self.got += [content_type, prelude, b""]

    def write(self, chunk: bytes) -> None:
        assert isinstance(self.got[2], bytes)
        self.got[2] += chunk


def make(hosted: Hosting, bootstrap: bytes, handler: str, **variables: str) -> Function:
    return hosted.function(
        {"bootstrap": bootstrap},
        FunctionName="judge",
        Runtime="provided.al2023",
        Handler=handler,
        Environment={"Variables": variables},
    )


async def ask(hosted: Hosting, function: Function, payload: str, sink: Sink | None = None) -> Outcome:
    call = Call(
        request_id=str(uuid4()),
        function_arn="arn:aws:lambda:eu-west-1:000000000000:function:judge",
        payload=payload.encode("utf-8", "surrogateescape") if "\xff" not in payload else payload.encode("latin-1"),
        client_context='{"client": {"app_title": "t"}, "custom": {"a": "é", "b": [1]}, "env": {"e": "f"}}',
        cognito_identity='{"cognitoIdentityId": "me", "cognitoIdentityPoolId": "pool"}',
        trace_id="Root=1-2-3;Parent=4;Sampled=1",
        tenant_id="tenant",
    )
    return await hosted.host.invoke(function, call, sink)


def anonymous(outcome: Outcome) -> tuple[bytes, str, str | None, bool]:
    """What of an outcome does not differ from one invocation to the next."""
    answer = outcome.answer
    body = re.sub(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", b"<id>", answer.body)
    return body, answer.content_type, answer.error_type, outcome.streamed


@pytest.mark.parametrize("handler", sorted(CASES))
def test_answers_are_those_of_aws_lambda_go(handler: str, theirs: bytes, ours: bytes, tmp_path: Path) -> None:
    async def scenario() -> None:
        told: list[list[object]] = []
        for bootstrap in (theirs, ours):
            async with hosting(tmp_path / str(len(told))) as hosted:
                function = make(hosted, bootstrap, handler)
                answers: list[object] = []
                for payload in CASES[handler]:
                    answers.append(anonymous(await ask(hosted, function, payload)))
                    if handler == "streams":
                        sink = Sink()
                        answers.append(anonymous(await ask(hosted, function, payload, sink)))
                        answers.append(sink.got)
                told.append(answers)
        for payload, their_answer, our_answer in zip(range(10_000), *told, strict=False):
            assert our_answer == their_answer, (payload, str(our_answer)[:500], str(their_answer)[:500])
        assert len(told[0]) == len(told[1])

    run(scenario)


def test_panics(theirs: bytes, ours: bytes, tmp_path: Path) -> None:
    async def scenario() -> None:
        for kind in ("error", "text", "number", "nil map", "index", "messages"):
            told = []
            for name, bootstrap in (("theirs", theirs), ("ours", ours)):
                async with hosting(tmp_path / f"{name}-{kind}") as hosted:
                    function = make(hosted, bootstrap, "panics")
                    error = json.loads((await ask(hosted, function, json.dumps(kind))).answer.body)
                    frames = error.pop("stackTrace", [])
                    mine = [(frame["line"], frame["label"]) for frame in frames if frame["path"].endswith("/main.go")]
                    told.append((error, mine[:1]))
                    if name == "ours":
                        assert [frame["label"] for frame in frames] == ["panics"] * len(frames)
                    again = await ask(hosted, function, '"none"')  # in a new process
                    assert again.answer.body == b"null"
            assert told[0] == told[1]

    run(scenario)


def test_wrong_handlers_are_told_before_the_first_event(ours: bytes, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            for handler, wanted in (("wrong", "more than two parameters"), ("wrong-results", "that is no error")):
                error = await hosted.fail(make(hosted, ours, handler))
                assert error["errorType"] == "Runtime.InvalidHandler"
                assert wanted in error["errorMessage"]
                assert "write a function like func(ctx context.Context" in error["errorMessage"]

    run(scenario)


def test_answer_that_is_too_large(ours: bytes, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            function = make(hosted, ours, "large")
            pids: list[int] = []
            for size in (1, 6_291_560, 2, 20_000_000, 3):
                outcome = await ask(hosted, function, str(size))
                await until(lambda: hosted.host.idle_pids(function))
                pids += hosted.host.idle_pids(function)
                too_large = outcome.answer.error_type == "Function.ResponseSizeTooLarge"
                assert too_large == (size > 6_000_000), outcome.answer.body[:200]
            assert len(set(pids)) == 1

    run(scenario)


def test_lines_of_a_hundred_goroutines(ours: bytes, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            await hosted.ask(make(hosted, ours, "logs"), 20)
            written = await hosted.written(lambda lines: sum("from=" in line for line in lines) == 2000)
            assert "log in init" in written
            assert "line in init" in written
            seen: dict[str, int] = {}
            for line in written:
                if found := re.search(r'from=(\d+) n=(\d+) x{100}"?$', line):
                    source, number = found.groups()
                    assert int(number) == seen.get(source, 0)
                    seen[source] = int(number) + 1
            assert len(seen) == 100
            assert set(seen.values()) == {20}

    run(scenario)


def test_sigterm(ours: bytes, tmp_path: Path) -> None:
    async def scenario() -> None:
        told = tmp_path / "told"
        async with hosting(tmp_path) as hosted:
            await hosted.ask(make(hosted, ours, "text", TOLD=str(told)), "x")
            extension = "EXTENSION\tName: LakonEnableSIGTERM\tState: Ready\tEvents: []"
            await hosted.written(lambda lines: extension in lines)
        assert told.read_text() == "SIGTERM"

    run(scenario)


def test_callers_beside_each_other(ours: bytes, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            function = make(hosted, ours, "text")
            for number in range(200):
                assert await hosted.ask(function, f"{number}") == f"{number}"
            await until(lambda: len(hosted.host.idle_pids(function)) == 1)

    run(scenario)


EVENTS = """
package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/lakon/lakon-go/lambda"
)

func photos(_ context.Context, event events.S3Event) (string, error) {
	return fmt.Sprint(event.Records[0].EventTime.Year(), event.Records[0].S3.Object.Key), nil
}

func page(request events.LambdaFunctionURLRequest) (*events.LambdaFunctionURLStreamingResponse, error) {
	body := strings.NewReader("at " + request.RawPath)
	return &events.LambdaFunctionURLStreamingResponse{StatusCode: 202, Cookies: []string{"a=b"}, Body: body}, nil
}

func route(request events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	return events.APIGatewayProxyResponse{StatusCode: 200, Body: request.PathParameters["id"]}, nil
}

func main() {
	lambda.Register("photos", photos)
	lambda.Register("page", page)
	lambda.Register("route", route)
	lambda.Start(nil)
}
"""


def test_typed_events_and_several_handlers(tmp_path: Path) -> None:
    bootstrap = compiled(with_events(EVENTS), aws=False).read_bytes()

    async def scenario() -> None:
        async with hosting(tmp_path) as hosted:
            record = {"eventTime": "2026-11-21T10:00:00.000Z", "s3": {"object": {"key": "in/cat.png"}}}
            assert await hosted.ask(make(hosted, bootstrap, "photos"), {"Records": [record]}) == "2026in/cat.png"
            answer = await hosted.ask(make(hosted, bootstrap, "route"), {"pathParameters": {"id": "7"}})
            assert isinstance(answer, dict)
            assert (answer["statusCode"], answer["body"]) == (200, "7")
            sink = Sink()
            outcome = await ask(hosted, make(hosted, bootstrap, "page"), '{"rawPath": "/x"}', sink)
            assert outcome.answer.error_type is None
            kind, prelude, body = sink.got
            assert (kind, body) == ("application/vnd.awslambda.http-integration-response", b"at /x")
            assert isinstance(prelude, bytes)
            assert json.loads(prelude) == {"statusCode": 202, "cookies": ["a=b"]}
            error = await hosted.fail(make(hosted, bootstrap, "nobody"))
            assert error["errorMessage"] == ('there is no handler "nobody": the program has "page", "photos", "route"')

    run(scenario)


def test_the_bootstrap_is_small(ours: bytes, theirs: bytes) -> None:
    assert len(ours) < 0.55 * len(theirs)


def test_the_module_by_itself() -> None:
    if shutil.which("go") is None:
        pytest.skip("go is not installed")
    for command in (["go", "vet", "./..."], ["go", "test", "./..."], ["gofmt", "-l", "."]):
        environment = os.environ | {"GOFLAGS": "", "GOPROXY": "off", "GOCACHE": str(go_cache())}
        done = subprocess.run(command, cwd=MODULE, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert command[0] != "gofmt" or not done.stdout
    for glue in sorted((MODULE / "glue").glob("*.tmpl")):
        text = glue.read_text()
        done = subprocess.run(["gofmt"], input=text, capture_output=True, text=True, check=False)
        assert done.stdout == text, glue.name

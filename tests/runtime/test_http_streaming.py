"""Answers that stream: AWS's own runtime client on our host, taken over; parts arrive while the rest is being made."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs

import asyncio
import json
import site

import pytest

from lakon.runtime.http import streaming

from ..local.hosting import hosting, run
from .doors import Asked, function_url, http_api, rest_api

PROGRAM = """
import asyncio, os, pathlib, time
import lakon

service = lakon.Service("shop")
api = service.function_url("public", streaming=True)


def waited(name):
    for _ in range(1000):
        if pathlib.Path(name).exists():
            return
        time.sleep(0.01)
    raise TimeoutError


@api.get("/parts")
def parts(request):
    def make():
        yield "first "
        waited(request.query["until"])
        yield b"second"
    return lakon.Response(make(), 203, headers={"x-a": "b"}, cookies=["c=1"], type="text/plain")


@api.get("/whole")
def whole(request):
    print("spoken", request.context.get_remaining_time_in_millis() > 0)
    return {"id": request.context.aws_request_id}


@api.get("/bytes")
def bytes_(request):
    return bytes([0, 255])


@api.get("/breaks")
def breaks(request):
    yield "part"
    raise ValueError("on the way")


@api.get("/fails")
def fails(request):
    raise ValueError("before")


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        raise NotImplementedError
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"one ", "more_body": True})
    while not os.path.exists(scope["query_string"].decode()):
        await asyncio.sleep(0.01)
    await send({"type": "http.response.body", "body": b"two"})


def wsgi(environ, start_response):
    start_response("200 OK", [("x-path", environ["PATH_INFO"])])
    yield b"un "
    waited(environ["QUERY_STRING"])
    yield b"deux"


api.mount(app, path="/asgi")
api.mount(wsgi, path="/wsgi", kind="wsgi")


def plain(event, context):
    yield "a"
    yield b"b"
"""


class Sink:
    """Where parts arrive; what comes first is told."""

    def __init__(self) -> None:
        self.kind = ""
        self.prelude: bytes | None = None
        self.body = b""
        self.first = asyncio.Event()

    def begin(self, content_type: str, prelude: bytes | None) -> None:
        self.kind, self.prelude = content_type, prelude

    def write(self, chunk: bytes) -> None:
        self.body += chunk
        self.first.set()

    @property
    def head(self):
        return json.loads(self.prelude or b"{}")


def asked(path, query=""):
    event = function_url(Asked())
    return event | {"rawPath": path, "rawQueryString": query, "routeKey": "$default"}


def program(hosted, handler="app.api"):
    environment = {"LAKON_HANDLER": handler, "PYTHONPATH": ":".join(site.getsitepackages())}
    source = streaming.__file__.removesuffix("lakon/runtime/http/streaming.py")
    environment["PYTHONPATH"] += f":{source}"
    return hosted.function(
        {"app.py": PROGRAM},
        Handler="lakon.runtime.http.streaming.handler",
        Environment={"Variables": environment},
    )


@pytest.mark.parametrize(
    ("path", "query", "first", "whole"),
    [
        ("/parts", "until=", b"first ", b"first second"),
        ("/asgi/x", "", b"one ", b"one two"),
        ("/wsgi/x", "", b"un ", b"un deux"),
    ],
)
def test_parts_arrive_while_the_rest_is_made(tmp_path, path, query, first, whole):
    async def scenario():
        async with hosting(tmp_path) as hosted:
            function, sink, mark = program(hosted), Sink(), tmp_path / "go"
            task = asyncio.create_task(hosted.call(function, asked(path, f"{query}{mark}"), sink))
            await asyncio.wait_for(sink.first.wait(), 20)
            assert sink.body == first
            mark.touch()
            outcome = await task
            assert (outcome.streamed, outcome.answer.error_type) == (True, None)
            assert sink.kind == "application/vnd.awslambda.http-integration-response"
            assert sink.body == whole
            if path == "/parts":
                assert sink.head == {
                    "statusCode": 203,
                    "headers": {"content-type": "text/plain", "x-a": "b"},
                    "cookies": ["c=1"],
                }

    run(scenario)


def test_whole_answers_errors_and_plain_handlers(tmp_path):
    async def scenario():
        async with hosting(tmp_path) as hosted:
            function = program(hosted)

            async def ask(path):
                sink = Sink()
                return await hosted.call(function, asked(path), sink), sink

            outcome, sink = await ask("/whole")
            assert (sink.head["statusCode"], list(json.loads(sink.body))) == (200, ["id"])
            assert (await ask("/bytes"))[1].body == b"\x00\xff"
            assert (await ask("/nowhere"))[1].head["statusCode"] == 404
            outcome, sink = await ask("/breaks")
            assert (sink.body, outcome.answer.error_type) == (b"part", "Runtime.ValueError")
            outcome, sink = await ask("/fails")
            assert (outcome.answer.error_type, sink.body) == ("Runtime.Unknown", b"")
            assert json.loads(outcome.answer.body)["errorMessage"] == "before"
            await hosted.written(lambda lines: any("on the way" in line for line in lines))
            assert any("spoken True" in line for line in hosted.logs.lines)
            sink = Sink()
            await hosted.call(program(hosted, "app.plain"), {}, sink)
            assert (sink.kind, sink.body) == ("application/octet-stream", b"ab")

    run(scenario)


def test_a_program_that_cannot_be_imported_is_an_error_of_init(tmp_path):
    async def scenario():
        async with hosting(tmp_path) as hosted:
            outcome = await hosted.call(program(hosted, "nowhere.api"), asked("/"))
            assert "nowhere" in json.loads(outcome.answer.body)["errorMessage"]

    run(scenario)


def test_elsewhere_there_is_no_handler():
    with pytest.raises(AttributeError):
        _ = streaming.handler


def test_a_rest_api_is_told_in_its_own_words(tmp_path):
    async def scenario():
        async with hosting(tmp_path) as hosted:
            function, sink, mark = program(hosted), Sink(), tmp_path / "go"
            event = rest_api(Asked("GET", "/parts", query=[("until", str(mark))]))
            task = asyncio.create_task(hosted.call(function, event, sink))
            await asyncio.wait_for(sink.first.wait(), 20)
            mark.touch()
            await task
            assert sink.body == b"first second"
            headers = {"x-a": "b", "content-type": "text/plain"}
            assert sink.head == {"statusCode": 203, "headers": headers, "multiValueHeaders": {"set-cookie": ["c=1"]}}

    run(scenario)


def test_who_takes_no_stream_gets_a_whole_answer(tmp_path):
    async def scenario():
        async with hosting(tmp_path) as hosted:
            mark = tmp_path / "go"
            mark.touch()
            event = http_api(Asked("GET", "/parts", query=[("until", str(mark))]))
            outcome = await hosted.call(program(hosted), event)
            answer = json.loads(outcome.answer.body)
            assert (answer["statusCode"], answer["body"], answer["cookies"]) == (203, "first second", ["c=1"])

    run(scenario)

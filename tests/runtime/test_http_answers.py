"""What handlers may answer: values, parts, and what they leave to be done."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs, allow-untyped-decorators

import asyncio
import datetime
import decimal
import functools
import uuid

import pytest

import lakon

from .asking import ask
from .doors import DOORS, Asked, http_api, plain_balancer, seen
from .models import Colour, Model, Point, Size


@pytest.mark.parametrize(
    ("answer", "status", "kind", "body"),
    [
        ({"a": 1}, 200, "application/json", '{"a":1}'),
        ([1, "é"], 200, "application/json", '[1,"é"]'),
        ("text", 200, "text/plain; charset=utf-8", "text"),
        (b"\x00\xff", 200, "application/octet-stream", b"\x00\xff"),
        (None, 204, None, ""),
        (True, 200, "application/json", "true"),
        (Size(1, 2), 200, "application/json", '{"width":1,"height":2}'),
        (Point(1), 200, "application/json", '{"farLeft":1,"up":0}'),
        (Model(name="a", age=1), 200, "application/json", '{"name":"a","age":1}'),
        ([Model(name="a", age=1)], 200, "application/json", '[{"name":"a","age":1}]'),
        (decimal.Decimal("1.5"), 200, "application/json", "1.5"),
        (
            {"n": decimal.Decimal(12), "at": datetime.date(2026, 1, 31)},
            200,
            "application/json",
            '{"n":12,"at":"2026-01-31"}',
        ),
        ({"u": uuid.UUID(int=1), "c": Colour.BLUE}, 200, "application/json", None),
        (lakon.Response("<p>", 404, type="text/html"), 404, "text/html", "<p>"),
        (lakon.Response(b"{}", type="application/json"), 200, "application/json", "{}"),
        (iter(["a", b"b"]), 200, "text/plain; charset=utf-8", b"ab"),
        (iter([b"a", "b"]), 200, "application/octet-stream", b"ab"),
        (iter([]), 200, "application/octet-stream", b""),
        (lakon.Response(iter(["a", "b"]), type="text/plain"), 200, "text/plain", "ab"),
    ],
)
def test_answers(api, answer, status, kind, body):
    api.get("/")(lambda request: answer)
    got = seen(api(http_api(Asked()), None))
    assert (got.status, got.headers.get("content-type")) == (status, kind)
    if body is not None:
        assert got.body == (body if isinstance(body, bytes) else body.encode())


def test_an_answer_that_cannot_be_json_is_an_error(api):
    api.get("/")(lambda request: object())
    with pytest.raises(TypeError, match="cannot be JSON"):
        api(http_api(Asked()), None)


def test_generators_coroutines_and_asynchronous_generators(api):
    @api.get("/generator")
    def generator(request):
        yield "a"
        yield request.path.get("x", "b")

    @api.get("/coroutine")
    async def coroutine():
        await asyncio.sleep(0)
        return {"loop": id(asyncio.get_running_loop())}

    @api.get("/agenerator")
    async def agenerator():
        for part in ("x", "y"):
            await asyncio.sleep(0)
            yield part

    api.get("/partial")(functools.partial(coroutine))
    assert ask(api, "GET", "/generator")[1] == "ab"
    assert ask(api, "GET", "/agenerator")[1] == "xy"
    assert ask(api, "GET", "/coroutine")[1] == ask(api, "GET", "/coroutine")[1] == ask(api, "GET", "/partial")[1]


def test_what_goes_wrong_before_the_first_part_is_an_answer(api):
    @api.get("/generator")
    def generator(request):
        raise lakon.HTTPError(404, "no such list")
        yield "a"

    @api.get("/agenerator")
    async def agenerator():
        raise lakon.HTTPError(409)
        yield "a"

    @api.get("/late")
    def late(request):
        yield "a"
        raise lakon.HTTPError(404)

    assert ask(api, "GET", "/generator")[0].status == 404
    assert ask(api, "GET", "/agenerator")[0].status == 409
    with pytest.raises(lakon.HTTPError):
        ask(api, "GET", "/late")


def test_tasks_that_a_handler_leaves_are_finished_before_its_answer(api):
    started, done = [], []

    async def work(name):
        await asyncio.sleep(0.01)
        done.append(name)
        if name == "first":
            started.append(asyncio.create_task(work("second")))

    @api.get("/")
    async def handler():
        started.append(asyncio.create_task(work("first")))
        return "answered"

    @api.get("/parts")
    async def parts():
        started.append(asyncio.create_task(work("parted")))
        yield "answered"

    @api.get("/refused")
    async def refused():
        started.append(asyncio.create_task(work("refused")))
        raise lakon.HTTPError(409)

    assert (ask(api, "GET", "/")[1], done) == ("answered", ["first", "second"])
    assert (ask(api, "GET", "/parts")[1], done[2:]) == ("answered", ["parted"])
    assert (ask(api, "GET", "/refused")[0].status, done[3:]) == (409, ["refused"])


def test_a_task_that_does_not_end_is_waited_for_as_long_as_there_is_time_and_then_no_more(api, caplog):
    class Context:
        asked = 0

        def get_remaining_time_in_millis(self):
            Context.asked += 1
            return 510

    ended = asyncio.Event()
    kept: list[asyncio.Task[None]] = []

    async def for_ever():
        await ended.wait()

    @api.get("/")
    async def handler():
        if not kept:
            kept.append(asyncio.create_task(for_ever()))
        return "answered"

    @api.put("/")
    async def end():
        ended.set()

    assert seen(api(http_api(Asked()), Context())).body == b"answered"
    assert "for_ever did not end in the time of its request" in caplog.text
    assert seen(api(http_api(Asked()), Context())).body == b"answered"
    assert Context.asked == 1
    assert ask(api, "PUT", "/")[0].status == 204


def test_handlers_are_returned_unchanged_and_can_have_several_routes(api):
    def both(request):
        return request.method

    assert api.post("/b")(api.get("/a")(both)) is both
    assert (ask(api, "GET", "/a")[1], ask(api, "POST", "/b")[1]) == ("GET", "POST")


def test_methods_bound_and_objects(api):
    class Things:
        def show(self, key):
            return {"key": key}

        def __call__(self, request):
            return "called"

    things = Things()
    api.get("/things/{key}")(things.show)
    api.get("/things")(things)
    assert ask(api, "GET", "/things/{key}", parameters={"key": "a"})[1] == {"key": "a"}
    assert ask(api, "GET", "/things")[1] == "called"


def test_a_load_balancer_without_lists_gets_single_headers():
    api = lakon.Service("shop").load_balancer("edge")
    api.get("/")(
        lambda request: lakon.Response(request.query["a"], headers={"x-two": ["1", "2"]}, cookies=["a=1", "b=2"])
    )
    answer = api(plain_balancer(Asked(query=[("a", "é")])), None)
    assert "multiValueHeaders" not in answer
    assert answer["headers"]["x-two"] == "1,2"
    assert sorted(value for name, value in answer["headers"].items() if name.lower() == "set-cookie") == ["a=1", "b=2"]
    assert answer["body"] == "é"


def test_a_cookie_with_a_forbidden_character_is_refused():
    with pytest.raises(ValueError, match="encode it first"):
        lakon.Response().set_cookie("a", "b; c")


@pytest.mark.parametrize("door", [*DOORS.values(), plain_balancer])
def test_cookies_among_the_headers_are_not_joined(api, door):
    def answer(request):
        return lakon.Response("hi", headers={"Set-Cookie": ["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2"]})

    api.get("/")(answer)  # whichever door an event comes through, it is answered in its words
    event = door(Asked(), key="GET /") if door is http_api else door(Asked())
    assert sorted(seen(api(event, None)).cookies) == ["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2"]

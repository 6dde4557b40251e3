"""Handlers: what they get, what they may answer, what goes wrong, and what stands around them."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs, allow-untyped-decorators

import asyncio
import dataclasses
import datetime
import decimal
import enum
import functools
import json
import typing
import uuid

import msgspec
import pydantic
import pytest

import lakon

from .doors import DOORS, Asked, balancer, function_url, http_api, plain_balancer, rest_api, seen


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class Size:
    width: int
    height: int = 1

    def __post_init__(self):
        if self.width < 0:
            raise ValueError("the width is negative")


@dataclasses.dataclass
class Photo:
    name: str
    size: Size
    tags: list[str] = dataclasses.field(default_factory=list)
    colour: Colour = Colour.RED
    taken: datetime.date | None = None
    parent: "Photo | None" = None


class Order(typing.TypedDict):
    item: str
    count: typing.NotRequired[int]


class Point(msgspec.Struct, rename="camel"):
    far_left: int
    up: int = 0


class Model(pydantic.BaseModel):
    name: str
    age: int


@pytest.fixture
def api():
    return lakon.Service("shop").http_api("public")


def ask(api, method, path, body=None, *, key=None, door=http_api, headers=(), query=(), parameters=None):
    """Send a request with a JSON body, and decode the answer where it is JSON."""
    kind = [("content-type", "application/json")] if not any(name == "content-type" for name, _ in headers) else []
    sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    asked = Asked(method, path, parameters or {}, list(query), [*kind, *headers], [], sent)
    event = door(asked, key=key) if key else door(asked)
    got = seen(api(event, None))
    return got, json.loads(got.body) if "json" in got.headers.get("content-type", "") else got.body.decode()


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


def test_parameters_come_from_path_query_and_body(api):
    @api.post("/albums/{album}/{number}", status=201)
    def add(
        album: str,
        number: int,
        photo: Photo,
        request,
        dry: bool = False,
        tag: list[str] = [],  # noqa: B006
        since: datetime.date | None = None,
        order: typing.Literal["up", "down"] = "up",
    ):
        return {"seen": [album, number, dry, tag, since, order, request.method], "photo": photo}

    got, body = ask(
        api,
        "POST",
        "/albums/{album}/{number}",
        {
            "name": "cat",
            "size": {"width": 3},
            "colour": "blue",
            "taken": "2026-01-31",
            "parent": {"name": "p", "size": {"width": 1}},
        },
        parameters={"album": "é/x", "number": "7"},
        query=[("dry", "true"), ("tag", "a"), ("tag", "b"), ("since", "2026-02-01"), ("order", "down")],
    )
    assert got.status == 201
    assert body["seen"] == ["é/x", 7, True, ["a", "b"], "2026-02-01", "down", "POST"]
    assert body["photo"]["size"] == {"width": 3, "height": 1}
    assert (body["photo"]["colour"], body["photo"]["parent"]["name"]) == ("blue", "p")


def test_every_fault_is_named_at_once(api):
    @api.post("/photos/{number}")
    def add(number: int, photo: Photo, page: int, order: typing.Literal["up"] = "up"):
        return photo

    got, body = ask(
        api,
        "POST",
        "/photos/{number}",
        {"size": {"width": "3", "height": True}, "tags": ["a", 1], "colour": "green", "taken": "then"},
        parameters={"number": "seven"},
        query=[("order", "down")],
    )
    assert (got.status, got.headers["content-type"]) == (422, "application/problem+json")
    assert {(each["in"], each["field"]): each["message"] for each in body["errors"]} == {
        ("path", "number"): "must be a whole number",
        ("body", "name"): "is missing",
        ("body", "size.width"): "must be a whole number",
        ("body", "size.height"): "must be a whole number",
        ("body", "tags.1"): "must be a text",
        ("body", "colour"): "must be one of red, blue",
        ("body", "taken"): "must be a date such as 2026-01-31",
        ("query", "page"): "is missing",
        ("query", "order"): "must be one of up",
    }


@pytest.mark.parametrize(
    ("kind", "right", "wrong", "fields"),
    [
        (Order, {"item": "a"}, {"count": "b"}, {"item", "count"}),
        (Point, {"farLeft": 1}, {"farLeft": "x", "up": "y"}, {"farLeft", "up"}),
        (Model, {"name": "a", "age": 1}, {"age": "x"}, {"name", "age"}),
        (list[Model], [{"name": "a", "age": 1}], [{"age": "x"}], {"0.name", "0.age"}),
        (dict[str, Order], {"k": {"item": "a"}}, {"k": {}, "l": {"item": 2}}, {"k.item", "l.item"}),
        (Size, {"width": 1}, {"width": -1}, {""}),
        (tuple[int, str], [1, "a"], [1], {""}),
        (int | Order, {"item": "a"}, {"item": 1}, {"item"}),
        (dict, {"x": 1}, [1], {""}),
    ],
)
def test_models_of_every_make(api, kind, right, wrong, fields):
    def handler(thing):
        return {"thing": repr(thing)}

    handler.__annotations__ = {"thing": kind}
    api.post("/")(handler)
    assert ask(api, "POST", "/", right)[0].status == 200
    got, body = ask(api, "POST", "/", wrong)
    assert (got.status, {each["field"] for each in body["errors"]}) == (422, fields)


def test_a_body_that_is_missing_or_no_json(api):
    @api.post("/")
    def add(order: Order):
        return order

    @api.put("/")
    def put(order: Order | None = None):
        return {"order": order}

    assert ask(api, "POST", "/")[1]["errors"] == [{"in": "body", "field": "", "message": "is missing"}]
    assert ask(api, "PUT", "/")[1] == {"order": None}
    assert ask(api, "POST", "/", b"{")[0].status == 400


def test_forms_become_models(api):
    @api.post("/")
    def add(photo: Order):
        return photo

    form = [("content-type", "application/x-www-form-urlencoded")]
    assert ask(api, "POST", "/", b"item=a+b&count=3", headers=form)[1] == {"item": "a b", "count": 3}


def test_a_parameter_from_nowhere_and_a_type_that_is_not_there_are_errors(api):
    api.get("/a/{x}")(lambda x, y: None)

    def unknown(thing: "Nowhere"):  # type: ignore[name-defined]  # noqa: F821
        pass

    api.get("/b")(unknown)
    with pytest.raises(TypeError, match="'y', which is not in its path"):
        ask(api, "GET", "/a/{x}", parameters={"x": "1"})
    with pytest.raises(TypeError, match="asks for Nowhere"):
        ask(api, "GET", "/b")


def test_bodies_as_text_json_and_forms(api):
    @api.post("/")
    def show(request):
        form = request.form
        return {"fields": form.items(), "files": [repr(file) for file in form.files["photo"]]}

    boundary = b"--frontier\r\nContent-Disposition: form-data; name="
    body = (
        boundary + b'"title"\r\n\r\nA cat\r\n'
        + boundary + b"\"photo\"; filename=\"c.png\"; filename*=UTF-8''c%C3%A4t.png\r\n"
        + b"Content-Type: image/png\r\n\r\n\x89PNG\r\n\r\n\x00\r\n"
        + b"--frontier--\r\n"
    )  # fmt: skip
    kind = [("content-type", 'multipart/form-data; boundary="frontier"')]
    assert ask(api, "POST", "/", body, headers=kind)[1] == {
        "fields": [["title", "A cat"]],
        "files": ["<file 'cät.png', image/png, 9 bytes>"],
    }
    for wrong, status in ((body[:-6], 400), (b"", 400)):
        assert ask(api, "POST", "/", wrong, headers=kind)[0].status == status
    assert ask(api, "POST", "/", b"{}")[0].status == 415
    api.put("/")(lambda request: request.text)
    assert (
        ask(api, "PUT", "/", "é".encode("latin-1"), headers=[("content-type", "text/plain; charset=latin-1")])[1] == "é"
    )
    assert ask(api, "PUT", "/", b"\xff")[0].status == 400
    assert ask(api, "PUT", "/", b"a", headers=[("content-type", "text/plain; charset=klingon")])[0].status == 415


def test_a_problem_is_a_document(api):
    @api.get("/")
    def fail(request):
        raise lakon.HTTPError(
            404, "no such photo", type="https://shop.example/gone", headers={"X-Why": "gone"}, key="a"
        )

    got, body = ask(api, "GET", "/")
    assert (got.status, got.headers) == (404, {"content-type": "application/problem+json", "x-why": "gone"})
    assert body == {
        "type": "https://shop.example/gone",
        "title": "Not Found",
        "status": 404,
        "detail": "no such photo",
        "key": "a",
    }


def test_what_nobody_expects_leaves_the_function(api):
    api.get("/")(lambda request: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ask(api, "GET", "/")


def test_error_handlers_take_the_most_exact_kind(api):
    @api.error(ArithmeticError, LookupError)
    def arithmetic(request, error):
        return lakon.Response({"kind": type(error).__name__}, 400)

    @api.error(Exception)
    async def rest(request, error):
        return {"rest": str(error)}

    @api.error(lakon.HTTPError)
    def refused(request, error):
        return {"refused": error.status}

    errors = {
        "/zero": ZeroDivisionError("0"),
        "/key": KeyError("k"),
        "/value": ValueError("v"),
        "/http": lakon.HTTPError(409),
    }
    for path, error in errors.items():
        api.get(path)(_raising(error))
    assert ask(api, "GET", "/zero")[1] == {"kind": "ZeroDivisionError"}
    assert ask(api, "GET", "/key")[1] == {"kind": "KeyError"}
    assert (ask(api, "GET", "/value")[0].status, ask(api, "GET", "/value")[1]) == (500, {"rest": "v"})
    assert (ask(api, "GET", "/http")[0].status, ask(api, "GET", "/http")[1]) == (409, {"refused": 409})
    assert ask(api, "GET", "/none")[1] == {"refused": 404}


def _raising(error):
    def handler(request):
        raise error

    return handler


def test_middleware_before_and_after(api):
    order = []

    @api.middleware
    def outer(request, answer):
        order.append("outer")
        response = answer(request)
        response.headers["x-time"] = "1"
        return response

    @api.middleware
    def inner(request, answer):
        order.append("inner")
        return answer(request) if "skip" not in request.query else {"skipped": True}

    @api.before
    def user(request):
        order.append("before")
        request.state["user"] = request.headers.get("x-user")
        if request.state["user"] == "nobody":
            return lakon.Response("no", 403)
        return None

    @api.after
    async def count(request, response):
        order.append("after")
        response.headers["x-user"] = request.state["user"] or ""

    @api.get("/")
    async def hello(request):
        return {"user": request.state["user"]}

    got, body = ask(api, "GET", "/", headers=[("x-user", "ann")])
    assert (body, got.headers["x-user"], got.headers["x-time"]) == ({"user": "ann"}, "ann", "1")
    assert order == ["outer", "inner", "before", "after"]
    assert ask(api, "GET", "/", headers=[("x-user", "nobody")])[0].status == 403
    assert ask(api, "GET", "/", query=[("skip", "1")])[1] == {"skipped": True}


def test_middleware_is_a_plain_function(api):
    async def wrong(request, answer):
        return answer(request)

    with pytest.raises(TypeError, match="plain function"):
        api.middleware(wrong)


@pytest.fixture
def everywhere():
    """The same routes behind every front door."""
    service = lakon.Service("shop")
    apis = {
        "http_api": service.http_api("v2"),
        "rest_api": service.rest_api("v1"),
        "function_url": service.function_url("url"),
        "balancer": service.load_balancer("elb"),
    }
    for api in apis.values():
        api.get("/a/{x}")(lambda request: {"x": request.path["x"]})
        api.get("/a/fixed")(lambda request: "fixed")
        api.any("/a/{x}/more")(lambda request: f"any {request.method}")
        api.delete("/a/{x}/more")(lambda request: "deleted")
        api.get("/files/{name+}")(lambda request: request.path["name"])
        api.get("/files/{name}/meta")(lambda request: f"meta of {request.path['name']}")
    return apis


@pytest.mark.parametrize("door", DOORS)
def test_the_most_exact_route_answers(everywhere, door):
    def get(method, template, **parameters):
        asked = Asked(method, template, parameters)
        return seen(everywhere[door](DOORS[door](asked), None))

    assert get("GET", "/a/{x}", x="1").body == b'{"x":"1"}'
    assert get("GET", "/a/fixed").body == b"fixed"
    assert get("DELETE", "/a/{x}/more", x="1").body == b"deleted"
    assert get("GET", "/files/{name+}", name="a/b c/é").body == "a/b c/é".encode()
    assert get("GET", "/files/{name}/meta", name="a").body == b"meta of a"
    event = DOORS[door](Asked("PUT", "/a/{x}/more", {"x": "1"}))
    if door == "http_api":
        event["routeKey"] = "ANY /a/{x}/more"
    assert seen(everywhere[door](event, None)).body == b"any PUT"


@pytest.mark.parametrize("door", ["function_url", "balancer"])
def test_paths_and_methods_that_are_not_there(everywhere, door):
    def status(method, path):
        return seen(everywhere[door](DOORS[door](Asked(method, path)), None))

    assert status("GET", "/nowhere").status == 404
    assert status("GET", "/a/").status == 404
    refused = status("POST", "/a/1")
    assert (refused.status, refused.headers["allow"]) == (405, "GET")
    assert status("HEAD", "/a/1").status == 200
    assert status("GET", "/a/%7Bx%7D").status == 200


def test_head_falls_to_get(everywhere):
    for door in DOORS:
        event = DOORS[door](Asked("HEAD", "/a/{x}", {"x": "1"}))
        got = seen(everywhere[door](event, None))
        assert (got.status, got.body, got.headers["content-type"]) == (200, b"", "application/json")


def test_the_default_route_is_searched(everywhere):
    event = http_api(Asked("GET", "/a/{x}", {"x": "a b"}), key="$default")
    del event["pathParameters"]
    assert seen(everywhere["http_api"](event, None)).body == b'{"x":"a b"}'


def test_an_event_that_is_no_request_is_refused(api):
    with pytest.raises(ValueError, match="no HTTP request"):
        api({"Records": []}, None)


CORS = lakon.Cors(
    origins=["https://a.example", "https://b.example"], expose="x-total", credentials=True, headers="*", max_age=60
)


@pytest.mark.parametrize("make", ["rest_api", "load_balancer"])
def test_cors_is_answered_where_the_door_leaves_it_to_the_function(make):
    api = getattr(lakon.Service("shop"), make)("api", cors=CORS)
    api.get("/")(lambda request: {"ok": True})
    api.post("/")(_raising(lakon.HTTPError(409)))
    door = rest_api if make == "rest_api" else balancer

    def get(method, origin, *more):
        return seen(api(door(Asked(method, "/", headers=[("Origin", origin), *more])), None))

    for origin in CORS.origins:
        for method, status in (("GET", 200), ("POST", 409), ("PUT", 405 if make == "load_balancer" else 404)):
            got = get(method, origin)
            assert got.status == status
            assert got.headers["access-control-allow-origin"] == origin
            assert got.headers["access-control-allow-credentials"] == "true"
            assert got.headers["access-control-expose-headers"] == "x-total"
            assert got.headers["vary"] == "origin"
    stranger = get("GET", "https://c.example")
    assert "access-control-allow-origin" not in stranger.headers
    asked = ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "x-a,x-b")
    preflight = get("OPTIONS", "https://a.example", *asked)
    assert (preflight.status, preflight.headers["access-control-allow-headers"]) == (204, "x-a,x-b")
    assert preflight.headers["access-control-max-age"] == "60"
    assert "access-control-allow-methods" not in get("OPTIONS", "https://c.example", *asked).headers


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


def test_an_authorizer_tells_who_calls(api):
    api.get("/")(lambda request: {"auth": request.auth, "claims": request.claims})
    event = http_api(Asked())
    event["requestContext"]["authorizer"] = {"jwt": {"claims": {"sub": "ann"}, "scopes": ["read"]}}
    assert json.loads(api(event, None)["body"]) == {"auth": {"sub": "ann"}, "claims": {"sub": "ann"}}
    event["requestContext"]["authorizer"] = {"lambda": {"tenant": "a"}}
    assert json.loads(api(event, None)["body"]) == {"auth": {"tenant": "a"}, "claims": {}}
    event["requestContext"]["authorizer"] = {"iam": {"userArn": "arn:x"}}
    assert json.loads(api(event, None)["body"])["auth"] == {"userArn": "arn:x"}
    old = lakon.Service("shop").rest_api("old")
    old.get("/")(lambda request: {"auth": request.auth, "claims": request.claims})
    event = rest_api(Asked())
    event["requestContext"]["authorizer"] = {"claims": {"sub": "ann"}}
    assert json.loads(old(event, None)["body"])["claims"] == {"sub": "ann"}
    event["requestContext"]["authorizer"] = {"principalId": "p", "tenant": "a"}
    assert json.loads(old(event, None)["body"]) == {"auth": {"principalId": "p", "tenant": "a"}, "claims": {}}
    del event["requestContext"]["authorizer"]
    event["requestContext"]["identity"]["userArn"] = "arn:x"
    assert json.loads(old(event, None)["body"])["auth"] == {"userArn": "arn:x"}


def test_a_function_of_its_own_can_take_requests_too():
    @lakon.http(status=201, cors=lakon.Cors(origins="*"))
    def report(request, year: int):
        """Report."""
        return {"year": year, "method": request.method}

    assert (report.__name__, report.__qualname__.endswith("report"), report.__doc__) == ("report", True, "Report.")
    for door in DOORS.values():
        event = door(Asked("GET", "/reports/{year}", {"year": "2026"}))
        event["pathParameters"] = {"year": "2026"}
        got = seen(report(event, None))
        assert (got.status, got.body) == (201, b'{"year":2026,"method":"GET"}')
        assert got.headers["access-control-allow-origin"] == "*"
    event = http_api(Asked("GET", "/reports/{year}", {"year": "soon"}))
    assert seen(report(event, None)).status == 422


def test_what_a_request_tells(api):
    @api.get("/a/{x}")
    def show(request):
        assert request.headers["ACCEPT"] == request.headers.get("accept") == "text/html,application/json"
        assert request.headers.all("Accept") == ["text/html", "application/json"]
        assert request.headers.all("x-quoted") == ['"a,b"', "c"]
        assert request.headers.all("none") == [] and "none" not in request.headers
        assert request.query.all("t") == ["1", "2"] and request.query.get("none", "d") == "d"
        assert (request.id, request.stage, request.stage_variables) == ("request-1", "$default", {})
        assert request.context == "context" and request.event["version"] == "2.0"
        return request.url

    headers = [("Accept", "text/html"), ("Accept", "application/json"), ("X-Quoted", '"a,b", c')]
    asked = Asked("GET", "/a/{x}", {"x": "é b"}, [("t", "1"), ("t", "2")], headers)
    assert api(http_api(asked), "context")["body"] == "https://shop.example/a/%C3%A9%20b?t=1&t=2"


def test_a_cookie_with_a_forbidden_character_is_refused():
    with pytest.raises(ValueError, match="encode it first"):
        lakon.Response().set_cookie("a", "b; c")


def test_a_function_url_decodes_the_path_and_an_http_api_does_not_twice(api):
    api.get("/{x}")(lambda request: request.path["x"])
    assert seen(api(http_api(Asked("GET", "/{x}", {"x": "50%25"})), None)).body == b"50%25"
    url = lakon.Service("shop").function_url("url")
    url.get("/{x}")(lambda request: request.path["x"])
    assert seen(url(function_url(Asked("GET", "/{x}", {"x": "50%25"})), None)).body == b"50%25"


def wrapped(function):
    @functools.wraps(function)
    def wrapper(*arguments, **named):
        return function(*arguments, **named)

    return wrapper


def test_decorated_handlers_and_quoted_names_are_looked_up_where_they_stand(api):
    @api.post("/")
    @wrapped
    def make(order: "Order", page: "int" = 1):
        return {"order": order, "page": page}

    assert ask(api, "POST", "/", {"item": "a"}, query=[("page", "2")])[1] == {"order": {"item": "a"}, "page": 2}


def test_forms_with_names_that_are_hard_to_read(api):
    @api.post("/")
    def show(request):
        [file] = request.form.files["f"]
        return [file.name, file.content.decode(), request.form["a;b"]]

    disposition = b"Content-Disposition: form-data; name="
    body = (
        b"preamble\r\n--x\r\n"
        + disposition + b'"f"; filename="a;b\\"c.txt"\r\n\r\none\r\n--xy\r\n--x\r\n'
        + disposition + b'"a;b"\r\n\r\n--x is no boundary\r\n--x--\r\nepilogue'
    )  # fmt: skip
    kind = [("content-type", "multipart/form-data; charset=utf-8; boundary=x")]
    assert ask(api, "POST", "/", body, headers=kind)[1] == ['a;b"c.txt', "one\r\n--xy", "--x is no boundary"]

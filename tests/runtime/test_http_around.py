"""What goes wrong, and what stands around handlers: errors, middleware, before and after, CORS."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs, allow-untyped-decorators

import pytest

import lakon

from .asking import ask
from .doors import Asked, balancer, rest_api, seen


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

"""FastAPI, Starlette, Flask and Django applications, mounted unchanged, through every front door."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs, allow-untyped-decorators
# mypy: disable-error-code="import-untyped"

import asyncio
import contextlib
import json
import subprocess
import sys

import django
import fastapi
import flask
import pydantic
import pytest
import starlette.applications
import starlette.background
import starlette.responses
import starlette.routing
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse, JsonResponse
from django.urls import path as django_path

import lakon

from .doors import DOORS, Asked, seen

done: list[str] = []


class Item(pydantic.BaseModel):
    """What the application takes."""

    name: str
    price: float


@contextlib.asynccontextmanager
async def lifespan(app):
    done.append("started")
    yield {"pool": "a pool"}
    done.append("stopped")


def fastapi_app():
    app = fastapi.FastAPI(lifespan=lifespan)

    @app.get("/things/{name}")
    async def show(name: str, request: fastapi.Request, q: list[str] = fastapi.Query(default=[])):  # noqa: B008 - FastAPI's way
        return {
            "name": name,
            "q": q,
            "pool": request.state.pool,
            "cookie": request.cookies.get("a"),
            "client": request.client.host if request.client else None,
            "url": str(request.url),
        }

    @app.post("/things/", status_code=201)
    def make(item: Item, later: fastapi.BackgroundTasks):
        later.add_task(done.append, f"made {item.name}")
        return item

    return app


def starlette_app():
    async def show(request):
        return starlette.responses.JSONResponse(
            {"name": request.path_params["name"], "body": (await request.body()).decode()}
        )

    async def stream(request):
        async def parts():
            for part in (b"a", b"\xff"):
                await asyncio.sleep(0)
                yield part

        later = starlette.background.BackgroundTask(done.append, "streamed")
        response = starlette.responses.StreamingResponse(parts(), background=later)
        response.set_cookie("a", "1")
        response.set_cookie("b", "2")
        return response

    routes = [
        starlette.routing.Route("/things/{name}", show, methods=["GET", "POST"]),
        starlette.routing.Route("/stream", stream),
    ]
    return starlette.applications.Starlette(routes=routes)


def flask_app():
    app = flask.Flask("shop")

    @app.route("/things/<name>", methods=["GET", "POST"])
    def show(name):
        answer = flask.jsonify(
            name=name,
            q=flask.request.args.getlist("q"),
            root=flask.request.root_path,
            url=flask.request.url,
            files={key: file.read().decode() for key, file in flask.request.files.items()},
        )
        answer.call_on_close(lambda: done.append("closed"))
        answer.set_cookie("a", "1")
        answer.set_cookie("b", "2")
        return answer

    return app


def django_show(request, name):
    if request.method == "POST":
        return HttpResponse(request.body[::-1], content_type="application/octet-stream", status=201)
    return JsonResponse(
        {"name": name, "q": request.GET.getlist("q"), "path": request.path, "script": request.META.get("SCRIPT_NAME")}
    )


async def django_slow(request):
    await asyncio.sleep(0)
    return JsonResponse({"slow": True})


urlpatterns = [django_path("things/<str:name>/", django_show), django_path("slow/", django_slow)]


@pytest.fixture(scope="module", autouse=True)
def configured():
    settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="test", USE_TZ=True)
    django.setup()


@pytest.fixture(autouse=True)
def fresh():
    done.clear()


def mounted(app, **options):
    service = lakon.Service("shop")
    apis = {
        "http_api": service.http_api("v2"),
        "rest_api": service.rest_api("v1"),
        "function_url": service.function_url("url"),
        "balancer": service.load_balancer("elb"),
    }
    for api in apis.values():
        api.mount(app, **options)
    return apis


def ask(apis, door, method, path, *, root="", query=(), headers=(), cookies=(), body=b""):
    """Ask as a gateway does that has found the route of the mounted application."""
    asked = Asked(
        method, f"{root}/{{proxy+}}", {"proxy": path.strip("/")}, list(query), list(headers), list(cookies), body
    )
    event = DOORS[door](asked)
    if door == "http_api":
        event["routeKey"] = f"ANY {root}/{{proxy+}}"
    if path.endswith("/"):
        place = "rawPath" if "rawPath" in event else "path"
        event[place] += "/"
        if door == "rest_api":
            event["requestContext"]["path"] += "/"
    return seen(apis[door](event, None))


@pytest.mark.parametrize("door", DOORS)
def test_fastapi(door):
    apis = mounted(fastapi_app())
    got = ask(apis, door, "GET", "/things/a b", query=[("q", "1"), ("q", "é")], cookies=[("a", "1")])
    assert json.loads(got.body) == {
        "name": "a b",
        "q": ["1", "é"],
        "pool": "a pool",
        "cookie": "1",
        "client": "192.0.2.7",
        "url": "https://shop.example/things/a b?q=1&q=%C3%A9",
    }
    kind = [("content-type", "application/json")]
    got = ask(apis, door, "POST", "/things/", headers=kind, body=b'{"name": "tea", "price": 2}')
    assert (got.status, json.loads(got.body)) == (201, {"name": "tea", "price": 2.0})
    assert done == ["started", "made tea"]
    assert ask(apis, door, "POST", "/things/", headers=kind, body=b"{}").status == 422
    assert json.loads(ask(apis, door, "GET", "/openapi.json").body)["info"]["title"] == "FastAPI"
    assert ask(apis, door, "GET", "/nowhere").status == 404


@pytest.mark.parametrize("door", DOORS)
def test_starlette(door):
    apis = mounted(starlette_app(), path="/app")
    got = ask(apis, door, "POST", "/things/é", root="/app", body="text ä".encode())
    assert json.loads(got.body) == {"name": "é", "body": "text ä"}
    got = ask(apis, door, "GET", "/stream", root="/app")
    assert (got.body, len(got.cookies), done) == (b"a\xff", 2, ["streamed"])


@pytest.mark.parametrize("door", DOORS)
def test_flask(door):
    apis = mounted(flask_app(), path="/shop")
    boundary = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f.txt"\r\n\r\nhello\r\n--x--\r\n'
    kind = [("content-type", "multipart/form-data; boundary=x")]
    got = ask(
        apis, door, "POST", "/things/é b", root="/shop", query=[("q", "1"), ("q", "2")], headers=kind, body=boundary
    )
    assert json.loads(got.body) == {
        "name": "é b",
        "q": ["1", "2"],
        "root": "/shop",
        "url": "https://shop.example/shop/things/é%20b?q=1&q=2",
        "files": {"f": "hello"},
    }
    assert (len(got.cookies), done) == (2, ["closed"])
    assert ask(apis, door, "HEAD", "/things/a", root="/shop").body == b""
    assert ask(apis, door, "GET", "/nowhere", root="/shop").status == 404


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("make", [WSGIHandler, ASGIHandler])
def test_django(make, door):
    apis = mounted(make())
    got = ask(apis, door, "GET", "/things/é/", query=[("q", "1")])
    assert json.loads(got.body) == {"name": "é", "q": ["1"], "path": "/things/é/", "script": ""}
    assert json.loads(ask(apis, door, "GET", "/slow/").body) == {"slow": True}
    got = ask(apis, door, "POST", "/things/a/", body=b"\x01\xff")
    assert (got.status, got.body) == (201, b"\xff\x01")
    redirect = ask(apis, door, "GET", "/things/a")
    assert (redirect.status, redirect.headers.get("location")) == (404, None)


def test_the_root_of_a_mounted_application():
    api = mounted(flask_app())["http_api"]
    event = DOORS["http_api"](Asked("GET", "/"))
    event["routeKey"] = "ANY /"
    assert seen(api(event, None)).status == 404
    assert [route.key for route in api.routes] == ["ANY /", "ANY /{proxy+}"]


def test_a_base_path_of_a_custom_domain_is_the_root():
    app = flask_app()
    api = lakon.Service("shop").http_api("v2")
    api.mount(app)
    event = DOORS["http_api"](Asked("GET", "/{proxy+}", {"proxy": "things/a"}))
    event["routeKey"] = "ANY /{proxy+}"
    event["rawPath"] = "/v1/things/a"
    assert json.loads(seen(api(event, None)).body)["root"] == "/v1"


@pytest.mark.parametrize("make", [flask_app, starlette_app])
def test_the_stage_of_a_rest_api_is_part_of_the_root(make):
    api = lakon.Service("shop").rest_api("v1")
    api.mount(make(), path="/app")
    event = DOORS["rest_api"](Asked("GET", "/app/{proxy+}", {"proxy": "things/a"}))
    event["requestContext"]["path"] = "/live/app/things/a"
    told = json.loads(seen(api(event, None)).body)
    assert told["name"] == "a"
    assert told.get("url", "https://shop.example/live/app/things/a") == "https://shop.example/live/app/things/a"
    assert told.get("root", "/live/app") == "/live/app"
    api.get("/own")(lambda request: [request.url, request.url_path])
    event |= {"resource": "/own", "path": "/own"}
    event["requestContext"]["path"] = "/live/own"
    assert json.loads(seen(api(event, None)).body) == ["https://shop.example/live/own", "/own"]


def test_routes_of_the_api_come_before_the_application():
    api = mounted(flask_app())["function_url"]
    api.get("/things/own")(lambda request: "own")
    assert ask({"function_url": api}, "function_url", "GET", "/things/own").body == b"own"


def test_an_application_that_does_not_start_says_so():
    async def app(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    apis = mounted(app)
    with pytest.raises(RuntimeError, match="no database"):
        ask(apis, "http_api", "GET", "/x")


def test_tasks_that_an_application_leaves_are_finished_and_those_of_its_lifespan_are_not_waited_for():
    kept = []

    @contextlib.asynccontextmanager
    async def lasting(app):
        task = asyncio.create_task(asyncio.sleep(3600))
        yield
        task.cancel()

    async def later():
        await asyncio.sleep(0.01)
        done.append("later")

    async def show(request):
        kept.append(asyncio.create_task(later()))
        return starlette.responses.PlainTextResponse("shown")

    routes = [starlette.routing.Route("/shown", show)]
    apis = mounted(starlette.applications.Starlette(routes=routes, lifespan=lasting))
    assert (ask(apis, "http_api", "GET", "/shown").body, done) == (b"shown", ["later"])


def test_what_fails_after_the_answer_is_told_to_the_log(caplog):
    async def fail():
        raise ValueError("the mail was not sent")

    async def show(request):
        return starlette.responses.PlainTextResponse("shown", background=starlette.background.BackgroundTask(fail))

    apis = mounted(starlette.applications.Starlette(routes=[starlette.routing.Route("/shown", show)]))
    assert ask(apis, "http_api", "GET", "/shown").body == b"shown"
    assert "the mail was not sent" in caplog.text


def test_an_application_without_a_lifespan_or_an_answer():
    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            raise NotImplementedError
        assert await receive() == {"type": "http.request", "body": b"", "more_body": False}

    with pytest.raises(RuntimeError, match="without an answer"):
        ask(mounted(app), "http_api", "GET", "/x")


def test_a_websocket_is_refused_in_words():
    got = ask(mounted(starlette_app()), "http_api", "GET", "/x", headers=[("Upgrade", "websocket")])
    assert (got.status, b"service.websocket_api" in got.body) == (501, True)


def test_a_process_that_ends_ends_the_lifespan(tmp_path):
    program = tmp_path / "app.py"
    program.write_text(
        """
import contextlib
import lakon
from starlette.applications import Starlette

@contextlib.asynccontextmanager
async def lifespan(app):
    print("started")
    yield
    print("stopped")

api = lakon.Service("shop").http_api("public")
api.mount(Starlette(lifespan=lifespan))
around = {"http": {"method": "GET", "sourceIp": "::1"}}
print(api({"routeKey": "ANY /", "rawPath": "/", "headers": {}, "requestContext": around}, None)["statusCode"])
"""
    )
    done = subprocess.run([sys.executable, "-W", "error", program], capture_output=True, text=True, check=True)
    assert (done.stdout.split(), done.stderr) == (["started", "404", "stopped"], "")

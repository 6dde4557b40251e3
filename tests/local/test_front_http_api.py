"""HTTP APIs: routes, events, answers, CORS, limits."""

from __future__ import annotations

import base64
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from lakon.local.front.plan import Cors, Limit

from .fronts import ECHO, opened, plan, route

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakon.local.daemon import Running

CORS = Cors(("https://a.example", "https://b.example"), ("GET", "POST"), ("content-type",), ("x-total",), True, 60)
ERROR = b'{"message":"Internal Server Error"}'
SAYS = "def handler(event, context):\n    return {!r}\n"


@pytest.fixture
def echo(deploy: Callable[..., str]) -> str:
    return deploy(ECHO)


def test_the_best_route_takes_a_request(aws: Running, echo: str) -> None:
    keys = [
        "GET /pets/dog/1",
        "GET /pets/dog/{id}",
        "ANY /pets/dog/{id}",
        "GET /pets/{proxy+}",
        "ANY /{proxy+}",
        "POST /things",
    ]
    wanted = {
        ("GET", "/pets/dog/1"): "GET /pets/dog/1",
        ("GET", "/pets/dog/2"): "GET /pets/dog/{id}",
        ("PUT", "/pets/dog/2"): "ANY /pets/dog/{id}",
        ("PUT", "/pets/dog/1"): "ANY /pets/dog/{id}",
        ("GET", "/pets/cat/1/x"): "GET /pets/{proxy+}",
        ("POST", "/pets/cat"): "ANY /{proxy+}",
        ("GET", "/things"): "ANY /{proxy+}",
        ("POST", "/things"): "POST /things",
    }
    with opened(aws, plan("http_api", *[route(key, echo) for key in keys])) as front:
        for (method, path), key in wanted.items():
            assert front.ask(method, path).json["routeKey"] == key
        assert front.get("/").status == 404
        assert front.get("/").message == "Not Found"


def test_the_event_is_that_of_payload_format_2(aws: Running, echo: str) -> None:
    wanted = plan("http_api", route("POST /a/{x}/{rest+}", echo), variables={"colour": "blue"})
    with opened(aws, wanted) as front:
        headers = {"Content-Type": "text/plain", "Cookie": "a=1; b=2", "X-Several": "one", "User-Agent": "me"}
        event = front.ask("POST", "/a/b%20c/d/e%2Ff?q=1&q=2&r=%C3%A9", "é".encode(), headers).json
    assert event["version"] == "2.0"
    assert event["routeKey"] == "POST /a/{x}/{rest+}"
    assert event["rawPath"] == "/a/b c/d/e/f"
    assert event["rawQueryString"] == "q=1&q=2&r=%C3%A9"
    assert event["cookies"] == ["a=1", "b=2"]
    assert "cookie" not in event["headers"]
    assert event["headers"]["x-forwarded-for"] == "127.0.0.1"
    assert event["queryStringParameters"] == {"q": "1,2", "r": "é"}
    assert event["pathParameters"] == {"x": "b c", "rest": "d/e/f"}
    assert event["stageVariables"] == {"colour": "blue"}
    assert (event["body"], event["isBase64Encoded"]) == ("é", False)
    context = event["requestContext"]
    assert context["http"] == {
        "method": "POST",
        "path": "/a/b c/d/e/f",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "me",
    }
    assert (context["stage"], context["apiId"], context["accountId"]) == ("$default", "a1b2c3", "000000000000")
    assert {"requestId", "time", "timeEpoch", "domainName", "domainPrefix"} <= context.keys()


def test_bodies_that_are_no_text_come_in_base64(aws: Running, echo: str) -> None:
    with opened(aws, plan("http_api", route("POST /", echo))) as front:
        event = front.ask("POST", "/", b"\x00\xff", {"Content-Type": "image/png"}).json
        assert base64.b64decode(event["body"]) == b"\x00\xff"
        assert event["isBase64Encoded"] is True
        event = front.ask("POST", "/").json
        assert "body" not in event


@pytest.mark.parametrize(
    ("said", "status", "kind", "body"),
    [
        ({"a": 1}, 200, "application/json", b'{"a": 1}'),
        ("hello", 200, "application/json", b"hello"),
        ({"statusCode": 201, "body": "made"}, 201, "application/json", b"made"),
        ({"statusCode": "404", "headers": {"Content-Type": "text/html"}, "body": "no"}, 404, "text/html", b"no"),
        ({"statusCode": 200, "body": "AP8=", "isBase64Encoded": True, "headers": {"content-type": "image/png"}},
         200, "image/png", b"\x00\xff"),
        ({"statusCode": 200, "body": {"an": "object"}}, 500, "application/json", ERROR),
        ({"statusCode": "many"}, 500, "application/json", ERROR),
    ],
)  # fmt: skip
def test_answers_are_read_as_api_gateway_reads_them(
    aws: Running, deploy: Callable[..., str], said: object, status: int, kind: str, body: bytes
) -> None:
    with opened(aws, plan("http_api", route("GET /", deploy(SAYS.format(said))))) as front:
        answer = front.get("/")
    assert (answer.status, answer.headers["content-type"], answer.body) == (status, kind, body)


def test_cookies_and_headers_go_out(aws: Running, deploy: Callable[..., str]) -> None:
    said = {"statusCode": 204, "headers": {"X-Count": 3, "X-True": True}, "cookies": ["a=1; Path=/", "b=2"]}
    with opened(aws, plan("http_api", route("GET /", deploy(SAYS.format(said))))) as front:
        answer = front.get("/")
    assert (answer.status, answer.headers["x-count"], answer.headers["x-true"]) == (204, "3", "true")
    assert answer.cookies == ["a=1; Path=/", "b=2"]
    assert "content-length" not in answer.headers


def test_errors_of_functions_are_500(aws: Running, deploy: Callable[..., str]) -> None:
    broken = deploy("def handler(event, context):\n    raise ValueError('secret')\n")
    with opened(aws, plan("http_api", route("GET /", broken), route("GET /gone", "nothing-there"))) as front:
        for path in ("/", "/gone"):
            answer = front.get(path)
            assert (answer.status, answer.json) == (500, {"message": "Internal Server Error"})


def test_a_function_without_room_is_503(aws: Running, echo: str, lambda_client: object) -> None:
    lambda_client.put_function_concurrency(FunctionName=echo, ReservedConcurrentExecutions=0)  # type: ignore[attr-defined]  # a boto3 client
    with opened(aws, plan("http_api", route("GET /", echo))) as front:
        assert (front.get("/").status, front.get("/").message) == (503, "Service Unavailable")
        lambda_client.delete_function_concurrency(FunctionName=echo)  # type: ignore[attr-defined]  # a boto3 client
        assert front.get("/").status == 200


def test_the_limit_of_a_function_comes_before_that_of_the_api(aws: Running, deploy: Callable[..., str]) -> None:
    slow = deploy("import time\ndef handler(event, context):\n    time.sleep(5)\n", Timeout=1)
    with opened(aws, plan("http_api", route("GET /", slow))) as front:
        assert front.get("/").status == 500


def test_preflights_are_answered_and_errors_can_be_read(aws: Running, deploy: Callable[..., str]) -> None:
    said = {"statusCode": 200, "headers": {"access-control-allow-origin": "https://of-the-function.example"}}
    function = deploy(SAYS.format(said))
    with opened(aws, plan("http_api", route("GET /", function), cors=CORS)) as front:
        asked = {"Origin": "https://b.example", "Access-Control-Request-Method": "POST"}
        leave = front.ask("OPTIONS", "/anything", headers=asked)
        assert leave.status == 204
        assert leave.headers["access-control-allow-origin"] == "https://b.example"
        assert leave.headers["access-control-allow-methods"] == "GET,POST"
        assert leave.headers["access-control-allow-headers"] == "content-type"
        assert leave.headers["access-control-allow-credentials"] == "true"
        assert leave.headers["access-control-max-age"] == "60"
        refused = front.ask("OPTIONS", "/", headers={**asked, "Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in refused.headers
        for path in ("/", "/not-there"):
            answer = front.get(path, origin="https://a.example")
            assert answer.headers["access-control-allow-origin"] == "https://a.example"
            assert answer.headers["access-control-expose-headers"] == "x-total"
        assert "access-control-allow-origin" not in front.get("/").headers


def test_bodies_beyond_the_limits_are_refused(aws: Running, echo: str) -> None:
    with opened(aws, plan("http_api", route("POST /", echo))) as front:
        answer = front.ask("POST", "/", b"x" * (10 * 1024 * 1024 + 1), {"Content-Type": "text/plain"})
        assert (answer.status, answer.message) == (413, "Request Entity Too Large")


def test_throttles_hold_for_each_route(aws: Running, echo: str) -> None:
    slow, quick = route("GET /slow", echo, limit=Limit(0.001, 2)), route("GET /quick", echo)
    with opened(aws, plan("http_api", slow, quick, limit=Limit(1000, 2000))) as front:
        assert [front.get("/slow").status for _ in range(3)] == [200, 200, 429]
        assert front.get("/slow").message == "Too Many Requests"
        assert front.get("/quick").status == 200


def test_a_change_of_the_function_is_seen_at_once(
    aws: Running, deploy: Callable[..., str], lambda_client: object, archive: Callable[..., bytes]
) -> None:
    function = deploy(SAYS.format({"version": 0}))
    with opened(aws, plan("http_api", route("GET /", function))) as front:
        for number in range(1, 6):
            assert front.get("/").json == {"version": number - 1}
            files = {"app.py": SAYS.format({"version": number})}
            lambda_client.update_function_code(FunctionName=function, ZipFile=archive(files))  # type: ignore[attr-defined]  # a boto3 client
        assert front.get("/").json == {"version": 5}


def test_many_clients_at_once_and_none_meets_an_error(aws: Running, echo: str) -> None:
    with opened(aws, plan("http_api", route("GET /{n}", echo))) as front, ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda number: front.get(f"/{number}"), range(128)))
    assert [answer.status for answer in answers] == [200] * 128
    assert [int(answer.json["pathParameters"]["n"]) for answer in answers] == list(range(128))


def test_connections_are_kept_and_pipelines_answered(aws: Running, echo: str) -> None:
    with (
        opened(aws, plan("http_api", route("GET /{n}", echo))) as front,
        socket.create_connection(("127.0.0.1", front.plan.port)) as client,
        client.makefile("rb") as answers,
    ):
        for _ in range(3):
            client.sendall(b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n")
            for number in ("1", "2"):
                assert answers.readline() == b"HTTP/1.1 200 OK\r\n"
                length = 0
                while (line := answers.readline()) != b"\r\n":
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                assert json.loads(answers.read(length))["pathParameters"] == {"n": number}


def test_a_head_has_no_body(aws: Running, deploy: Callable[..., str]) -> None:
    with opened(
        aws, plan("http_api", route("ANY /", deploy(SAYS.format({"statusCode": 200, "body": "long"}))))
    ) as front:
        answer = front.ask("HEAD", "/")
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "4")


def test_requests_are_in_the_access_log(
    aws: Running, echo: str, logs_client: object, wait_for: Callable[[Callable[[], object]], None]
) -> None:
    group = f"/aws/vendedlogs/{echo}"
    with opened(aws, plan("http_api", route("GET /x", echo), log_group=group)) as front:
        front.get("/x")
        front.get("/y")

        def lines() -> list[dict[str, str]]:
            try:
                found = logs_client.filter_log_events(logGroupName=group)["events"]  # type: ignore[attr-defined]  # a boto3 client
            except logs_client.exceptions.ResourceNotFoundException:  # type: ignore[attr-defined]  # a boto3 client
                return []
            return [json.loads(event["message"]) for event in found]

        wait_for(lambda: len(lines()) == 2)
        assert {(line["route"], line["status"], line["path"]) for line in lines()} == {
            ("GET /x", "200", "/x"),
            ("-", "404", "/y"),
        }

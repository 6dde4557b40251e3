"""REST APIs, function URLs and load balancers: what each does its own way."""

from __future__ import annotations

import base64
import datetime
import http.client
import json
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from lakon.local.front.plan import Cors, GatewayResponse, Guard, Limit, Route, Rule, UsagePlan

from .fronts import ECHO, arn, opened, plan, route

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakon.local.daemon import Running

CORS = Cors(("https://a.example",), ("*",), ("content-type",), (), False, 60)
SAYS = "def handler(event, context):\n    return {!r}\n"


@pytest.fixture
def echo(deploy: Callable[..., str]) -> str:
    return deploy(ECHO)


def test_the_event_of_a_rest_api_is_that_of_payload_format_1(aws: Running, echo: str) -> None:
    wanted = plan("rest_api", route("POST /a/{x}", echo), binary=("image/*",), variables={"colour": "blue"})
    with opened(aws, wanted) as front:
        headers = {"Content-Type": "application/json", "Cookie": "a=1"}
        event = front.ask("POST", "/live/a/b%20c?q=1&q=%202", b"{}", headers).json
        encoded = front.ask("POST", "/live/a/b", b"\x00", {"Content-Type": "image/png"}).json
    assert (event["resource"], event["path"], event["httpMethod"]) == ("/a/{x}", "/a/b%20c", "POST")
    assert event["headers"]["Content-Type"] == "application/json"
    assert event["multiValueHeaders"]["Cookie"] == ["a=1"]
    assert event["queryStringParameters"] == {"q": " 2"}
    assert event["multiValueQueryStringParameters"] == {"q": ["1", " 2"]}
    assert event["pathParameters"] == {"x": "b%20c"}
    assert event["stageVariables"] == {"colour": "blue"}
    assert (event["body"], event["isBase64Encoded"]) == ("{}", False)
    context = event["requestContext"]
    assert (context["path"], context["stage"], context["resourcePath"]) == ("/live/a/b%20c", "live", "/a/{x}")
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert (encoded["body"], encoded["isBase64Encoded"]) == ("AA==", True)


def test_a_rest_api_refuses_in_its_own_words(aws: Running, deploy: Callable[..., str]) -> None:
    broken = deploy("def handler(event, context):\n    raise ValueError\n")
    strange = deploy(SAYS.format("text"))
    routes = [
        route("GET /", broken),
        route("GET /strange", strange),
        route("GET /need", strange, requires=("query.q",)),
    ]
    with opened(aws, plan("rest_api", *routes, binary=("*/*",), cors=CORS)) as front:
        answers = {path: front.get(f"/live{path}") for path in ("/", "/strange", "/none", "/need")}
        elsewhere = front.get("/other/")
    assert {path: (answer.status, answer.message) for path, answer in answers.items()} == {
        "/": (502, "Internal server error"),
        "/strange": (502, "Internal server error"),
        "/none": (403, "Missing Authentication Token"),
        "/need": (400, "Missing required request parameters: [q]"),
    }
    assert {answer.headers["access-control-allow-origin"] for answer in answers.values()} == {"https://a.example"}
    assert (elsewhere.status, elsewhere.message) == (403, "Forbidden")


def test_gateway_responses_are_those_of_the_program(aws: Running, echo: str) -> None:
    said = GatewayResponse(
        404, '{"title": "$context.error.message", "all": $context.error.messageString}', {"X-A": "b"}
    )
    wanted = plan("rest_api", route("GET /", echo), responses={"MISSING_AUTHENTICATION_TOKEN": said})
    with opened(aws, wanted) as front:
        answer = front.get("/live/nothing")
    token = "Missing Authentication Token"
    assert (answer.status, answer.json, answer.headers["x-a"]) == (404, {"title": token, "all": token}, "b")


def test_a_preflight_without_a_function_is_answered_by_the_rest_api(aws: Running) -> None:
    with opened(aws, plan("rest_api", Route("OPTIONS", "/", ""), cors=CORS)) as front:
        leave = front.ask("OPTIONS", "/live/", headers={"Origin": "https://a.example"})
    assert (leave.status, leave.headers["access-control-allow-origin"]) == (204, "https://a.example")


def test_api_keys_and_their_plans(aws: Running, echo: str) -> None:
    plans = (UsagePlan("small", ("key-1",), Limit(0.001, 1)), UsagePlan("counted", ("key-2",), None, 1, "day"))
    wanted = plan("rest_api", route("GET /", echo, api_key=True), route("GET /open", echo), usage_plans=plans)
    with opened(aws, wanted) as front:
        assert front.get("/live/open").status == 200
        for headers in ({}, {"x_api_key": "wrong"}):
            assert (front.get("/live/", **headers).status, front.get("/live/", **headers).message) == (403, "Forbidden")
        assert [front.get("/live/", x_api_key="key-1").status for _ in range(2)] == [200, 429]
        assert front.get("/live/", x_api_key="key-2").json["requestContext"]["identity"]["apiKey"] == "key-2"
        over = front.get("/live/", x_api_key="key-2")
        assert (over.status, over.message) == (429, "Limit Exceeded")


def test_binary_answers_of_a_rest_api(aws: Running, deploy: Callable[..., str]) -> None:
    said = {"statusCode": 200, "body": "AP8=", "isBase64Encoded": True, "multiValueHeaders": {"X-A": ["1", "2"]}}
    with opened(aws, plan("rest_api", route("GET /", deploy(SAYS.format(said))), binary=("image/png",))) as front:
        assert front.get("/live/", accept="image/png").body == b"\x00\xff"
        assert front.get("/live/", accept="text/html").body == b"AP8="
        assert front.get("/live/").headers["x-a"] in ("1", "2")


def test_a_function_url_is_open_or_asks_for_a_signature(aws: Running, echo: str) -> None:
    with opened(aws, plan("function_url", default=arn(echo), cors=CORS)) as front:
        event = front.ask("PUT", "/any/where%20?x=1", b"a=b", {"Content-Type": "application/json"}).json
        assert front.get("/", origin="https://a.example").headers["access-control-allow-origin"] == "https://a.example"
        front.change(guards={"iam": Guard("iam")})
        refused = front.get("/")
        request = AWSRequest("GET", f"{front.url}/some%20path?b=2&a=1")
        SigV4Auth(Credentials("test", "test"), "lambda", "eu-west-1").add_auth(request)
        signed = front.ask("GET", "/some%20path?b=2&a=1", headers=dict(request.headers.items()))
        forged = front.ask("GET", "/some%20path?b=3&a=1", headers=dict(request.headers.items()))
    assert (event["routeKey"], event["rawPath"], event["requestContext"]["http"]["method"]) == (
        "$default",
        "/any/where%20",
        "PUT",
    )
    assert ".lambda-url." in event["requestContext"]["domainName"]
    assert (refused.status, refused.json) == (403, {"Message": "Forbidden"})
    assert signed.status == 200
    assert signed.json["requestContext"]["authorizer"]["iam"]["accessKey"] == "test"
    assert forged.status == 403


def test_errors_behind_a_function_url(aws: Running, deploy: Callable[..., str]) -> None:
    broken = deploy("def handler(event, context):\n    raise ValueError\n")
    with opened(aws, plan("function_url", default=arn(broken))) as front:
        assert (front.get("/").status, front.get("/").body) == (502, b"Internal Server Error")
        assert front.ask("POST", "/", b"x" * (6 * 1024 * 1024 + 1)).status == 413


STREAMER = """#!{python}
import http.client, json, os, time
api = os.environ["AWS_LAMBDA_RUNTIME_API"]
while True:
    next_ = http.client.HTTPConnection(api)
    next_.request("GET", "/2018-06-01/runtime/invocation/next")
    got = next_.getresponse()
    id, _ = got.getheader("Lambda-Runtime-Aws-Request-Id"), got.read()
    def parts():
        yield json.dumps({{"statusCode": 202, "headers": {{"X-A": "b"}}, "cookies": ["c=d"]}}).encode() + bytes(8)
        yield b"first,"
        time.sleep(1)
        yield b"second"
    answer = http.client.HTTPConnection(api)
    answer.request("POST", f"/2018-06-01/runtime/invocation/{{id}}/response", parts(), encode_chunked=True, headers={{
        "Lambda-Runtime-Function-Response-Mode": "streaming", "Transfer-Encoding": "chunked",
        "Content-Type": "application/vnd.awslambda.http-integration-response"}})
    answer.getresponse().read()
"""


@pytest.mark.parametrize("kind", ["function_url", "rest_api"])
def test_a_streamed_answer_arrives_while_it_is_made(aws: Running, deploy: Callable[..., str], kind: str) -> None:
    files = {"bootstrap": STREAMER.format(python=sys.executable)}
    function = deploy(files, Runtime="provided.al2023", Handler="any")
    wanted = {
        "function_url": plan("function_url", default=arn(function), streaming=True),
        "rest_api": plan("rest_api", route("GET /", function, streams=True), timeout=0.1),
    }
    with opened(aws, wanted[kind]) as front:
        connection = http.client.HTTPConnection("127.0.0.1", front.plan.port, timeout=30)
        connection.request("GET", "/live/" if kind == "rest_api" else "/")
        answer = connection.getresponse()
        first = answer.read1()
        began = datetime.datetime.now(datetime.UTC)
        rest = answer.read()
        waited = datetime.datetime.now(datetime.UTC) - began
        connection.close()
    assert (answer.status, answer.headers["x-a"], answer.headers["set-cookie"]) == (202, "b", "c=d")
    assert (first, rest) == (b"first,", b"second")
    assert waited.total_seconds() > 0.2  # it was not held back until it was whole


def test_where_a_rest_api_streams_nothing_else_is_an_answer(aws: Running, deploy: Callable[..., str]) -> None:
    whole, broken = (
        deploy(SAYS.format({"statusCode": 200})),
        deploy("def handler(event, context):\n    raise ValueError\n"),
    )
    routes = [route("GET /whole", whole, streams=True), route("GET /broken", broken, streams=True)]
    with opened(aws, plan("rest_api", *routes)) as front:
        assert [front.get(f"/live/{name}").status for name in ("whole", "broken")] == [502, 502]


def test_a_client_that_reads_late_has_the_whole_stream(aws: Running, deploy: Callable[..., str]) -> None:
    parts = "yield b'{}' + bytes(8)\n        for n in range(300):\n            yield bytes([n % 251]) * 65536"
    source = STREAMER.format(python=sys.executable)
    begin, end = source.index("        yield json"), source.index("    answer = http")
    files = {"bootstrap": f"{source[:begin]}        {parts}\n{source[end:]}"}
    function = deploy(files, Runtime="provided.al2023", Handler="any")
    with opened(aws, plan("function_url", default=arn(function), streaming=True)) as front:
        connection = http.client.HTTPConnection("127.0.0.1", front.plan.port, timeout=30)
        connection.request("GET", "/")
        answer = connection.getresponse()
        time.sleep(0.5)  # meanwhile the function is held back
        body = answer.read()
        connection.close()
        assert front.get("/").status == 200  # and it goes on after it
    assert body == b"".join(bytes([number % 251]) * 65536 for number in range(300))


def test_a_load_balancer_chooses_by_its_rules(aws: Running, echo: str, deploy: Callable[..., str]) -> None:
    def says(word: str) -> str:
        return arn(deploy(SAYS.format({"statusCode": 200, "body": word, "isBase64Encoded": False})))

    rules = (
        Rule(says("path"), paths=("/img/*.png",)),
        Rule(says("method"), methods=("DELETE",)),
        Rule(says("host"), hosts=("*.example",)),
        Rule(says("header"), headers={"X-Kind": ("blue*",)}),
        Rule(says("query"), query={"v": "2*"}),
        Rule(says("address"), paths=("/local",), addresses=("127.0.0.0/8",)),
    )
    with opened(aws, plan("load_balancer", rules=rules)) as front:
        answers = [
            front.get("/img/a/b.png"),
            front.ask("DELETE", "/"),
            front.get("/", host="shop.example"),
            front.get("/", x_kind="Blueish"),
            front.get("/?v=22"),
            front.get("/local"),
        ]
        nothing = front.get("/")
        front.change(default=arn(echo))
        event = front.ask("POST", "/a%20b?x=1&x=%202", b"\x00", {"Content-Type": "image/png", "X-A": "1"}).json
    assert [answer.body.decode() for answer in answers] == ["path", "method", "host", "header", "query", "address"]
    assert nothing.status == 404
    assert (event["path"], event["multiValueQueryStringParameters"]) == ("/a%20b", {"x": ["1", "%202"]})
    assert event["multiValueHeaders"]["x-a"] == ["1"]
    assert base64.b64decode(event["body"]) == b"\x00"
    assert "targetGroupArn" in event["requestContext"]["elb"]


def test_errors_behind_a_load_balancer(aws: Running, deploy: Callable[..., str]) -> None:
    broken = deploy("def handler(event, context):\n    raise ValueError\n")
    with opened(aws, plan("load_balancer", default=arn(broken))) as front:
        answer = front.get("/")
        large = front.ask("POST", "/", b"x" * (1024 * 1024 + 1))
    assert (answer.status, b"502 Bad Gateway" in answer.body) == (502, True)
    assert large.status == 413


def test_the_document_and_its_page_stand_beside_the_api(aws: Running, echo: str) -> None:
    document: dict[str, Any] = {"openapi": "3.1.0", "info": {"title": "mine", "version": "1"}, "paths": {}}
    with opened(aws, plan("http_api", route("GET /", echo), openapi=json.dumps(document))) as front:
        assert front.get("/_lakon/openapi.json").json == document
        page = front.get("/_lakon/")
    assert page.headers["content-type"].startswith("text/html")
    assert b"openapi.json" in page.body
    assert b"http://" not in page.body.replace(b"http://127.0.0.1", b"")  # nothing comes from elsewhere

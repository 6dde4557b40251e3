"""Sample events: of every kind, with real names, as filters want them, and changed in any place."""

from __future__ import annotations

import base64
import gzip
import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from lakon.commands import events
from lakon.commands import program as programs
from lakon.commands.events import change
from lakon.commands.samples.catalogue import KINDS, Source
from lakon.commands.samples.patterns import matching
from lakon.commands.samples.scene import Scene
from lakon.exceptions import UsageError
from lakon.runtime.http.adapter import request_of
from lakon.settings import Target

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

SCENE = Scene("123456789012", "eu-west-1", "aws", datetime(2027, 1, 31, 18, 0, 0, 123456, UTC))

TRIGGERED = f"""
import json

import lakon

service = lakon.Service("live", python="{sys.version_info[0]}.{sys.version_info[1]}")
photos = service.bucket("photos")
jobs = service.queue("jobs", dead_letters=False)
ordered = service.queue("ordered", fifo=True, dead_letters=False)
news = service.topic("news")


@service.function(
    on=[
        photos.created(prefix="in/", suffix=".png"),
        jobs.messages(filter={{"body": {{"kind": ["photo"]}}}}),
        news.messages(filter={{"kind": ["photo"], "size": [{{"numeric": [">", 10]}}]}}),
        lakon.event(source="shop", detail={{"state": [{{"prefix": "new"}}]}}),
        lakon.every("1 day"),
    ]
)
def echo(event, context):
    return event


@service.function(on=[ordered.messages(), lakon.every("1 day", payload={{"bucket": photos.name}})])
def other(event, context):
    return event
"""


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_json_and_tells_the_place(kind: str) -> None:
    event = json.dumps(KINDS[kind].make(SCENE, Source()))
    if kind == "cloudwatch-logs":
        event = gzip.decompress(base64.b64decode(json.loads(event)["awslogs"]["data"])).decode()
        assert json.loads(event)["owner"] == "123456789012"
    elif kind.startswith("s3:"):
        assert '"awsRegion": "eu-west-1"' in event
        assert '"eventTime": "2027-01-31T18:00:00.123Z"' in event
    else:
        assert "123456789012" in event or kind == "websocket"
        assert "eu-west-1" in event


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ({"state": ["new", "old"]}, {"state": "new"}),
        ({"detail": {"name": [{"prefix": "in/"}]}}, {"detail": {"name": "in/example"}}),
        ({"name": [{"suffix": ".png"}]}, {"name": "example.png"}),
        ({"name": [{"prefix": {"equals-ignore-case": "IN"}}]}, {"name": "INexample"}),
        ({"name": [{"equals-ignore-case": "Ada"}]}, {"name": "Ada"}),
        ({"name": [{"wildcard": "a*b"}]}, {"name": "aexampleb"}),
        ({"name": [{"anything-but": ["a", "b"]}]}, {"name": "other-example"}),
        ({"name": [{"anything-but": {"prefix": "a"}}]}, {"name": "other-example"}),
        ({"size": [{"anything-but": [1, 7]}]}, {"size": 8}),
        ({"size": [{"numeric": ["=", 5]}]}, {"size": 5}),
        ({"size": [{"numeric": [">", 0, "<", 1]}]}, {"size": 0.5}),
        ({"size": [{"numeric": [">", 0, "<=", 7]}]}, {"size": 7}),
        ({"size": [{"numeric": ["<", 3]}]}, {"size": 2}),
        ({"ip": [{"cidr": "10.0.0.0/24"}]}, {"ip": "10.0.0.1"}),
        ({"name": [{"exists": True}], "gone": [{"exists": False}]}, {"name": "example"}),
        ({"$or": [{"a": [1]}, {"b": [2]}]}, {"a": 1}),
        ({"name": [None]}, {"name": None}),
    ],
)
def test_values_match_the_pattern(pattern: dict[str, object], value: object) -> None:
    assert matching(pattern) == value


EVENT = b'{"Records": [{"body": "hello", "count": 1, "tags": {}}]}'


@pytest.mark.parametrize(
    ("written", "place", "value"),
    [
        ("Records.0.body=5", "body", "5"),
        ("Records.0.body=", "body", ""),
        ('Records.0.body={"a": "b=c"}', "body", '{"a": "b=c"}'),
        ("Records.0.count=5", "count", 5),
        ("Records.0.count=many", "count", "many"),
        ("Records.0.tags.new=true", "tags", {"new": True}),
        ("Records.0.added=[1]", "added", [1]),
    ],
)
def test_a_place_is_changed(written: str, place: str, value: object) -> None:
    assert json.loads(change(EVENT, [written]))["Records"][0][place] == value


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Records.1.body=5", "nothing is called '1' there"),
        ("Records.first.body=5", "nothing is called 'first' there"),
        ("Record.0=5", "There is: Records."),
        ("Records.0.body.more=5", "There is nothing further down."),
        ("Records", "PLACE=VALUE"),
        ("=5", "PLACE=VALUE"),
    ],
)
def test_a_place_that_is_not_there(written: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        change(EVENT, [written])
    assert said in str(refused.value)


def test_functions_get_what_calls_them(project: Path, lakon: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    (project / "app.py").write_text(TRIGGERED)
    outputs = json.loads(lakon("provision", "--local", "--json").stdout)["outputs"]
    program, target = programs.load(project / "app.py"), Target(local=True)

    def event(function: str, kind: str) -> Any:
        return json.loads(events.sample(program, target, function, kind))

    key = "Records.0.s3.object.key=in/cat.png"
    called = lakon("invoke", "echo", "--local", "--event", "s3:put", "--set", key)
    [put] = json.loads(called.stdout)["Records"]
    assert put["s3"]["bucket"]["name"] == outputs["PhotosBucketName"]
    assert put["s3"]["object"]["key"] == "in/cat.png"
    assert event("echo", "s3:copy")["Records"][0]["s3"]["object"]["key"] == "in/example.png"
    [message] = event("echo", "sqs")["Records"]
    assert message["eventSourceARN"].rpartition(":")[2] == outputs["JobsQueueUrl"].rpartition("/")[2]
    assert json.loads(message["body"]) == {"kind": "photo"}
    [notice] = event("echo", "sns")["Records"]
    assert notice["Sns"]["TopicArn"] == outputs["NewsTopicArn"]
    assert notice["Sns"]["MessageAttributes"] == {
        "kind": {"Type": "String", "Value": "photo"},
        "size": {"Type": "Number", "Value": "11"},
    }
    assert event("echo", "eventbridge")["detail"] == {"state": "newexample"}
    assert "live-dev-EchoSchedule-" in event("echo", "schedule")["resources"][0]
    assert event("other", "sqs")["Records"][0]["attributes"]["MessageGroupId"]
    assert event("other", "schedule") == {"bucket": outputs["PhotosBucketName"]}
    assert event("other", "dynamodb")["Records"]


def test_kinds_are_listed(project: Path, lakon: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    (project / "app.py").write_text(TRIGGERED)
    listed = json.loads(lakon("invoke", "echo", "--event", "--json").stdout)
    assert [each["kind"] for each in listed if each["fits"]] == [
        "s3:put", "s3:post", "s3:copy", "s3:multipart", "sqs", "sns", "schedule", "eventbridge"
    ]  # fmt: skip
    assert {each["kind"] for each in listed} == set(KINDS)
    wrong = lakon("invoke", "echo", "--local", "--event", "s3:pt")
    assert (wrong.returncode, "Did you mean 's3:put'?" in wrong.stderr) == (2, True)
    both = lakon("invoke", "echo", "{}", "--local", "--event", "s3:put")
    assert (both.returncode, "either PAYLOAD or --event-file or --event" in both.stderr) == (2, True)


DOORS = """
import lakon

service = lakon.Service("doors")
public = service.http_api("public")
old = service.rest_api("old")
hook = service.function_url("hook")
edge = service.load_balancer("edge", subnets=["subnet-1", "subnet-2"])
chat = service.websocket_api("chat")


@public.put("/photos/{key}")
@old.get("/photos/{key}")
@hook.post("/photos")
@edge.get("/photos")
def photo(request):
    return "photo"


@chat.message("say")
def say(message):
    return None


@service.function(on=[public.any("/reports/{rest+}"), edge.rule(paths="*.png", methods="POST")])
def report(event, context):
    return event
"""


@pytest.mark.parametrize(
    ("function", "kind", "method", "path", "key"),
    [
        ("public", "http", "PUT", "/photos/1", "PUT /photos/{key}"),
        ("report", "http", "GET", "/reports/1", "ANY /reports/{rest+}"),
        ("hook", "http", "POST", "/photos", "$default"),
        ("old", "http:v1", "GET", "/photos/1", "/photos/{key}"),
        ("edge", "alb", "GET", "/photos", None),
        ("report", "alb", "POST", "/example.png", None),
    ],
)
def test_requests_are_those_of_the_functions_own_routes(
    tmp_path: Path, function: str, kind: str, method: str, path: str, key: str | None
) -> None:
    (tmp_path / "app.py").write_text(DOORS)
    program = programs.load(tmp_path / "app.py")
    [declared] = [each for each in program.service.functions if each.name == function]
    trigger = next(each for each in events.triggers(program, declared) if KINDS[kind].sends(each))
    event: Any = json.loads(json.dumps(KINDS[kind].make(SCENE, Source(trigger))))
    request = request_of(event, None)
    assert (request.method, request.url_path) == (method, path)
    assert event.get("routeKey", event.get("resource")) == key
    for api in program.service.apis:
        if api.function is declared:
            assert api(event, None)["body"] == "photo"


def test_a_message_is_that_of_the_functions_own_route(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(DOORS)
    program = programs.load(tmp_path / "app.py")
    [chat] = [each for each in program.service.functions if each.name == "chat"]
    [trigger] = events.triggers(program, chat)
    event: Any = KINDS["websocket"].make(SCENE, Source(trigger))
    assert event["requestContext"]["routeKey"] == json.loads(event["body"])["action"] == "say"

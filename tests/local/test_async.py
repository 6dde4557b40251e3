"""Asynchronous invocations: accepted, retried, given up, told of, and never lost."""

from __future__ import annotations

import json
import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from lakon.local.daemon import ensure, stop
from lakon.report import Silent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import boto3
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.type_defs import DestinationConfigTypeDef

    from lakon.local.daemon import Running

ARN = "arn:aws:lambda:eu-west-1:000000000000:function:"
SAY = """
import json, os, uuid
def say(folder, what):
    path = os.path.join(folder, uuid.uuid4().hex)
    with open(path + ".partial", "w") as file:
        json.dump(what, file)
    os.rename(path + ".partial", path)
"""
FAIL = (
    SAY
    + """
def handler(event, context):
    say(os.environ["SEEN"], context.aws_request_id)
    if len(os.listdir(os.environ["SEEN"])) <= int(os.environ["FAILURES"]):
        raise ValueError(event)
    return {"took": event}
"""
)


def seen(folder: Path) -> list[object]:
    return [json.loads(path.read_text()) for path in folder.iterdir() if not path.suffix]


@dataclass(frozen=True)
class Queue:
    """A queue, for what is told of events."""

    arn: str
    receive: Callable[[], dict[str, list[dict[str, object]]]]

    def message(self) -> tuple[dict[str, object], object]:
        """The one message that comes: body, attributes."""
        deadline = time.monotonic() + 20
        while not (messages := self.receive().get("Messages")):
            assert time.monotonic() < deadline, "no message came"
        [message] = messages
        body: dict[str, object] = json.loads(str(message["Body"]))
        return body, message.get("MessageAttributes")


@pytest.fixture
def queues(session: boto3.Session, aws: Running) -> Iterator[Callable[[], Queue]]:
    sqs = session.client("sqs", endpoint_url=aws.endpoint_url)
    made: list[str] = []

    def create() -> Queue:
        url = sqs.create_queue(QueueName=f"queue-{uuid4().hex}")["QueueUrl"]
        made.append(url)
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        receive = partial(sqs.receive_message, QueueUrl=url, MessageAttributeNames=["All"], WaitTimeSeconds=1)
        return Queue(arn, receive)

    yield create
    for url in made:
        sqs.delete_queue(QueueUrl=url)


def failing(deploy: Callable[..., str], folder: Path, failures: int, **parameters: object) -> str:
    variables = {"SEEN": str(folder), "FAILURES": str(failures)}
    return deploy(FAIL, Environment={"Variables": variables}, **parameters)


def event(client: LambdaClient, name: str, payload: object = None) -> str:
    answer = client.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(payload))
    assert answer["StatusCode"] == 202
    return answer["ResponseMetadata"]["RequestId"]


def test_a_failed_event_runs_three_times_with_one_request_id(
    lambda_client: LambdaClient, deploy: Callable[..., str], queues: Callable[[], Queue], shared_path: Path
) -> None:
    queue = queues()
    name = failing(deploy, shared_path, 99)
    destination: DestinationConfigTypeDef = {"OnFailure": {"Destination": queue.arn}}
    lambda_client.put_function_event_invoke_config(FunctionName=name, DestinationConfig=destination)
    request = event(lambda_client, name, {"n": 1})
    record, _ = queue.message()
    assert seen(shared_path) == [request] * 3
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", str(record.pop("timestamp")))
    answer = record.pop("responsePayload")
    assert isinstance(answer, dict) and answer["errorType"] == "ValueError"
    assert record == {
        "version": "1.0",
        "requestContext": {
            "requestId": request,
            "functionArn": f"{ARN}{name}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": {"n": 1},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
    }


def test_success_after_a_retry_is_told(
    lambda_client: LambdaClient, deploy: Callable[..., str], queues: Callable[[], Queue], shared_path: Path
) -> None:
    queue = queues()
    name = failing(deploy, shared_path, 1)
    version = lambda_client.publish_version(FunctionName=name)["Version"]
    lambda_client.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    lambda_client.put_function_event_invoke_config(
        FunctionName=name,
        Qualifier="live",
        DestinationConfig={"OnSuccess": {"Destination": queue.arn}},
    )
    event(lambda_client, f"{name}:live", "x")
    record, _ = queue.message()
    context = record["requestContext"]
    assert isinstance(context, dict)
    assert (context["condition"], context["approximateInvokeCount"]) == ("Success", 2)
    assert context["functionArn"] == f"{ARN}{name}:live"
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": version}
    assert record["responsePayload"] == {"took": "x"}


def test_settings_are_those_of_the_qualifier(
    lambda_client: LambdaClient, deploy: Callable[..., str], queues: Callable[[], Queue], shared_path: Path
) -> None:
    dead = queues()
    name = failing(deploy, shared_path, 99, DeadLetterConfig={"TargetArn": dead.arn})
    lambda_client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    request = event(lambda_client, name, {"é": 1})
    body, attributes = dead.message()
    assert body == {"é": 1}
    assert seen(shared_path) == [request]
    assert attributes == {
        "RequestID": {"DataType": "String", "StringValue": request},
        "ErrorCode": {"DataType": "Number", "StringValue": "200"},
        "ErrorMessage": {"DataType": "String", "StringValue": "{'é': 1}"},
    }
    version = lambda_client.publish_version(FunctionName=name)["Version"]
    again = event(lambda_client, f"{name}:{version}", {"é": 2})
    dead.message()
    assert seen(shared_path).count(again) == 3


def test_an_event_grows_too_old(
    lambda_client: LambdaClient, deploy: Callable[..., str], queues: Callable[[], Queue], shared_path: Path
) -> None:
    queue = queues()
    name = failing(deploy, shared_path, 99)
    lambda_client.put_function_event_invoke_config(
        FunctionName=name,
        MaximumEventAgeInSeconds=100,  # the first retry comes after 60 seconds, the second after 180
        DestinationConfig={"OnFailure": {"Destination": queue.arn}},
    )
    event(lambda_client, name)
    context = queue.message()[0]["requestContext"]
    assert isinstance(context, dict)
    assert (context["condition"], context["approximateInvokeCount"]) == ("EventAgeExceeded", 2)


def test_every_kind_of_destination(
    lambda_client: LambdaClient,
    session: boto3.Session,
    aws: Running,
    deploy: Callable[..., str],
    queues: Callable[[], Queue],
    shared_path: Path,
    wait_for: Callable[..., None],
) -> None:
    queue, told = queues(), shared_path / "told"
    told.mkdir()
    sns = session.client("sns", endpoint_url=aws.endpoint_url)
    events = session.client("events", endpoint_url=aws.endpoint_url)
    s3 = session.client("s3", endpoint_url=aws.endpoint_url)
    topic = sns.create_topic(Name=f"topic-{uuid4().hex}")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    bus_name = f"bus-{uuid4().hex}"
    bus = events.create_event_bus(Name=bus_name)["EventBusArn"]
    events.put_rule(Name="told", EventBusName=bus_name, EventPattern=json.dumps({"source": ["lambda"]}))
    events.put_targets(Rule="told", EventBusName=bus_name, Targets=[{"Id": "q", "Arn": queue.arn}])
    bucket = f"bucket-{uuid4().hex}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    teller = deploy(
        SAY + "def handler(event, context):\n    say(os.environ['SEEN'], event)\n",
        Environment={"Variables": {"SEEN": str(told)}},
    )
    name = failing(deploy, shared_path, 99)

    def fail(destination: str) -> None:
        lambda_client.put_function_event_invoke_config(
            FunctionName=name,
            MaximumRetryAttempts=0,
            DestinationConfig={"OnFailure": {"Destination": destination}},
        )
        event(lambda_client, name, destination)

    def exhausted(record: object, destination: str) -> bool:
        assert isinstance(record, dict)
        condition: object = record["requestContext"]["condition"]
        return (condition, record["requestPayload"]) == ("RetriesExhausted", destination)

    fail(topic)
    assert exhausted(json.loads(str(queue.message()[0]["Message"])), topic)
    fail(bus)
    put, _ = queue.message()
    assert put["detail-type"] == "Lambda Function Invocation Result - Failure"
    assert put["resources"] == [bus, f"{ARN}{name}:$LATEST"]
    assert exhausted(put["detail"], bus)
    fail(f"{ARN}{teller}")
    wait_for(lambda: seen(told))
    assert exhausted(seen(told)[0], f"{ARN}{teller}")
    fail(f"arn:aws:s3:::{bucket}")
    wait_for(lambda: s3.list_objects_v2(Bucket=bucket)["KeyCount"])
    key = s3.list_objects_v2(Bucket=bucket)["Contents"][0]["Key"]
    assert re.fullmatch(
        rf"aws/lambda/async/{name}/\d{{4}}/\d\d/\d\d/\d{{4}}-\d\d-\d\dT\d\d\.\d\d\.\d\d-[0-9a-f-]{{36}}", key
    )
    assert exhausted(json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()), f"arn:aws:s3:::{bucket}")


def test_throttled_events_wait_for_room(
    lambda_client: LambdaClient, deploy: Callable[..., str], shared_path: Path, wait_for: Callable[..., None]
) -> None:
    source = (
        SAY
        + "import time\ndef handler(event, context):\n    time.sleep(0.05)\n    say(event, context.aws_request_id)\n"
    )
    name = deploy(source)
    lambda_client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    requests = {event(lambda_client, name, str(shared_path)) for _ in range(12)}
    wait_for(lambda: len(seen(shared_path)) >= 12)
    assert set(map(str, seen(shared_path))) == requests
    assert len(seen(shared_path)) == 12


def test_without_any_concurrency_an_event_is_given_up(
    lambda_client: LambdaClient, deploy: Callable[..., str], queues: Callable[[], Queue], shared_path: Path
) -> None:
    dead = queues()
    name = failing(deploy, shared_path, 0, DeadLetterConfig={"TargetArn": dead.arn})
    lambda_client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    event(lambda_client, name, {"n": 1})
    assert dead.message()[0] == {"n": 1}
    assert seen(shared_path) == []


def test_a_thousand_events_at_once(
    lambda_client: LambdaClient, deploy: Callable[..., str], shared_path: Path, wait_for: Callable[..., None]
) -> None:
    source = """
import os
def handler(event, context):
    with open(os.path.join(event["folder"], str(os.getpid())), "a") as file:
        file.write(f"{event['n']} ")
"""
    name = deploy(source)

    def send(n: int) -> None:
        event(lambda_client, name, {"folder": str(shared_path), "n": n})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(1000)))

    def numbers() -> list[int]:
        return sorted(int(number) for path in shared_path.iterdir() for number in path.read_text().split())

    wait_for(lambda: len(numbers()) >= 1000)
    assert numbers() == list(range(1000))


def test_events_do_not_wait_for_those_of_other_functions(
    deploy: Callable[..., str], lambda_client: LambdaClient, shared_path: Path, wait_for: Callable[..., None]
) -> None:
    """The slow ones go on only when the quick one has run."""
    source = """
import os, time
def handler(event, context):
    while not os.path.exists(event):
        time.sleep(0.05)
"""
    slow, quick = deploy(source, Timeout=60), deploy("def handler(event, context):\n    open(event, 'w').close()\n")
    gate = shared_path / "gate"
    for _ in range(8 * (os.cpu_count() or 1) + 2):
        event(lambda_client, slow, str(gate))
    event(lambda_client, quick, str(gate))
    wait_for(gate.exists)


@pytest.mark.parametrize("trigger", ["topic", "bus"])
def test_events_of_other_services_are_retried(
    trigger: str,
    lambda_client: LambdaClient,
    session: boto3.Session,
    aws: Running,
    deploy: Callable[..., str],
    shared_path: Path,
    wait_for: Callable[..., None],
) -> None:
    name = failing(deploy, shared_path, 2)
    if trigger == "topic":
        sns = session.client("sns", endpoint_url=aws.endpoint_url)
        topic = sns.create_topic(Name=f"topic-{uuid4().hex}")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=ARN + name)
        sns.publish(TopicArn=topic, Message="x")
    else:
        events = session.client("events", endpoint_url=aws.endpoint_url)
        rule = f"rule-{uuid4().hex}"
        events.put_rule(Name=rule, EventPattern=json.dumps({"source": [rule]}))
        events.put_targets(Rule=rule, Targets=[{"Id": "f", "Arn": ARN + name}])
        events.put_events(Entries=[{"Source": rule, "DetailType": "x", "Detail": "{}"}])
    wait_for(lambda: len(seen(shared_path)) >= 3)
    assert len(set(map(str, seen(shared_path)))) == 1


def test_events_outlive_the_emulator(
    environment_folder: Path,
    session: boto3.Session,
    launcher: Sequence[str],
    archive: Callable[..., bytes],
    shared_path: Path,
    wait_for: Callable[..., None],
) -> None:
    told, gate = shared_path / "told", shared_path / "gate"
    told.mkdir()
    source = f"""{SAY}
import time
def handler(event, context):
    while not os.path.exists({str(gate)!r}):
        time.sleep(0.01)
    say({str(told)!r}, context.aws_request_id)
"""
    running = ensure(environment_folder, launcher, Silent(), owner_pid=os.getpid())
    client = session.client("lambda", endpoint_url=running.endpoint_url)
    client.create_function(
        FunctionName="waits",
        Runtime="python3.11",
        Handler="app.handler",
        Role="arn:aws:iam::000000000000:role/test",
        Timeout=30,
        Code={"ZipFile": archive({"app.py": source})},
    )
    requests = {event(client, "waits") for _ in range(3)}
    stop(environment_folder)
    gate.touch()
    ensure(environment_folder, launcher, Silent(), owner_pid=os.getpid())
    wait_for(lambda: set(map(str, seen(told))) == requests)
    stop(environment_folder)

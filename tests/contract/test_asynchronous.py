"""What a program says of asynchronous events and of concurrency holds in the stack that Lakon provisions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakon.testing.cloud import Cloud, Local


@pytest.fixture(scope="module")
def cloud(lakon_local: Local) -> Iterator[Cloud]:
    with lakon_local("programs/asynchronous.py") as cloud:
        yield cloud


def send(cloud: Cloud, function: str, event: object) -> None:
    payload = json.dumps(event).encode()
    cloud.client("lambda").invoke(FunctionName=cloud.name(function), InvocationType="Event", Payload=payload)


def told(cloud: Cloud, queue: str) -> Any:
    """What comes into a queue next."""

    def receive() -> list[Any]:
        messages: list[Any] = cloud.sqs.receive_message(QueueUrl=cloud.name(queue), WaitTimeSeconds=1).get("Messages")
        return messages or []

    [message] = cloud.wait_for(receive)
    cloud.sqs.delete_message(QueueUrl=cloud.name(queue), ReceiptHandle=message["ReceiptHandle"])
    return json.loads(message["Body"])


def test_success_is_told(cloud: Cloud) -> None:
    send(cloud, "look", {"n": 1})
    record = told(cloud, "succeeded")
    assert (record["requestContext"]["condition"], record["responsePayload"]) == ("Success", {"n": 1})


def test_dead_letters_are_kept(cloud: Cloud) -> None:
    send(cloud, "bury", {"n": 2})
    assert told(cloud, "buried") == {"n": 2}


def test_what_fails_is_told_whoever_invoked(cloud: Cloud) -> None:
    cloud.sns.publish(TopicArn=cloud.name("alerts"), Message="hello")
    entry = {"Source": "shop", "DetailType": "Order", "Detail": "{}", "EventBusName": cloud.name("orders")}
    cloud.events.put_events(Entries=[entry])
    records = [told(cloud, "failed") for _ in range(3)]  # the third is the schedule's
    contexts = [record["requestContext"] for record in records]
    assert {context["condition"] for context in contexts} == {"RetriesExhausted"}
    assert {context["approximateInvokeCount"] for context in contexts} == {1}
    events = [record["requestPayload"] for record in records]
    assert sorted(event.get("source", "a topic") for event in events) == ["a topic", "aws.scheduler", "shop"]


def test_reserved_concurrency_limits(cloud: Cloud) -> None:
    client = cloud.client("lambda")
    assert client.get_function_concurrency(FunctionName=cloud.name("never"))["ReservedConcurrentExecutions"] == 0
    with pytest.raises(client.exceptions.TooManyRequestsException):
        client.invoke(FunctionName=cloud.name("never"))

"""Every way to call a function: it is called when it should, with the event of AWS, and not when it should not.

`lakon.every` and `lakon.cron` would take a minute each: of these test_resources.py checks the configuration, and here
the scheduler calls at the times of `lakon.at`. That a function is *not* called shows when one that comes after it in
the same way has been.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakon.testing.cloud import Cloud, Local


@pytest.fixture(scope="module")
def cloud(lakon_local: Local) -> Iterator[Cloud]:
    with lakon_local("programs/triggers.py") as cloud:
        yield cloud


def events(cloud: Cloud, function: str) -> list[Any]:
    """What the function was called with, in the order of the calls."""
    return [json.loads(line) for line in cloud.logs(function) if line.startswith("{")]


def records(cloud: Cloud, function: str) -> list[Any]:
    return [record for event in events(cloud, function) for record in event["Records"]]


def bodies(cloud: Cloud, function: str) -> list[str]:
    return [record["body"] for record in records(cloud, function)]


def keys(cloud: Cloud, function: str) -> set[str]:
    return {record["s3"]["object"]["key"] for record in records(cloud, function)}


def waiting(cloud: Cloud, queue: str) -> int:
    """How many messages are in the queue, seen or not."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = cloud.sqs.get_queue_attributes(QueueUrl=cloud.name(queue), AttributeNames=names)["Attributes"]
    return sum(int(attributes[name]) for name in names)


def received(cloud: Cloud, queue: str) -> list[str]:
    answer = cloud.sqs.receive_message(QueueUrl=cloud.name(queue), WaitTimeSeconds=1)
    return [message["Body"] for message in answer.get("Messages", [])]


def test_objects_created(cloud: Cloud) -> None:
    bucket = cloud.name("photos")
    for key in ("out/a.png", "in/a.txt"):
        cloud.s3.put_object(Bucket=bucket, Key=key, Body=b"photo")
    put = cloud.s3.put_object(Bucket=bucket, Key="in/a b.png", Body=b"photo")
    cloud.s3.copy_object(Bucket=bucket, Key="in/copy.png", CopySource={"Bucket": bucket, "Key": "out/a.png"})
    cloud.wait_for(lambda: len(records(cloud, "created")) > 1)
    assert keys(cloud, "created") == {"in/a+b.png", "in/copy.png"}
    found = {record["eventName"]: record for record in records(cloud, "created")}
    assert set(found) == {"ObjectCreated:Put", "ObjectCreated:Copy"}
    record = found["ObjectCreated:Put"]
    assert (record["eventSource"], record["awsRegion"]) == ("aws:s3", cloud.s3.meta.region_name)
    assert record["s3"]["bucket"]["name"] == bucket
    assert record["s3"]["bucket"]["arn"] == f"arn:aws:s3:::{bucket}"
    described = record["s3"]["object"]
    assert (described["size"], described["eTag"]) == (5, put["ETag"].strip('"'))
    assert described["versionId"] == put["VersionId"]


def test_objects_removed(cloud: Cloud) -> None:
    bucket = cloud.name("photos")
    for key in ("out/gone.txt", "in/gone.txt"):
        cloud.s3.put_object(Bucket=bucket, Key=key, Body=b"text")
        cloud.s3.delete_object(Bucket=bucket, Key=key)
    cloud.wait_for(lambda: records(cloud, "removed"))
    assert keys(cloud, "removed") == {"in/gone.txt"}
    assert [record["eventName"] for record in records(cloud, "removed")] == ["ObjectRemoved:DeleteMarkerCreated"]


def test_a_queue_in_batches_whose_failures_come_again_alone(cloud: Cloud) -> None:
    sent = ["good", "bad", "fine", "well", "nice"]
    entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(sent)]
    cloud.sqs.send_message_batch(QueueUrl=cloud.name("jobs"), Entries=entries)
    assert cloud.wait_for(lambda: received(cloud, "jobs-dead-letters")) == ["bad"]
    batches = [[record["body"] for record in event["Records"]] for event in events(cloud, "work")]
    assert 1 < max(map(len, batches)) <= 3
    assert sorted(bodies(cloud, "work")) == sorted([*sent, "bad"])
    assert waiting(cloud, "jobs") == 0
    counts = [record["attributes"]["ApproximateReceiveCount"] for record in records(cloud, "work")]
    assert sorted(counts) == ["1"] * 5 + ["2"]


def test_a_queue_with_filters(cloud: Cloud) -> None:
    attribute = {"StringValue": "blue", "DataType": "String"}
    for body in ('{"kind": "text"}', "no JSON", '{"kind": "text", "size": 1}', '{"kind": "photo"}'):
        cloud.sqs.send_message(QueueUrl=cloud.name("sieve"), MessageBody=body, MessageAttributes={"colour": attribute})
    cloud.wait_for(lambda: len(records(cloud, "sieved")) > 1)
    assert set(bodies(cloud, "sieved")) == {'{"kind": "text", "size": 1}', '{"kind": "photo"}'}
    cloud.wait_for(lambda: waiting(cloud, "sieve") == 0)
    record = records(cloud, "sieved")[0]
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"].split(":")[2] == "sqs"
    assert record["messageAttributes"]["colour"].items() >= {"stringValue": "blue", "dataType": "String"}.items()
    assert record["attributes"].keys() >= {
        "ApproximateFirstReceiveTimestamp",
        "ApproximateReceiveCount",
        "SenderId",
        "SentTimestamp",
    }
    assert record.keys() >= {"messageId", "receiptHandle", "body", "md5OfBody", "awsRegion"}


def test_a_fifo_queue_keeps_order(cloud: Cloud) -> None:
    for body in ("0", "1", "2", "2", "3", "4"):
        cloud.sqs.send_message(QueueUrl=cloud.name("ordered"), MessageBody=body, MessageGroupId="one")
    cloud.wait_for(lambda: "4" in bodies(cloud, "in_order"))
    assert bodies(cloud, "in_order") == ["0", "1", "2", "3", "4"]
    attributes = [record["attributes"] for record in records(cloud, "in_order")]
    assert {each["MessageGroupId"] for each in attributes} == {"one"}
    assert len({each["MessageDeduplicationId"] for each in attributes}) == 5
    numbers = [int(each["SequenceNumber"]) for each in attributes]
    assert numbers == sorted(set(numbers))


def test_a_topic_and_its_filters(cloud: Cloud) -> None:
    topic = cloud.name("news")
    kinds = {kind: {"kind": {"DataType": "String", "StringValue": kind}} for kind in ("photo", "text")}
    cloud.sns.publish(TopicArn=topic, Message="ignored", MessageAttributes=kinds["text"])
    cloud.sns.publish(TopicArn=topic, Message='{"size": 10}')
    cloud.sns.publish(TopicArn=topic, Message='{"size": 11}')
    told = cloud.sns.publish(TopicArn=topic, Message="seen", Subject="News", MessageAttributes=kinds["photo"])
    cloud.wait_for(lambda: len(records(cloud, "heard")) == 4)
    [record] = cloud.wait_for(lambda: records(cloud, "by_attribute"))
    [by_body] = cloud.wait_for(lambda: records(cloud, "by_body"))
    assert by_body["Sns"]["Message"] == '{"size": 11}'
    assert (record["EventSource"], record["EventVersion"]) == ("aws:sns", "1.0")
    assert record["EventSubscriptionArn"].startswith(f"{topic}:")
    message = record["Sns"]
    assert (message["Type"], message["TopicArn"], message["MessageId"]) == ("Notification", topic, told["MessageId"])
    assert (message["Subject"], message["Message"]) == ("News", "seen")
    assert message["MessageAttributes"] == {"kind": {"Type": "String", "Value": "photo"}}
    assert "Timestamp" in message


def test_the_default_bus(cloud: Cloud) -> None:
    entries = [
        {"Source": "bank", "DetailType": "Order", "Detail": "{}"},
        {"Source": "shop", "DetailType": "Return", "Detail": "{}"},
        {"Source": "shop", "DetailType": "Order", "Detail": '{"total": 7}', "Resources": ["order/7"]},
    ]
    put = cloud.events.put_events(Entries=entries)["Entries"]
    [event] = cloud.wait_for(lambda: events(cloud, "on_default_bus"))
    assert (event["version"], event["id"]) == ("0", put[2]["EventId"])
    assert (event["source"], event["detail-type"], event["detail"]) == ("shop", "Order", {"total": 7})
    assert (event["region"], event["resources"]) == (cloud.s3.meta.region_name, ["order/7"])
    assert event.keys() >= {"account", "time"}


def test_a_bus_of_the_services_own(cloud: Cloud) -> None:
    mine = {"Source": "shop", "DetailType": "Order", "EventBusName": cloud.name("orders")}
    entries = [{**mine, "Detail": json.dumps({"state": state})} for state in ("old", "new")]
    cloud.events.put_events(Entries=[{**entries[1], "EventBusName": "default", "DetailType": "Other"}, *entries])
    [event] = cloud.wait_for(lambda: events(cloud, "on_own_bus"))
    assert event["detail"] == {"state": "new"}


def test_the_clock(cloud: Cloud) -> None:
    [event] = cloud.wait_for(lambda: events(cloud, "at"))
    assert (event["source"], event["detail-type"]) == ("aws.scheduler", "Scheduled Event")
    assert event.keys() >= {"version", "id", "account", "time", "region", "resources", "detail"}
    [payload] = cloud.wait_for(lambda: events(cloud, "at_with_payload"))
    assert payload == {"bucket": cloud.name("photos")}


def test_an_event_that_fails_is_told(cloud: Cloud) -> None:
    function = cloud.name("fails_once")
    answer = cloud.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=b'{"number": 1}')
    assert answer["StatusCode"] == 202
    [body] = cloud.wait_for(lambda: received(cloud, "failed"))
    told = json.loads(body)
    assert told["requestPayload"] == {"number": 1}
    assert told["requestContext"]["condition"] == "RetriesExhausted"
    assert told["requestContext"]["functionArn"].split(":")[6] == function
    assert told["responseContext"]["functionError"] == "Unhandled"
    assert told["responsePayload"].items() >= {"errorMessage": "as told", "errorType": "ValueError"}.items()
    assert events(cloud, "fails_once") == [{"number": 1}]


def test_an_event_that_fails_is_tried_again(cloud: Cloud) -> None:
    cloud.s3.put_object(Bucket=cloud.name("photos"), Key="twice/a.png", Body=b"photo")
    cloud.wait_for(lambda: len(events(cloud, "fails_twice")) == 2)
    first, second = events(cloud, "fails_twice")
    assert first == second


def test_a_function_calls_another(cloud: Cloud) -> None:
    assert cloud.invoke("ask", {"question": 41}) == {"answer": 42}


def test_a_log_level(cloud: Cloud) -> None:
    cloud.invoke("log")
    kept = [json.loads(line) for line in cloud.logs("log") if line.startswith("{")]
    assert [record["message"] for record in kept if "message" in record] == ["a warning"]

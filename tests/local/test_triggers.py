"""The emulator's own triggers reach functions on the host."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import boto3
    from mypy_boto3_lambda import LambdaClient

    from lakon.local.daemon import Running

RECORD = """
import json, os, pathlib, uuid
def handler(event, context):
    folder = pathlib.Path(os.environ["SEEN"])
    made = folder / f"{uuid.uuid4()}.partial"
    made.write_text(json.dumps(event))
    made.rename(made.with_suffix(".json"))
"""


def seen(folder: Path) -> list[dict[str, object]]:
    events = (json.loads(file.read_text()) for file in folder.glob("*.json"))
    return [record for event in events for record in event["Records"]]


def test_queue(
    aws: Running,
    session: boto3.Session,
    lambda_client: LambdaClient,
    deploy: Callable[..., str],
    shared_path: Path,
    wait_for: Callable[..., None],
) -> None:
    sqs = session.resource("sqs", endpoint_url=aws.endpoint_url)
    queue = sqs.create_queue(QueueName=f"queue-{uuid4().hex}")
    queue.reload()
    name = deploy(RECORD, Environment={"Variables": {"SEEN": str(shared_path)}})
    mapping = lambda_client.create_event_source_mapping(
        FunctionName=name, EventSourceArn=queue.attributes["QueueArn"], BatchSize=10
    )
    for number in range(3):
        queue.send_message(MessageBody=str(number))
    wait_for(lambda: {record["body"] for record in seen(shared_path)} == {"0", "1", "2"})
    lambda_client.delete_event_source_mapping(UUID=mapping["UUID"])
    queue.delete()


def test_bucket_notification(
    aws: Running,
    session: boto3.Session,
    deploy: Callable[..., str],
    lambda_client: LambdaClient,
    shared_path: Path,
    wait_for: Callable[..., None],
) -> None:
    s3 = session.client("s3", endpoint_url=aws.endpoint_url)
    bucket = f"bucket-{uuid4().hex}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    name = deploy(RECORD, Environment={"Variables": {"SEEN": str(shared_path)}})
    arn = lambda_client.get_function_configuration(FunctionName=name)["FunctionArn"]
    lambda_client.add_permission(
        FunctionName=name, StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com"
    )
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]
        },
    )
    s3.put_object(Bucket=bucket, Key="in/cat.png", Body=b"meow")
    wait_for(lambda: seen(shared_path))
    [record] = seen(shared_path)
    assert record["s3"]["object"]["key"] == "in/cat.png"  # type: ignore[index]  # an event's JSON

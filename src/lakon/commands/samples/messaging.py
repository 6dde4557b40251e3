"""Events of what carries messages: SQS, SNS, EventBridge and its Scheduler, Kinesis, CloudWatch Logs."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from typing import TYPE_CHECKING

from lakon.commands.samples.scene import identity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakon.commands.samples.scene import Json, Scene


def sqs(scene: Scene, *, queue: str, body: str) -> Json:
    """One message from the queue with the ARN `queue`. See "Using Lambda with Amazon SQS"."""
    attributes: Json = {
        "ApproximateReceiveCount": "1",
        "SentTimestamp": str(scene.epoch_ms),
        "SenderId": "AIDAEXAMPLE",
        "ApproximateFirstReceiveTimestamp": str(scene.epoch_ms + 1),
    }
    if queue.endswith(".fifo"):
        attributes |= {
            "SequenceNumber": "18849496460467696128",
            "MessageGroupId": "example",
            "MessageDeduplicationId": hashlib.sha256(body.encode()).hexdigest(),
        }
    record: Json = {
        "messageId": identity(),
        "receiptHandle": base64.b64encode(identity().encode()).decode(),
        "body": body,
        "attributes": attributes,
        "messageAttributes": {},
        "md5OfBody": hashlib.md5(body.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue,
        "awsRegion": scene.region,
    }
    return {"Records": [record]}


def sns(scene: Scene, *, topic: str, message: str, attributes: Mapping[str, object]) -> Json:
    """One message of the topic with the ARN `topic`. See "Invoking Lambda functions with Amazon SNS notifications"."""
    notification: Json = {
        "Type": "Notification",
        "MessageId": identity(),
        "TopicArn": topic,
        "Subject": None,
        "Message": message,
        "Timestamp": scene.time,
        "SignatureVersion": "1",
        "Signature": "EXAMPLE",
        "SigningCertUrl": f"https://sns.{scene.region}.amazonaws.com/SimpleNotificationService-example.pem",
        "UnsubscribeUrl": f"https://sns.{scene.region}.amazonaws.com/?Action=Unsubscribe",
        "MessageAttributes": {name: _attribute(value) for name, value in attributes.items()},
    }
    record: Json = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": f"{topic}:{identity()}",
        "Sns": notification,
    }
    return {"Records": [record]}


def _attribute(value: object) -> Json:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return {"Type": "Number", "Value": str(value)}
    return {"Type": "String", "Value": str(value)}


def eventbridge(scene: Scene, *, said: Mapping[str, object]) -> Json:
    """One event of a bus, with what is `said` in place of the usual. See "EventBridge events"."""
    return {
        "version": "0",
        "id": identity(),
        "detail-type": "Example",
        "source": "example",
        "account": scene.account,
        "time": scene.seconds,
        "region": scene.region,
        "resources": [],
        "detail": {},
        **said,
    }


def schedule(scene: Scene, *, name: str) -> Json:
    """What EventBridge Scheduler hands over when a schedule has no payload of its own."""
    return {
        "version": "0",
        "id": identity(),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": scene.account,
        "time": scene.seconds,
        "region": scene.region,
        "resources": [scene.arn("scheduler", f"schedule/default/{name}")],
        "detail": "{}",
    }


def kinesis(scene: Scene, *, stream: str) -> Json:
    """One record of a data stream; `data` is base64. See "Using Lambda with Kinesis Data Streams"."""
    shard = "shardId-000000000000:49590338271490256608559692538361571095921575989136588898"
    record: Json = {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "example",
            "sequenceNumber": shard.partition(":")[2],
            "data": base64.b64encode(b"an example").decode(),
            "approximateArrivalTimestamp": scene.epoch_ms / 1000,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": shard,
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": f"arn:{scene.partition}:iam::{scene.account}:role/example",
        "awsRegion": scene.region,
        "eventSourceARN": scene.arn("kinesis", f"stream/{stream}"),
    }
    return {"Records": [record]}


def cloudwatch_logs(scene: Scene, *, group: str) -> Json:
    """Log lines that a subscription filter let through: base64 of gzip. See "Using Lambda with CloudWatch Logs"."""
    data: Json = {
        "messageType": "DATA_MESSAGE",
        "owner": scene.account,
        "logGroup": group,
        "logStream": "example",
        "subscriptionFilters": ["example"],
        "logEvents": [
            {"id": str(scene.epoch_ms).zfill(56), "timestamp": scene.epoch_ms, "message": "[ERROR] an example"}
        ],
    }
    packed = gzip.compress(json.dumps(data).encode(), mtime=0)
    return {"awslogs": {"data": base64.b64encode(packed).decode()}}

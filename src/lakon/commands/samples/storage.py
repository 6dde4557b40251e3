"""Events of what keeps data: S3 and DynamoDB."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from lakon.commands.samples.scene import identity

if TYPE_CHECKING:
    from lakon.commands.samples.scene import Json, Scene


def s3(scene: Scene, name: str, *, bucket: str, key: str) -> Json:
    """One S3 event notification of the type `name` ("ObjectCreated:Put"). See "Event message structure"."""
    s3_object: Json = {"key": quote_plus(key, safe="/"), "sequencer": secrets.token_hex(9).upper()}
    if name.startswith("ObjectCreated:"):
        s3_object |= {"size": 1024, "eTag": hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()}
    if name == "ObjectRemoved:DeleteMarkerCreated":
        s3_object |= {"versionId": secrets.token_urlsafe(24)}
    record: Json = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": scene.region,
        "eventTime": scene.time,
        "eventName": name,
        "userIdentity": {"principalId": "AWS:AIDAEXAMPLE"},
        "requestParameters": {"sourceIPAddress": "192.0.2.1"},
        "responseElements": {
            "x-amz-request-id": secrets.token_hex(8).upper(),
            "x-amz-id-2": secrets.token_urlsafe(48),
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": identity(),
            "bucket": {
                "name": bucket,
                "ownerIdentity": {"principalId": "A1EXAMPLE"},
                "arn": f"arn:{scene.partition}:s3:::{bucket}",
            },
            "object": s3_object,
        },
    }
    return {"Records": [record]}


def dynamodb(scene: Scene, *, table: str) -> Json:
    """One item that was put into a table, from its stream. See "Using AWS Lambda with Amazon DynamoDB"."""
    record: Json = {
        "eventID": secrets.token_hex(16),
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": scene.region,
        "dynamodb": {
            "ApproximateCreationDateTime": scene.epoch_ms // 1000,
            "Keys": {"id": {"S": "example"}},
            "NewImage": {"id": {"S": "example"}, "amount": {"N": "42"}},
            "SequenceNumber": str(scene.epoch_ms),
            "SizeBytes": 30,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": scene.arn("dynamodb", f"table/{table}/stream/{scene.time.removesuffix('Z')}"),
    }
    return {"Records": [record]}

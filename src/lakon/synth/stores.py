"""Buckets, tables, parameters, secrets and log groups as CloudFormation resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakon.synth.values import place, substitution

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakon.model.resources import Bucket, LogGroup, Parameter, Secret, Table
    from lakon.synth.template import Properties, Template

ATTRIBUTE_TYPES = ("S", "N", "B")


def add_bucket(
    template: Template, bucket: Bucket, notifications: Sequence[Properties], permissions: Sequence[str]
) -> None:
    """The bucket and its policy. It is made after the permissions of the functions that it calls: S3 checks them."""
    properties: Properties = {
        "BucketName": substitution(place(bucket, "name")),
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
    }
    if bucket.versioned:
        properties["VersioningConfiguration"] = {"Status": "Enabled"}
    if bucket.expire_days:
        properties["LifecycleConfiguration"] = {"Rules": [_expiry(bucket, bucket.expire_days)]}
    if notifications:
        properties["NotificationConfiguration"] = {"LambdaConfigurations": list(notifications)}
    template.add(
        bucket.logical_id, "AWS::S3::Bucket", properties, bucket.origin, keep=bucket.keep, depends_on=permissions
    )
    arn = place(bucket, "arn")
    policy: Properties = {
        "Bucket": {"Ref": bucket.logical_id},
        "PolicyDocument": tls_only("s3:*", [substitution(arn), substitution(f"{arn}/*")]),
    }
    template.add(f"{bucket.logical_id}Policy", "AWS::S3::BucketPolicy", policy, bucket.origin, keep=bucket.keep or None)


def _expiry(bucket: Bucket, days: int) -> Properties:
    rule: Properties = {"Id": "Expire", "Status": "Enabled", "ExpirationInDays": days}
    if bucket.versioned:
        rule["NoncurrentVersionExpiration"] = {"NoncurrentDays": days}
    rule["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": 7}
    return rule


def tls_only(actions: str, resources: Sequence[object]) -> Properties:
    """A resource policy that refuses whoever does not come over TLS."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "TlsOnly",
                "Effect": "Deny",
                "Principal": "*",
                "Action": actions,
                "Resource": resources[0] if len(resources) == 1 else list(resources),
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }


def add_table(template: Template, table: Table) -> None:
    """The table with its keys and indexes."""
    keys = [table.key, table.sort]
    indexes = {name: [key, None] if isinstance(key, str) else list(key) for name, key in table.indexes.items()}
    attributes = dict(
        attribute(named) for named in [*keys, *[key for pair in indexes.values() for key in pair]] if named is not None
    )
    properties: Properties = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in sorted(attributes.items())
        ],
        "KeySchema": _key_schema(keys),
    }
    if indexes:
        properties["GlobalSecondaryIndexes"] = [
            {"IndexName": name, "KeySchema": _key_schema(pair), "Projection": {"ProjectionType": "ALL"}}
            for name, pair in sorted(indexes.items())
        ]
    if table.ttl:
        properties["TimeToLiveSpecification"] = {"AttributeName": table.ttl, "Enabled": True}
    if table.recovery:
        properties["PointInTimeRecoverySpecification"] = {"PointInTimeRecoveryEnabled": True}
    if table.keep:
        properties["DeletionProtectionEnabled"] = True
    template.add(table.logical_id, "AWS::DynamoDB::Table", properties, table.origin, keep=table.keep)


def attribute(named: str) -> tuple[str, str]:
    """`"created:N"` is the attribute `created` of type N; without a mark the type is S."""
    name, _, mark = named.partition(":")
    return name, mark or "S"


def _key_schema(keys: Sequence[str | None]) -> list[Properties]:
    named = [attribute(key)[0] for key in keys if key is not None]
    return [{"AttributeName": name, "KeyType": role} for name, role in zip(named, ("HASH", "RANGE"), strict=False)]


def add_parameter(template: Template, parameter: Parameter, text: object) -> None:
    """The parameter with its text."""
    properties: Properties = {"Type": "String", "Value": text}
    if parameter.description:
        properties["Description"] = parameter.description
    template.add(parameter.logical_id, "AWS::SSM::Parameter", properties, parameter.origin)


def add_secret(template: Template, secret: Secret, fields: object) -> None:
    """The secret, whose value AWS makes."""
    generate: Properties = {"PasswordLength": secret.length}
    if secret.key:
        generate["GenerateStringKey"] = secret.key
        generate["SecretStringTemplate"] = fields
        generate["ExcludeCharacters"] = "\"'\\/@ "
    else:
        generate["ExcludePunctuation"] = True
    properties: Properties = {"GenerateSecretString": generate}
    if secret.description:
        properties["Description"] = secret.description
    template.add(secret.logical_id, "AWS::SecretsManager::Secret", properties, secret.origin, keep=secret.keep)


def add_log_group(template: Template, group: LogGroup) -> None:
    """The log group with its retention."""
    properties: Properties = {"RetentionInDays": group.retention_days}
    template.add(group.logical_id, "AWS::Logs::LogGroup", properties, group.origin, keep=group.keep)

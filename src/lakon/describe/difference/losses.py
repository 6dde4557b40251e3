"""What holds data, and would be lost."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lakon.describe.difference.schemas import is_known

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakon.describe.difference.resources import PropertyChange, ResourceChange, Resources

_HOLDS = {
    "AWS::AmazonMQ::Broker": "its messages",
    "AWS::Backup::BackupVault": "its backups",
    "AWS::CloudFormation::Stack": "whatever its resources hold",
    "AWS::Cognito::IdentityPool": "its identities",
    "AWS::Cognito::UserPool": "its users",
    "AWS::DocDB::DBCluster": "its data",
    "AWS::DynamoDB::GlobalTable": "its items",
    "AWS::DynamoDB::Table": "its items",
    "AWS::EC2::Volume": "its files",
    "AWS::ECR::Repository": "its images",
    "AWS::EFS::FileSystem": "its files",
    "AWS::ElastiCache::CacheCluster": "what it caches",
    "AWS::ElastiCache::ReplicationGroup": "what it caches",
    "AWS::ElastiCache::ServerlessCache": "what it caches",
    "AWS::Events::Archive": "its events",
    "AWS::FSx::FileSystem": "its files",
    "AWS::KMS::Key": "whatever it alone can decrypt",
    "AWS::Kinesis::Stream": "its records",
    "AWS::Logs::LogGroup": "its log",
    "AWS::MSK::Cluster": "its records",
    "AWS::MSK::ServerlessCluster": "its records",
    "AWS::MemoryDB::Cluster": "its data",
    "AWS::Neptune::DBCluster": "its data",
    "AWS::OpenSearchServerless::Collection": "its documents",
    "AWS::OpenSearchService::Domain": "its documents",
    "AWS::RDS::DBCluster": "its data",
    "AWS::RDS::DBInstance": "its data",
    "AWS::Redshift::Cluster": "its data",
    "AWS::RedshiftServerless::Namespace": "its data",
    "AWS::S3Tables::Table": "its data",
    "AWS::S3Tables::TableBucket": "its tables",
    "AWS::S3Vectors::Index": "its vectors",
    "AWS::S3Vectors::VectorBucket": "its vectors",
    "AWS::SQS::Queue": "its messages",
    "AWS::SSM::Parameter": "its value",
    "AWS::SecretsManager::Secret": "its value",
    "AWS::Serverless::SimpleTable": "its items",
    "AWS::Timestream::Database": "its data",
    "AWS::Timestream::Table": "its data",
}
_BUCKET = "AWS::S3::Bucket"
_SAFE = ("Retain", "RetainExceptOnCreate", "Snapshot")


_SHORTENED = {
    ("AWS::Logs::LogGroup", "RetentionInDays"): "older entries would be deleted",
    ("AWS::SQS::Queue", "MessageRetentionPeriod"): "older messages would be deleted",
    ("AWS::Kinesis::Stream", "RetentionPeriodHours"): "older records would be deleted",
    ("AWS::Events::Archive", "RetentionDays"): "older events would be deleted",
}
_EXPIRING = {
    (_BUCKET, "LifecycleConfiguration"): "objects would expire",
    ("AWS::DynamoDB::Table", "TimeToLiveSpecification"): "items would expire",
}


@dataclass(frozen=True, slots=True)
class Loss:
    """Data that a provision would lose, or leave to nobody: `what` says so, `certain` is False for what may happen.

    With the event "changed" the resource stays, and something that it holds goes, or is kept no longer.
    """

    logical_id: str
    resource_type: str
    event: Literal["removed", "replaced", "changed"]
    what: str
    certain: bool
    place: str | None = None


def losses(changes: Iterable[ResourceChange], old: Resources, new: Resources) -> tuple[Loss, ...]:
    """The data that would be lost by the changes; what is retained or kept in a snapshot is not."""
    return tuple(_losses(changes, old, new))


def _losses(changes: Iterable[ResourceChange], old: Resources, new: Resources) -> Iterator[Loss]:
    for change in changes:
        name = change.logical_id
        if name not in old:
            continue
        kind = str(old[name].get("Type"))
        what = _told(kind)
        if what is None:
            continue
        if change.action == "remove" and old[name].get("DeletionPolicy", _default(kind)) not in _SAFE:
            yield Loss(name, kind, "removed", what, certain=True)
        if change.replacement != "never":
            kept = all(side[name].get("UpdateReplacePolicy", _default(kind)) in _SAFE for side in (old, new))
            if not kept or kind in _HOLDS or kind == _BUCKET:
                aside = "the new one is empty, and the old one stays outside of the stack"
                yield Loss(
                    name, kind, "replaced", aside if kept else what, change.replacement == "always", change.place
                )
        yield from (
            Loss(name, kind, "changed", lost, certain=True, place=change.place)
            for lost in _lost_within(change.properties, kind)
        )


def _lost_within(properties: Iterable[PropertyChange], kind: str) -> Iterator[str]:
    """What a resource that stays would lose, by what its properties say of how long it keeps what it holds."""
    expiring = []
    for each in properties:
        if (lost := _SHORTENED.get((kind, each.path))) and _is_shorter(each.old, each.new):
            yield f"{lost} ({each.path} is {each.new})"
        if (lost := _EXPIRING.get((kind, each.path.partition(".")[0]))) and _expires(each):
            expiring.append(lost)
        if each.path == "DeletionPolicy" and each.old in _SAFE and each.new not in _SAFE:
            yield "it would no longer be kept when it is removed"
    yield from dict.fromkeys(expiring)


def _expires(change: PropertyChange) -> bool:
    """Whether a rule of a bucket, or the time to live of a table, is what deletes things, and is not taken away."""
    return change.new not in (None, False) and re.search("Expir|TimeToLive", change.path) is not None


def _is_shorter(old: object, new: object) -> bool:
    """Whether a time of keeping is cut; None is for ever, or the service's own."""
    if new is None:
        return False
    try:
        return old is None or float(str(new)) < float(str(old))
    except ValueError:  # an intrinsic function: nobody knows
        return True


def _default(kind: str) -> str:
    """What CloudFormation does where the template does not say."""
    return "Snapshot" if kind == "AWS::RDS::DBCluster" else "Delete"


def _told(kind: str) -> str | None:
    """What becomes of what a resource of the type holds; None for types that hold nothing."""
    if kind == _BUCKET:
        return "CloudFormation deletes it when it is empty, and else leaves it behind outside of the stack"
    if kind in _HOLDS:
        return f"{_HOLDS[kind]} would be lost"
    return None if is_known(kind) else "whatever it holds may be lost"

"""What holds data, and would be lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakon.describe.difference.resources import ResourceChange, Resources

_HOLDS = {
    "AWS::Cognito::UserPool": "its users",
    "AWS::DynamoDB::GlobalTable": "its items",
    "AWS::DynamoDB::Table": "its items",
    "AWS::ECR::Repository": "its images",
    "AWS::EFS::FileSystem": "its files",
    "AWS::ElastiCache::CacheCluster": "what it caches",
    "AWS::ElastiCache::ReplicationGroup": "what it caches",
    "AWS::ElastiCache::ServerlessCache": "what it caches",
    "AWS::Events::Archive": "its events",
    "AWS::KMS::Key": "whatever it alone can decrypt",
    "AWS::Kinesis::Stream": "its records",
    "AWS::Logs::LogGroup": "its log",
    "AWS::OpenSearchService::Domain": "its documents",
    "AWS::RDS::DBCluster": "its data",
    "AWS::RDS::DBInstance": "its data",
    "AWS::SQS::Queue": "its messages",
    "AWS::SSM::Parameter": "its value",
    "AWS::SecretsManager::Secret": "its value",
}
_BUCKET = "AWS::S3::Bucket"
_SAFE = ("Retain", "RetainExceptOnCreate", "Snapshot")


@dataclass(frozen=True, slots=True)
class Loss:
    """Data that a provision would lose, or leave to nobody: `what` says so, `certain` is False for what may happen."""

    logical_id: str
    resource_type: str
    event: Literal["removed", "replaced"]
    what: str
    certain: bool
    place: str | None = None


def losses(changes: Iterable[ResourceChange], old: Resources, new: Resources) -> tuple[Loss, ...]:
    """The data that would be lost by the changes; what is retained or kept in a snapshot is not."""
    return tuple(_losses(changes, old, new))


def _losses(changes: Iterable[ResourceChange], old: Resources, new: Resources) -> Iterator[Loss]:
    for change in changes:
        name, kind = change.logical_id, change.resource_type
        if kind not in _HOLDS and kind != _BUCKET:
            continue
        if change.action == "remove" and old[name].get("DeletionPolicy", _default(kind)) not in _SAFE:
            yield Loss(name, kind, "removed", _told(kind), certain=True)
        if change.replacement != "never":
            kept = all(side[name].get("UpdateReplacePolicy", _default(kind)) in _SAFE for side in (old, new))
            what = "the new one is empty, and the old one stays outside of the stack" if kept else _told(kind)
            if not kept or change.replacement == "always":
                yield Loss(name, kind, "replaced", what, change.replacement == "always", change.place)


def _default(kind: str) -> str:
    """What CloudFormation does where the template does not say."""
    return "Snapshot" if kind == "AWS::RDS::DBCluster" else "Delete"


def _told(kind: str) -> str:
    if kind == _BUCKET:
        return "CloudFormation deletes it when it is empty, and else leaves it behind outside of the stack"
    return f"{_HOLDS[kind]} would be lost"

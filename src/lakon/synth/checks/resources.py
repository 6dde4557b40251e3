"""Checks of resources: names and AWS's ranges."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, assert_never

from lakon.model.resources import (
    Bucket,
    Bus,
    CloudFormationResource,
    LogGroup,
    Parameter,
    Queue,
    Secret,
    Table,
    Topic,
)
from lakon.synth.checks.service import check_retention
from lakon.synth.stores import ATTRIBUTE_TYPES, attribute

if TYPE_CHECKING:
    from lakon.model.service import Service
    from lakon.synth.checks.mistakes import Mistakes

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
BUCKET_NAME = re.compile(r"[a-z][a-z0-9_-]*")
LOGICAL_ID = re.compile(r"[A-Za-z0-9]{1,255}")
RESOURCE_TYPE = re.compile(r"(AWS|Alexa|Custom|[A-Za-z0-9]+)::[A-Za-z0-9_@:-]+")
STACK_SUFFIX_LENGTH = 13
MAX_BUCKET_NAME = 63


def check_resources(service: Service, stage: str, mistakes: Mistakes) -> None:
    """Every resource that the service declares."""
    for resource in service.resources:
        if not isinstance(resource, CloudFormationResource):
            mistakes.unless(
                bool(NAME.fullmatch(resource.id)),
                resource.origin,
                f"a {resource.kind} is named {resource.id!r}",
                "a name is made of letters, digits, hyphens and underscores, begins with a letter, and has at most 40",
            )
        match resource:
            case Bucket():
                _check_bucket(resource, f"{service.name}-{stage}-{resource.id}", mistakes)
            case Table():
                _check_table(resource, mistakes)
            case Queue():
                _check_queue(service, resource, mistakes)
            case LogGroup():
                check_retention(resource.retention_days, resource.origin, mistakes)
            case Parameter():
                mistakes.unless(
                    isinstance(resource.text, str) and 0 < len(resource.text) <= 4096,
                    resource.origin,
                    f"the parameter {resource.id!r} has the text {resource.text!r:.60}",
                    "Parameter Store keeps 1 to 4,096 characters",
                )
            case Secret():
                _check_secret(resource, mistakes)
            case CloudFormationResource():
                _check_raw(resource, mistakes)
            case Topic() | Bus():
                pass
            case _:
                assert_never(resource)


def _check_bucket(bucket: Bucket, physical: str, mistakes: Mistakes) -> None:
    mistakes.unless(
        bool(BUCKET_NAME.fullmatch(bucket.id)) and not bucket.id.endswith(("-", "_")),
        bucket.origin,
        f"a bucket is named {bucket.id!r}",
        "S3 takes lower-case letters, digits and hyphens; the name begins with a letter and does not end in a hyphen",
    )
    mistakes.unless(
        len(physical) + STACK_SUFFIX_LENGTH <= MAX_BUCKET_NAME,
        bucket.origin,
        f"the bucket would be named {physical}-..., which has {len(physical) + STACK_SUFFIX_LENGTH} characters",
        f"S3 takes at most {MAX_BUCKET_NAME}: shorten the name of the service, the stage or the bucket",
    )
    if bucket.expire_days is not None:
        mistakes.within(bucket.origin, f"expire_days of {bucket.id!r}", bucket.expire_days, 1, 36_500)


def _check_table(table: Table, mistakes: Mistakes) -> None:
    keys = [table.key, table.sort]
    for name, pair in table.indexes.items():
        keys += [pair] if isinstance(pair, str) else list(pair)
        mistakes.unless(
            isinstance(pair, str) or len(pair) == 2,
            table.origin,
            f"the index {name!r} of the table {table.id!r} has the key {pair!r}",
            'an index has a key, or a key and a sort key: indexes={"by-owner": ("owner", "created:N")}',
        )
    types: dict[str, str] = {}
    for key in keys:
        if key is None:
            continue
        name, marked = attribute(key)
        mistakes.unless(
            bool(name) and marked in ATTRIBUTE_TYPES,
            table.origin,
            f"the table {table.id!r} has the key {key!r}",
            'a key is an attribute\'s name, with :N for numbers and :B for binary: "created:N"',
        )
        mistakes.unless(
            types.setdefault(name, marked) == marked,
            table.origin,
            f"the attribute {name!r} of the table {table.id!r} has two types, {types[name]} and {marked}",
            "mark it the same way in every key",
        )


def _check_queue(service: Service, queue: Queue, mistakes: Mistakes) -> None:
    origin = queue.origin
    mistakes.within(origin, f"retention_days of {queue.id!r}", queue.retention_days, 1, 14)
    mistakes.within(origin, f"delay of {queue.id!r} in seconds", queue.delay, 0, 900)
    mistakes.within(origin, f"max_receives of {queue.id!r}", queue.max_receives, 1, 1000)
    if queue.visibility is not None:
        mistakes.within(origin, f"visibility of {queue.id!r} in seconds", queue.visibility, 0, 43_200)
    failed = queue.dead_letters
    if failed is None:
        return
    mistakes.unless(
        not failed.owned or failed in service.resources,
        origin,
        f"the dead letters of {queue.id!r} go to a queue of another service",
        "use a queue of this service, or lakon.Queue.existing(...)",
    )
    mistakes.unless(
        failed.fifo == queue.fifo,
        origin,
        f"the queue {queue.id!r} and its dead letter queue are not both FIFO",
        "SQS wants both of one kind",
    )


def _check_secret(secret: Secret, mistakes: Mistakes) -> None:
    mistakes.within(secret.origin, f"length of {secret.id!r}", secret.length, 1, 4096)
    mistakes.unless(
        secret.template is None or secret.key is not None,
        secret.origin,
        f"the secret {secret.id!r} has a template but no key",
        'say under which key the random text goes: key="password"',
    )


def _check_raw(resource: CloudFormationResource, mistakes: Mistakes) -> None:
    mistakes.unless(
        bool(LOGICAL_ID.fullmatch(resource.id)),
        resource.origin,
        f"a resource has the logical id {resource.id!r}",
        "CloudFormation takes letters and digits",
    )
    mistakes.unless(
        bool(RESOURCE_TYPE.fullmatch(resource.type)),
        resource.origin,
        f"the resource {resource.id!r} has the type {resource.type!r}",
        'a type is written as in "AWS::ElastiCache::ServerlessCache"',
    )

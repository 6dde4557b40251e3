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
from lakon.synth.checks.mistakes import spelled
from lakon.synth.checks.service import check_retention
from lakon.synth.stores import ATTRIBUTE_TYPES, attribute

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakon.model.service import Service
    from lakon.synth.checks.mistakes import Mistakes

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
BUCKET_NAME = re.compile(r"[a-z][a-z0-9_-]*")
LOGICAL_ID = re.compile(r"[A-Za-z0-9]{1,255}")
RESOURCE_TYPE = re.compile(r"(AWS|Alexa|Custom|[A-Za-z0-9]+)::[A-Za-z0-9_@:-]+")
STACK_SUFFIX_LENGTH = 13
MAX_BUCKET_NAME = 63
INDEX_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")
MAX_INDEXES = 20
_INDEXES = 'indexes={"by-photo": "photo", "by-owner": ("owner", "created:N")}'


def check_resources(service: Service, stage: str, mistakes: Mistakes) -> None:
    """Every resource that the service declares."""
    for resource in service.resources:
        if not isinstance(resource, CloudFormationResource):
            mistakes.unless(
                spelled(NAME, resource.id),
                resource.origin,
                f"a {resource.kind} is named {resource.id!r}",
                "a name is made of letters, digits, hyphens and underscores, begins with a letter, and has at most 40",
            )
        mistakes.flags(resource.origin, resource.id, keep=resource.keep)
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
                _check_parameter(resource, mistakes)
            case Secret():
                _check_secret(resource, mistakes)
            case CloudFormationResource():
                _check_raw(service, resource, mistakes)
            case Topic():
                mistakes.text(resource.origin, f"display_name of {resource.id!r}", resource.display_name, 100)
                mistakes.flags(resource.origin, resource.id, fifo=resource.fifo)
            case Bus():
                mistakes.text(resource.origin, f"the description of {resource.id!r}", resource.description, 512)
            case _:
                assert_never(resource)


def _check_bucket(bucket: Bucket, physical: str, mistakes: Mistakes) -> None:
    mistakes.unless(
        spelled(BUCKET_NAME, bucket.id) and not bucket.id.endswith(("-", "_")),
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
    mistakes.flags(bucket.origin, bucket.id, versioned=bucket.versioned)


def _check_table(table: Table, mistakes: Mistakes) -> None:
    origin = table.origin
    mistakes.flags(origin, table.id, recovery=table.recovery)
    if table.ttl is not None:
        _check_key(table, table.ttl, mistakes)
    types: dict[str, str] = {}
    _check_keys(table, [table.key] if table.sort is None else [table.key, table.sort], types, mistakes)
    if not mistakes.mapping(origin, f"indexes of {table.id!r}", table.indexes, _INDEXES):
        return
    hint = f"DynamoDB takes {MAX_INDEXES}, unless AWS raised your quota"
    mistakes.unless(
        len(table.indexes) <= MAX_INDEXES, origin, f"the table {table.id!r} has {len(table.indexes)} indexes", hint
    )
    for name, pair in table.indexes.items():
        mistakes.unless(
            spelled(INDEX_NAME, name),
            origin,
            f"the table {table.id!r} has an index named {name!r}",
            "DynamoDB takes 3 to 255 letters, digits, underscores, hyphens and dots",
        )
        keys = [pair] if isinstance(pair, str) else pair
        if isinstance(keys, (list, tuple)) and (keys is not pair or len(keys) == 2):
            _check_keys(table, keys, types, mistakes)
        else:
            what = f"the index {name!r} of the table {table.id!r} has the key {pair!r:.60}"
            mistakes.add(origin, what, f"an index has a key, or a key and a sort key: {_INDEXES}")


def _check_keys(table: Table, keys: Sequence[object], types: dict[str, str], mistakes: Mistakes) -> None:
    """A key, or a key and a sort key; `types` remembers the types of attributes that came before."""
    attributes = [_check_key(table, key, mistakes) for key in keys]
    names = [name for name, _ in attributes]
    mistakes.unless(
        len(set(names)) == len(names),
        table.origin,
        f"the table {table.id!r} has {names[0]!r} both as key and as sort key",
        "a sort key is another attribute",
    )
    for name, mark in dict(attributes).items():
        mistakes.unless(
            types.setdefault(name, mark) == mark,
            table.origin,
            f"the attribute {name!r} of the table {table.id!r} has two types, {types[name]} and {mark}",
            "mark it the same way in every key",
        )


def _check_key(table: Table, key: object, mistakes: Mistakes) -> tuple[str, str]:
    """The attribute's name and its mark."""
    name, mark = attribute(str(key))
    mistakes.unless(
        isinstance(key, str) and bool(name) and mark in ATTRIBUTE_TYPES,
        table.origin,
        f"the table {table.id!r} has the key {key!r:.60}",
        'a key is an attribute\'s name, with :N for numbers and :B for binary: "created:N"',
    )
    return name, mark


def _check_queue(service: Service, queue: Queue, mistakes: Mistakes) -> None:
    origin = queue.origin
    mistakes.within(origin, f"retention_days of {queue.id!r}", queue.retention_days, 1, 14)
    mistakes.within(origin, f"delay of {queue.id!r} in seconds", queue.delay, 0, 900)
    mistakes.within(origin, f"max_receives of {queue.id!r}", queue.max_receives, 1, 1000)
    if queue.visibility is not None:
        mistakes.within(origin, f"visibility of {queue.id!r} in seconds", queue.visibility, 0, 43_200)
    mistakes.flags(origin, queue.id, fifo=queue.fifo)
    failed = queue.dead_letters
    if failed is None:
        return
    if not isinstance(failed, Queue):
        hint = "they go to a queue of this service, to lakon.Queue.existing(...), or nowhere: dead_letters=False"
        mistakes.add(origin, f"dead_letters of {queue.id!r} is {failed!r:.60}", hint)
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


def _check_parameter(parameter: Parameter, mistakes: Mistakes) -> None:
    mistakes.unless(
        isinstance(parameter.text, str) and 0 < len(parameter.text) <= 4096,
        parameter.origin,
        f"the parameter {parameter.id!r} has the text {parameter.text!r:.60}",
        "Parameter Store keeps 1 to 4,096 characters",
    )
    mistakes.text(parameter.origin, f"the description of {parameter.id!r}", parameter.description, 1024)


def _check_secret(secret: Secret, mistakes: Mistakes) -> None:
    mistakes.within(secret.origin, f"length of {secret.id!r}", secret.length, 1, 4096)
    mistakes.text(secret.origin, f"the description of {secret.id!r}", secret.description, 2048)
    mistakes.unless(
        secret.key is None or (isinstance(secret.key, str) and bool(secret.key)),
        secret.origin,
        f"key of {secret.id!r} is {secret.key!r:.60}",
        'it is the name under which the random text goes: key="password"',
    )
    if secret.template is not None:
        like = 'template={"username": "app"}'
        mistakes.mapping(secret.origin, f"the template of {secret.id!r}", secret.template, like)
    mistakes.unless(
        secret.template is None or secret.key is not None,
        secret.origin,
        f"the secret {secret.id!r} has a template but no key",
        'say under which key the random text goes: key="password"',
    )


def _check_raw(service: Service, resource: CloudFormationResource, mistakes: Mistakes) -> None:
    origin, me = resource.origin, resource.id
    hint = "CloudFormation takes letters and digits"
    mistakes.unless(spelled(LOGICAL_ID, me), origin, f"a resource has the logical id {me!r}", hint)
    mistakes.unless(
        spelled(RESOURCE_TYPE, resource.type),
        origin,
        f"the resource {me!r} has the type {resource.type!r}",
        'a type is written as in "AWS::ElastiCache::ServerlessCache"',
    )
    mistakes.mapping(origin, f"properties of {me!r}", resource.properties, '{"Engine": "valkey"}')
    for other in resource.depends_on:
        mistakes.unless(
            other in service.resources,
            origin,
            f"the resource {me!r} depends on {other!r:.60}",
            "name handles of this service: depends_on=[photos]",
        )

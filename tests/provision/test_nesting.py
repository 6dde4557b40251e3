"""Templates of nested stacks lie where the archives do, whatever became of them meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lakon
from lakon.provision.changes import Wanted, template_argument
from lakon.provision.deployed import deployed
from lakon.provision.nesting import handed
from lakon.provision.stack import provision
from lakon.provision.status import status
from lakon.synth.splitting import TEMPLATES
from lakon.synth.synthesis import synthesize

if TYPE_CHECKING:
    from .conftest import World


def handler(event: object, context: object) -> None:
    """Any handler."""


def text(count: int) -> str:
    service = lakon.Service("big")
    alarms = [lakon.errors(threshold=number) for number in range(1, 6)]
    for number in range(count):
        service.function(name=f"f{number}", alarms=alarms)(handler)
    return synthesize(service, stage="dev", root="/").text


def test_templates_lie_beside_the_archives(world: World) -> None:
    s3, bucket, store = world.session.client("s3"), f"{world.name}-archives", f"{world.name}-long"
    for name in (bucket, store):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=bucket, Key="code.zip", Body=b"")
    parameters = {"ArtifactBucket": bucket, "PythonArchive": "code.zip"}

    done = provision(
        world.session, world.name, text(52), parameters, world.reporter, tags={}, origins={}, artifacts=store
    )

    assert done.action == "created"
    there = {each.logical_id for each in status(world.session, world.name).resources}
    assert len(there) == 52 * 8
    held = deployed(world.session, world.name)
    assert held
    keys = {each["Key"] for each in s3.list_objects_v2(Bucket=bucket, Prefix=TEMPLATES)["Contents"]}
    assert len(keys) == len(held.nested) > 10
    assert held.places.keys() == there

    for key in keys:  # somebody empties the bucket behind our back
        s3.delete_object(Bucket=bucket, Key=key)
    again = handed(Wanted(text(52), parameters, {}, store), held.places)
    template_argument(world.session, again)
    assert {each["Key"] for each in s3.list_objects_v2(Bucket=bucket, Prefix=TEMPLATES)["Contents"]} == keys

"""delete: empty what goes, keep what is to be kept, lose nothing when it cannot be done."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lakon.exceptions import ProvisionError
from lakon.provision.changes import Wanted
from lakon.provision.deletion import Deletion, delete
from lakon.provision.releases import record, seen
from lakon.provision.session import Session
from lakon.provision.status import find

from .conftest import World

if TYPE_CHECKING:
    from .conftest import Template

VERSIONED: Template = {
    "Type": "AWS::S3::Bucket",
    "Properties": {"VersioningConfiguration": {"Status": "Enabled"}},
}
TEMPLATE: Template = {
    "Resources": {"Photos": VERSIONED, "Jobs": {"Type": "AWS::SQS::Queue"}},
    "Outputs": {"Bucket": {"Value": {"Ref": "Photos"}}},
}


def fill(world: World, bucket: str) -> None:
    """Two versions of one object and a delete marker on top."""
    s3 = world.session.client("s3")
    s3.put_object(Bucket=bucket, Key="cat", Body=b"1")
    s3.put_object(Bucket=bucket, Key="cat", Body=b"2")
    s3.delete_object(Bucket=bucket, Key="cat")


def count(world: World, bucket: str) -> int:
    page = world.session.client("s3").list_object_versions(Bucket=bucket)
    return len(page.get("Versions", ())) + len(page.get("DeleteMarkers", ()))


def test_versions_and_delete_markers_go_with_the_bucket(world: World) -> None:
    bucket = world.provision(TEMPLATE).outputs["Bucket"]
    fill(world, bucket)

    deletion = delete(world.session, world.name, world.reporter)

    assert deletion == Deletion(world.name, existed=True, kept=(), emptied={bucket: 3})
    assert find(world.session, world.name) is None
    assert bucket not in [each.get("Name") for each in world.session.client("s3").list_buckets()["Buckets"]]


@pytest.mark.parametrize("policy", ["Retain", "RetainExceptOnCreate"])
def test_what_is_to_be_kept_is_kept_untouched(world: World, policy: str) -> None:
    template = {**TEMPLATE, "Resources": {"Photos": VERSIONED | {"DeletionPolicy": policy}}}
    bucket = world.provision(template).outputs["Bucket"]
    fill(world, bucket)

    deletion = delete(world.session, world.name, world.reporter)

    assert deletion == Deletion(world.name, existed=True, kept=(bucket,), emptied={})
    assert count(world, bucket) == 3
    assert f"kept: Photos (AWS::S3::Bucket) {bucket}" in world.reporter.notes


def test_missing_stack_is_a_success_that_says_so(world: World) -> None:
    assert delete(world.session, world.name, world.reporter) == Deletion(world.name, existed=False, kept=(), emptied={})
    assert world.reporter.notes == [f"there is no stack {world.name}: nothing to delete"]


def test_nothing_is_emptied_when_not_asked_for(world: World) -> None:
    world.provision(TEMPLATE)

    assert delete(world.session, world.name, world.reporter, empty=False).emptied == {}


def test_bucket_that_is_gone_already_does_not_matter(world: World) -> None:
    bucket = world.provision(TEMPLATE).outputs["Bucket"]
    world.session.client("s3").delete_bucket(Bucket=bucket)

    assert delete(world.session, world.name, world.reporter).existed


def test_protected_stack_loses_nothing(world: World) -> None:
    bucket = world.provision(TEMPLATE).outputs["Bucket"]
    fill(world, bucket)
    cloudformation = world.session.client("cloudformation")
    cloudformation.update_termination_protection(StackName=world.name, EnableTerminationProtection=True)

    with pytest.raises(ProvisionError, match="protected from termination") as raised:
        delete(world.session, world.name, world.reporter)

    assert raised.value.hint is not None
    assert "--no-enable-termination-protection" in raised.value.hint
    assert count(world, bucket) == 3
    cloudformation.update_termination_protection(StackName=world.name, EnableTerminationProtection=False)
    assert delete(world.session, world.name, world.reporter).emptied == {bucket: 3}


def test_stack_that_another_uses_loses_nothing(world: World) -> None:
    export = f"{world.name}-bucket"
    shared = {"Bucket": {"Value": {"Ref": "Photos"}, "Export": {"Name": export}}}
    bucket = world.provision({**TEMPLATE, "Outputs": shared}).outputs["Bucket"]
    fill(world, bucket)
    other = World(world.session)
    other.provision(
        {
            "Resources": {
                "Note": {
                    "Type": "AWS::SSM::Parameter",
                    "Properties": {"Name": other.name, "Type": "String", "Value": {"Fn::ImportValue": export}},
                }
            }
        }
    )

    with pytest.raises(ProvisionError, match=f"is used by {other.name}"):
        delete(world.session, world.name, world.reporter)

    assert count(world, bucket) == 3
    delete(other.session, other.name, other.reporter)
    assert delete(world.session, world.name, world.reporter).emptied == {bucket: 3}


def test_history_does_not_outlive_a_stack_that_others_deleted(world: World) -> None:
    session = Session(replace(world.target, bucket=world.name))
    s3 = session.client("s3")
    s3.create_bucket(Bucket=world.name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    record(session, world.name, world.name, Wanted('{"Resources": {}}', {}, {}, None), None)
    record(session, world.name, "another", Wanted('{"Resources": {}}', {}, {}, None), None)

    assert not delete(session, world.name, world.reporter).existed

    assert seen(session, world.name, world.name).releases == ()
    assert len(seen(session, world.name, "another").releases) == 1

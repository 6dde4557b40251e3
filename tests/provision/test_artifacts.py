"""The artifact bucket: made once, safe, checked; uploads only what it lacks."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lakon.exceptions import UsageError
from lakon.provision.artifacts import archive_key, artifact_bucket, upload
from lakon.provision.session import Session

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import World


def test_own_bucket_is_made_once_and_safe(world: World) -> None:
    session = Session(replace(world.target, region="eu-south-1"))
    bucket = artifact_bucket(session, None, world.reporter)

    assert bucket == "lakon-artifacts-000000000000-eu-south-1"
    s3 = session.client("s3")
    assert s3.get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled"
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0].get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm") == "AES256"
    (statement,) = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert "Expiration" not in rule, "archives that are in use must never expire"

    steps = list(world.reporter.steps)
    assert artifact_bucket(session, None, world.reporter) == bucket
    assert world.reporter.steps == steps


def test_bucket_that_was_left_unfinished_is_finished(world: World) -> None:
    session = Session(replace(world.target, region="eu-north-1"))
    s3 = session.client("s3")
    s3.create_bucket(
        Bucket="lakon-artifacts-000000000000-eu-north-1",
        CreateBucketConfiguration={"LocationConstraint": "eu-north-1"},
    )

    bucket = artifact_bucket(session, None, world.reporter)

    assert s3.get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled"


def test_two_terminals_may_make_it_at_once(world: World) -> None:
    made: list[str] = []

    def terminal() -> None:
        made.append(artifact_bucket(Session(replace(world.target, region="us-east-1")), None, world.reporter))

    threads = [threading.Thread(target=terminal) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == ["lakon-artifacts-000000000000-us-east-1"] * 3


def test_named_bucket_is_checked(world: World) -> None:
    s3 = world.session.client("s3")
    s3.create_bucket(Bucket=world.name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})

    assert artifact_bucket(world.session, world.name, world.reporter) == world.name
    with pytest.raises(UsageError, match="there is no bucket"):
        artifact_bucket(world.session, f"{world.name}-not", world.reporter)
    elsewhere = Session(replace(world.target, region="eu-west-3"))
    with pytest.raises(UsageError, match="lies in eu-west-1, and the stack in eu-west-3"):
        artifact_bucket(elsewhere, world.name, world.reporter)


def test_only_what_is_lacking_is_sent(world: World, tmp_path: Path) -> None:
    bucket = artifact_bucket(world.session, None, world.reporter)
    small, large = tmp_path / f"{world.name}-a.zip", tmp_path / f"{world.name}-b.zip"
    small.write_bytes(b"a" * 1000)
    large.write_bytes(b"b" * 9_000_000)  # beyond the size from which S3 is sent parts

    assert upload(world.session, bucket, [small, small], world.reporter) == 1000
    assert upload(world.session, bucket, [small, large], world.reporter) == 9_000_000
    assert world.reporter.details[-1] == "9.0 MB of 9.0 MB"
    assert upload(world.session, bucket, [small, large], world.reporter) == 0
    assert upload(world.session, bucket, [], world.reporter) == 0
    sent = world.session.client("s3").get_object(Bucket=bucket, Key=archive_key(large))["Body"].read()
    assert sent == large.read_bytes()


def test_what_lies_there_broken_is_sent_again(world: World, tmp_path: Path) -> None:
    bucket = artifact_bucket(world.session, None, world.reporter)
    archive = tmp_path / f"{world.name}.zip"
    archive.write_bytes(b"whole")
    world.session.client("s3").put_object(Bucket=bucket, Key=archive_key(archive), Body=b"wh")

    assert upload(world.session, bucket, [archive], world.reporter) == 5

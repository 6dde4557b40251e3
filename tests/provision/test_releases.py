"""What is kept of each build, and what a build is called."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from lakon.exceptions import ProvisionError
from lakon.provision.changes import Wanted
from lakon.provision.releases import build_id, forget, record, releases, wanted_of

if TYPE_CHECKING:
    from .conftest import World

TEMPLATE = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}


def bucket(world: World) -> str:
    world.session.client("s3").create_bucket(
        Bucket=world.name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    return world.name


def wanted(level: str, **more: str) -> Wanted:
    return Wanted(json.dumps(TEMPLATE), {"Level": level, **more}, {"team": "one"}, None)


def test_the_history_of_a_stack(world: World) -> None:
    store = bucket(world)
    assert releases(world.session, store, "shop") == ()
    for level in ("info", "debug", "info"):
        record(world.session, store, "shop", wanted(level))
    record(world.session, store, "shop-two", wanted("other"))
    found = releases(world.session, store, "shop")
    info, debug = build_id(TEMPLATE, {"Level": "info"}), build_id(TEMPLATE, {"Level": "debug"})
    assert [release.build for release in found] == [info, debug, info]
    assert found[0].provisioned >= found[1].provisioned >= found[2].provisioned
    back = wanted_of(world.session, store, found[1])
    assert (back.template, back.parameters, back.tags) == (json.dumps(TEMPLATE), {"Level": "debug"}, {"team": "one"})
    forget(world.session, store, "shop")
    assert releases(world.session, store, "shop") == ()
    assert len(releases(world.session, store, "shop-two")) == 1


def test_there_is_no_bucket(world: World) -> None:
    assert releases(world.session, world.name, "shop") == ()


def test_an_archive_is_gone(world: World) -> None:
    store = bucket(world)
    record(world.session, store, "shop", wanted("info", ArtifactBucket=store, PythonArchive="lakon/archives/a.zip"))
    [release] = releases(world.session, store, "shop")
    with pytest.raises(ProvisionError, match="is no longer in"):
        wanted_of(world.session, store, release)
    world.session.client("s3").put_object(Bucket=store, Key="lakon/archives/a.zip", Body=b"x")
    assert wanted_of(world.session, store, release).artifacts == store


def test_the_bucket_does_not_name_a_build() -> None:
    assert build_id(TEMPLATE, {"ArtifactBucket": "a"}) == build_id(TEMPLATE, {"ArtifactBucket": "b"})
    assert build_id(TEMPLATE, {"Level": "a"}) != build_id(TEMPLATE, {"Level": "b"})

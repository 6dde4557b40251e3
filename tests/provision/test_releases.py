"""What is kept of each build, and what a build is called."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from lakon.exceptions import ProvisionError
from lakon.provision.changes import Wanted
from lakon.provision.deployed import Deployed
from lakon.provision.releases import build_id, build_of, forget, mark, past, record, seen, wanted_of
from lakon.provision.status import StackStatus
from lakon.synth.stubs import STUB_HANDLER

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


def held(made: Wanted, updated: datetime | None = None) -> Deployed:
    """The stack as AWS tells it, that was made of `made`."""
    when = updated or datetime.now(UTC)
    told = (made.parameters, made.tags)
    status = StackStatus("shop", "arn:shop", "UPDATE_COMPLETE", None, when, when, {}, (), *told, protected=False)
    return Deployed(status, json.loads(made.template))


def provisioned(world: World, store: str, *levels: str, before: Wanted | None = None) -> Wanted:
    """Provision the service with one level after the other; what the stack is in the end."""
    for level in levels:
        made = wanted(level)
        record(world.session, store, "shop", made, held(before) if before else None)
        before = made
    assert before is not None
    return before


def back(world: World, store: str, made: Wanted) -> Wanted:
    """Roll back; what the stack is then."""
    stack = held(made)
    known = past(world.session, seen(world.session, store, "shop"), stack)
    release = known.before(build_of(stack))
    assert release is not None
    mark(world.session, known, store, release)
    return wanted_of(world.session, store, release)


def level(made: Wanted) -> str:
    return made.parameters["Level"]


def test_the_history_of_a_stack(world: World) -> None:
    store = bucket(world)
    assert seen(world.session, store, "shop").releases == ()
    provisioned(world, store, "info", "debug", "info")
    record(world.session, store, "shop-two", wanted("other"), None)
    found = seen(world.session, store, "shop").releases
    tags = {"team": "one"}
    info, debug = (build_id(TEMPLATE, {"Level": each}, tags) for each in ("info", "debug"))
    assert [release.build for release in found] == [info, debug, info]
    assert [release.after for release in found] == [found[1].time, found[2].time, None]
    assert found[0].provisioned >= found[1].provisioned >= found[2].provisioned
    there = wanted_of(world.session, store, found[1])
    assert (there.template, there.parameters, there.tags) == (json.dumps(TEMPLATE), {"Level": "debug"}, tags)
    forget(world.session, store, "shop")
    assert seen(world.session, store, "shop").releases == ()
    assert len(seen(world.session, store, "shop-two").releases) == 1


def test_back_is_to_what_ran_and_not_to_what_was_taken_back(world: World) -> None:
    store = bucket(world)
    now = back(world, store, provisioned(world, store, "1", "2", "3", "4-bad"))
    assert level(now) == "3"
    now = back(world, store, provisioned(world, store, "5-bad", before=now))
    assert level(now) == "3"
    now = back(world, store, now)
    assert level(now) == "2"
    assert level(back(world, store, now)) == "1"
    assert len(seen(world.session, store, "shop").releases) == 5, "going back is no new release"


def test_back_and_forth_between_two(world: World) -> None:
    store = bucket(world)
    now = back(world, store, provisioned(world, store, "a", "b", "a"))
    assert level(now) == "b"
    now = back(world, store, now)
    assert level(now) == "a"
    known = seen(world.session, store, "shop")
    assert known.running(build_of(held(now))) == known.releases[2], "the first of the two"
    assert known.before(build_of(held(now))) is None


def test_what_was_cut_off_is_recorded_by_whoever_comes_next(world: World) -> None:
    store = bucket(world)
    first = provisioned(world, store, "1", "2")
    lost = wanted("lost")
    assert first is not lost
    now = provisioned(world, store, "3", before=lost)
    assert next(release.build for release in seen(world.session, store, "shop").releases) == build_of(held(now))
    now = back(world, store, now)
    assert level(now) == "lost"
    assert level(back(world, store, now)) == "2"


def test_the_history_goes_along_into_another_bucket(world: World) -> None:
    store, other = bucket(world), f"{world.name}-other"
    world.session.client("s3").create_bucket(
        Bucket=other, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    first = wanted("1", ArtifactBucket=store)
    record(world.session, store, "shop", first, None)
    record(world.session, other, "shop", wanted("2", ArtifactBucket=other), held(first))
    assert seen(world.session, store, "shop").releases == ()
    [_, found] = seen(world.session, other, "shop").releases
    known = past(world.session, seen(world.session, other, "shop"), held(wanted("2", ArtifactBucket=other)))
    mark(world.session, known, store, found)
    assert len(seen(world.session, store, "shop").releases) == 2
    assert seen(world.session, store, "shop").latest is not None


def test_there_is_no_bucket(world: World) -> None:
    assert seen(world.session, world.name, "shop").releases == ()


def test_an_archive_is_gone(world: World) -> None:
    store = bucket(world)
    made = wanted("info", ArtifactBucket=store, PythonArchive="lakon/archives/a.zip")
    record(world.session, store, "shop", made, None)
    [release] = seen(world.session, store, "shop").releases
    with pytest.raises(ProvisionError, match="is no longer in"):
        wanted_of(world.session, store, release)
    world.session.client("s3").put_object(Bucket=store, Key="lakon/archives/a.zip", Body=b"x")
    assert wanted_of(world.session, store, release).artifacts == store


def test_what_names_a_build() -> None:
    assert build_id(TEMPLATE, {"ArtifactBucket": "a"}, {}) == build_id(TEMPLATE, {"ArtifactBucket": "b"}, {})
    assert build_id(TEMPLATE, {"Level": "a"}, {}) != build_id(TEMPLATE, {"Level": "b"}, {})
    assert build_id(TEMPLATE, {}, {"team": "a"}) != build_id(TEMPLATE, {}, {"team": "b"})


def test_nothing_goes_back_to_stubs(world: World) -> None:
    store = bucket(world)
    stub = {"Type": "AWS::Lambda::Function", "Properties": {"Handler": STUB_HANDLER}}
    stubs = Wanted(json.dumps({"Resources": {"Take": stub}}), {}, {}, None)
    first = provisioned(world, store, "1", before=stubs)
    known = seen(world.session, store, "shop")
    assert [release.stubs for release in known.releases] == [False, True]
    assert known.releases[0].after == known.releases[1].time
    assert known.releases[1].build == build_of(held(stubs))
    assert known.running(build_of(held(stubs))) == known.releases[1]
    assert known.before(build_of(held(first))) is None
    assert level(back(world, store, provisioned(world, store, "2", before=first))) == "1"

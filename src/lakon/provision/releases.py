"""What was provisioned before: template, parameters and tags of each build, beside the archives in the artifact bucket.

The stack itself says which build it is: a build's id is computed from its template, parameters and tags. A release is
written when a provision has ended well, under a name that begins with the time, so that a list of them is their
history. The name tells, too, which release it took the place of. A rollback leaves an empty mark of what it went back
to, so that the next provision knows what really ran before it. What was cut off before it could write is made up for
by whoever comes next. Of a stack that had no bucket before, the stubs are what is written; nothing goes back to those.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lakon.exceptions import ProvisionError
from lakon.provision.artifacts import ARCHIVES
from lakon.provision.changes import Wanted
from lakon.provision.session import RefusedError
from lakon.synth.functions import BUCKET_PARAMETER
from lakon.synth.stubs import stubbed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lakon.provision.deployed import Deployed
    from lakon.provision.session import Session

RELEASES = "lakon/releases/"
_TIME = "%Y%m%dT%H%M%S.%fZ"
_STUBS = "-stubs"
_AFTER = "-after-"
_AGAIN = "-again-"


@dataclass(frozen=True, slots=True)
class Release:
    """One build that was provisioned: its id, when, and the key of what is kept of it.

    `time` is how keys tell the moment, and `after` that of the release whose place it took; None where there was none,
    or nobody knew. `stubs` tells that its functions were stubs, whose code is nowhere to be had.
    """

    build: str
    provisioned: datetime
    key: str
    time: str
    after: str | None = None
    stubs: bool = False


@dataclass(frozen=True, slots=True)
class Past:
    """What the stack `name` has been, by the bucket `store`: its releases, newest first, and the marks of rollbacks.

    A mark is the time of a rollback, and that of the release it went back to.
    """

    name: str
    store: str
    releases: tuple[Release, ...]
    marks: tuple[tuple[str, str], ...]

    @property
    def latest(self) -> Release | None:
        """What was provisioned, or gone back to, last."""
        last = max([*self.marks, *((each.time, each.time) for each in self.releases)], default=None)
        return next((each for each in self.releases if last and each.time == last[1]), None)

    def running(self, build: str) -> Release | None:
        """The release that a stack runs whose build is `build`; None when that one was never recorded."""
        latest = self.latest
        if latest is not None and latest.build == build:
            return latest
        return next((each for each in self.releases if each.build == build), None)

    def before(self, build: str) -> Release | None:
        """What ran before the build that runs, stubs left out; the newest of all where that one was never recorded."""
        running = self.running(build)
        others = [each for each in self.releases if each.build != build and not each.stubs]
        older = [each for each in others if running is None or each.time < running.time]
        named = next((each for each in older if running and each.time == running.after), None)
        return named or next(iter(older), None)


def build_id(template: Mapping[str, object], parameters: Mapping[str, str], tags: Mapping[str, str]) -> str:
    """Twelve hex digits that stand for a template with parameters and tags, in whichever bucket the archives lie."""
    given = {name: value for name, value in parameters.items() if name != BUCKET_PARAMETER}
    text = json.dumps([template, given, dict(tags)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def build_of(held: Deployed) -> str:
    """The id of the build that a stack is."""
    return build_id(held.template, held.stack.parameters, held.stack.tags)


def past(session: Session, known: Past, held: Deployed | None) -> Past:
    """What a stack has been, kept where `known` is from now on: what lies in the bucket of the stack `held` is moved.

    `known` is what was `seen`. What the stack is now is recorded if nobody has: a provision may have been cut off, or
    have been somebody else's.
    """
    bucket, name = known.store, known.name
    if held is None:
        return known
    last = held.stack.parameters.get(BUCKET_PARAMETER)
    if last and last != bucket:
        _move(session, last, bucket, name)
        known = seen(session, bucket, name)
    if known.running(build_of(held)) is None:
        wanted = Wanted(json.dumps(held.template), held.stack.parameters, held.stack.tags, bucket)
        latest = known.latest
        when = held.stack.updated or held.stack.created
        _write(session, bucket, name, wanted, None, latest.time if latest else None, when)
        known = seen(session, bucket, name)
    return known


def record(
    session: Session, bucket: str, name: str, wanted: Wanted, held: Deployed | None, source: str | None = None
) -> None:
    """Keep what the stack `name` has just been made of, and the revision of its source where it has one.

    `held` is what the stack was before; where there was none, what is kept is of another, deleted by other means.
    """
    if held is None:
        forget(session, bucket, name)
    known = past(session, seen(session, bucket, name), held)
    last = known.running(build_of(held)) if held else None
    _write(session, bucket, name, wanted, source, last.time if last else None, datetime.now(UTC))


def mark(session: Session, known: Past, bucket: str, release: Release) -> None:
    """Note that a stack has gone back to `release`, in `bucket`, where the stack looks from now on."""
    name = known.name
    if bucket != known.store:
        _move(session, known.store, bucket, name)
    time = datetime.now(UTC).strftime(_TIME)
    _put(session, bucket, f"{RELEASES}{name}/{time}-{release.build}{_AGAIN}{release.time}.json", b"")


def _write(
    session: Session,
    bucket: str,
    name: str,
    wanted: Wanted,
    source: str | None,
    after: str | None,
    when: datetime,
) -> None:
    template = json.loads(wanted.template)
    build = build_id(template, wanted.parameters, wanted.tags)
    stubs = _STUBS if stubbed(template["Resources"]) else ""
    kept = {
        "template": wanted.template,
        "parameters": dict(wanted.parameters),
        "tags": dict(wanted.tags),
        "source": source,
    }
    place = f"{_AFTER}{after}" if after else ""
    time = when.astimezone(UTC).strftime(_TIME)
    _put(session, bucket, f"{RELEASES}{name}/{time}-{build}{stubs}{place}.json", json.dumps(kept).encode())


def _put(session: Session, bucket: str, key: str, body: bytes) -> None:
    session.client("s3").put_object(
        Bucket=bucket, Key=key, Body=body, ExpectedBucketOwner=session.account, ChecksumAlgorithm="SHA256"
    )


def _move(session: Session, source: str, bucket: str, name: str) -> None:
    """Bring the history of a stack from the bucket that it used before; where that may not be read it stays there."""
    s3 = session.client("s3")
    try:
        keys = _keys(session, source, name)
        bodies = {key: s3.get_object(Bucket=source, Key=key)["Body"].read() for key in keys}
    except RefusedError:
        return
    for key, body in bodies.items():
        _put(session, bucket, key, body)
    _remove(session, source, keys)


def seen(session: Session, bucket: str, name: str) -> Past:
    """What the stack `name` has been, as it is written in `bucket`; a build that was provisioned twice comes twice."""
    keys = _keys(session, bucket, name)
    found = [_read(key) for key in keys if _AGAIN not in key]
    return Past(
        name,
        bucket,
        tuple(sorted(found, key=lambda release: release.key, reverse=True)),
        tuple((_name(key).partition("-")[0], _name(key).partition(_AGAIN)[2]) for key in keys if _AGAIN in key),
    )


def _keys(session: Session, bucket: str, name: str) -> list[str]:
    pages = (
        session.client("s3")
        .get_paginator("list_objects_v2")
        .paginate(Bucket=bucket, Prefix=f"{RELEASES}{name}/", ExpectedBucketOwner=session.account)
    )
    try:
        return [row["Key"] for page in pages for row in page.get("Contents", ())]
    except RefusedError as refused:
        if refused.code == "NoSuchBucket":
            return []
        raise


def source_of(session: Session, bucket: str, name: str, build: str) -> str | None:
    """The revision of the source that a build of the stack `name` was made from; None where that was not recorded."""
    try:
        for release in seen(session, bucket, name).releases:
            if release.build == build:
                kept = session.client("s3").get_object(
                    Bucket=bucket, Key=release.key, ExpectedBucketOwner=session.account
                )
                source = json.loads(kept["Body"].read()).get("source")
                return source if isinstance(source, str) else None
    except RefusedError:  # who looks at a stack need not be allowed to read the bucket
        return None
    return None


def wanted_of(session: Session, bucket: str, release: Release) -> Wanted:
    """What the stack was made of then. ProvisionError when an archive of it is no longer in the bucket."""
    s3 = session.client("s3")
    body = s3.get_object(Bucket=bucket, Key=release.key, ExpectedBucketOwner=session.account)["Body"].read()
    kept = json.loads(body)
    wanted = Wanted(kept["template"], kept["parameters"], kept["tags"], bucket)
    for key in wanted.parameters.values():
        if key.startswith(ARCHIVES) and not _is_there(session, wanted.parameters[BUCKET_PARAMETER], key):
            raise ProvisionError(
                f"the archive {key} of the build {release.build} is no longer in {bucket}",
                hint="Check out the source of that build and provision it.",
            )
    return wanted


def forget(session: Session, bucket: str, name: str) -> None:
    """Remove what is kept of the stack `name`, which is no more."""
    _remove(session, bucket, _keys(session, bucket, name))


def _remove(session: Session, bucket: str, keys: Sequence[str]) -> None:
    for start in range(0, len(keys), 1000):
        session.client("s3").delete_objects(
            Bucket=bucket,
            Delete={"Objects": [{"Key": key} for key in keys[start : start + 1000]], "Quiet": True},
            ExpectedBucketOwner=session.account,
        )


def _name(key: str) -> str:
    return key.rpartition("/")[2].removesuffix(".json")


def _read(key: str) -> Release:
    told, _, after = _name(key).partition(_AFTER)
    time, _, build = told.removesuffix(_STUBS).partition("-")
    when = datetime.strptime(time, _TIME).replace(tzinfo=UTC)
    return Release(build, when, key, time, after or None, stubs=told.endswith(_STUBS))


def _is_there(session: Session, bucket: str, key: str) -> bool:
    try:
        session.client("s3").head_object(Bucket=bucket, Key=key)
    except RefusedError as refused:
        if refused.status == 404:
            return False
        raise
    return True

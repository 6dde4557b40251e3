"""What was provisioned before: template, parameters and tags of each build, beside the archives in the artifact bucket.

The stack itself says which build it is: a build's id is computed from its template and parameters. A release is written
when a provision has ended well, under a name that begins with the time, so that a list of them is their history.
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

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakon.provision.session import Session

RELEASES = "lakon/releases/"
_TIME = "%Y%m%dT%H%M%S.%fZ"


@dataclass(frozen=True, slots=True)
class Release:
    """One build that was provisioned: its id, when, and the key of what is kept of it."""

    build: str
    provisioned: datetime
    key: str


def build_id(template: Mapping[str, object], parameters: Mapping[str, str]) -> str:
    """Twelve hex digits that stand for a template with its parameters, in whichever bucket the archives lie."""
    given = {name: value for name, value in parameters.items() if name != BUCKET_PARAMETER}
    text = json.dumps([template, given], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def record(session: Session, bucket: str, name: str, wanted: Wanted, source: str | None = None) -> None:
    """Keep what the stack `name` has just been made of, and the revision of its source where it has one."""
    build = build_id(json.loads(wanted.template), wanted.parameters)
    kept = {
        "template": wanted.template,
        "parameters": dict(wanted.parameters),
        "tags": dict(wanted.tags),
        "source": source,
    }
    session.client("s3").put_object(
        Bucket=bucket,
        Key=f"{RELEASES}{name}/{datetime.now(UTC).strftime(_TIME)}-{build}.json",
        Body=json.dumps(kept).encode(),
        ExpectedBucketOwner=session.account,
        ChecksumAlgorithm="SHA256",
    )


def releases(session: Session, bucket: str, name: str) -> tuple[Release, ...]:
    """What the stack `name` has been, newest first; a build that was provisioned twice comes twice."""
    pages = (
        session.client("s3")
        .get_paginator("list_objects_v2")
        .paginate(Bucket=bucket, Prefix=f"{RELEASES}{name}/", ExpectedBucketOwner=session.account)
    )
    try:
        found = [_read(row["Key"]) for page in pages for row in page.get("Contents", ())]
    except RefusedError as refused:
        if refused.code == "NoSuchBucket":
            return ()
        raise
    return tuple(sorted(found, key=lambda release: release.key, reverse=True))


def source_of(session: Session, bucket: str, name: str, build: str) -> str | None:
    """The revision of the source that a build of the stack `name` was made from; None where that was not recorded."""
    try:
        for release in releases(session, bucket, name):
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
    keys = [release.key for release in releases(session, bucket, name)]
    for start in range(0, len(keys), 1000):
        session.client("s3").delete_objects(
            Bucket=bucket,
            Delete={"Objects": [{"Key": key} for key in keys[start : start + 1000]], "Quiet": True},
            ExpectedBucketOwner=session.account,
        )


def _read(key: str) -> Release:
    time, _, build = key.rpartition("/")[2].removesuffix(".json").partition("-")
    return Release(build, datetime.strptime(time, _TIME).replace(tzinfo=UTC), key)


def _is_there(session: Session, bucket: str, key: str) -> bool:
    try:
        session.client("s3").head_object(Bucket=bucket, Key=key)
    except RefusedError as refused:
        if refused.status == 404:
            return False
        raise
    return True

"""The files of a site, into its bucket: what changed is sent, what is gone is removed, and CloudFront is told of both.

The bucket is the only state there is: each object remembers in its metadata what it was made of.
"""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import quote

from lakon.build.sites import SiteFile
from lakon.exceptions import ProvisionError
from lakon.pages import ANEW, MANIFEST
from lakon.provision.session import CONNECTIONS, RefusedError
from lakon.synth import sites as outputs_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from lakon.model.sites import Site
    from lakon.provision.session import Session
    from lakon.report import Reporter

FINGERPRINT = "lakon-sha256"
MOST_PATHS = 1000
CERTIFICATES = "us-east-1"


@dataclass(frozen=True, slots=True)
class Publication:
    """What `publish` did: the keys that were sent and removed, and the paths that CloudFront was told to forget."""

    sent: tuple[str, ...]
    removed: tuple[str, ...]
    forgotten: tuple[str, ...]


def publish(
    session: Session, site: Site, files: Mapping[str, SiteFile], outputs: Mapping[str, str], reporter: Reporter
) -> Publication:
    """Make the bucket of a site hold its `files` and `/manifest.json`, and nothing else.

    `outputs` are those of the stack. Pages are sent after what they refer to; what is gone is removed last.

    Raises:
        ProvisionError: AWS refused.

    """
    me = site.logical_id
    bucket = outputs[me + outputs_of.BUCKET]
    manifest = SiteFile(outputs[me + outputs_of.MANIFEST].encode(), "application/json", ANEW)
    wanted = {**files, MANIFEST: manifest}
    held = _held(session, bucket)
    changed = _changed(session, bucket, wanted, held)
    gone = sorted(held - wanted.keys())
    if changed or gone:
        with reporter.step(f"publishing the site {site.id}: {_counted(len(changed), len(gone))}"):
            pages = {key for key in changed if wanted[key].cache_control == ANEW}
            _send(session, bucket, {key: changed[key] for key in changed.keys() - pages}, wanted)
            _send(session, bucket, {key: changed[key] for key in pages}, wanted)
            _remove(session, bucket, gone)
            forgotten = _forget(
                session, outputs.get(me + outputs_of.DISTRIBUTION), site, [*(held & changed.keys()), *gone]
            )
    else:
        forgotten = ()
    return Publication(tuple(sorted(changed)), tuple(gone), forgotten)


def held(session: Session, site: Site, outputs: Mapping[str, str], folder: Path) -> dict[str, SiteFile]:
    """The files that the bucket of a site holds, with their headers, brought into `folder`; but for `/manifest.json`.

    `outputs` are those of the stack.
    """
    bucket = outputs[site.logical_id + outputs_of.BUCKET]
    folder.mkdir(parents=True, exist_ok=True)

    def get(key: str) -> SiteFile:
        answer = session.client("s3").get_object(Bucket=bucket, Key=key, ExpectedBucketOwner=session.account)
        file = folder / sha256(f"{bucket}/{key}".encode()).hexdigest()
        with file.open("wb") as copy:
            for part in answer["Body"].iter_chunks():
                copy.write(part)
        return SiteFile(file, answer["ContentType"], answer.get("CacheControl", ""))

    keys = sorted(_held(session, bucket) - {MANIFEST})
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return dict(zip(keys, pool.map(get, keys), strict=True))


def check_region(session: Session, sites: Iterable[Site], root: str) -> None:
    """CloudFront takes certificates of one region alone: refuse before anything is made what it would refuse late.

    Raises:
        ProvisionError: Lakon would ask for a certificate in another region.

    """
    for site in sites:
        asked = site.domain is not None and site.domain.certificate is None
        if asked and not session.quick and session.region != CERTIFICATES:
            raise ProvisionError(
                f"the certificate of the site {site.id!r} would be made in {session.region}",
                where=site.origin.place(root),
                hint=f"CloudFront takes certificates of {CERTIFICATES} alone: make one there and give its ARN, as in "
                f"lakon.Domain(..., certificate=...), or provision in {CERTIFICATES}.",
            )


def _held(session: Session, bucket: str) -> set[str]:
    pages = session.client("s3").get_paginator("list_objects_v2")
    return {
        each["Key"]
        for page in pages.paginate(Bucket=bucket, ExpectedBucketOwner=session.account)
        for each in page.get("Contents", ())
    }


def _changed(session: Session, bucket: str, wanted: Mapping[str, SiteFile], held: set[str]) -> dict[str, str]:
    """The keys that have to be sent, and the fingerprint of each."""
    prints = {key: file.fingerprint() for key, file in wanted.items()}
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        there = pool.map(lambda key: _remembered(session, bucket, key) if key in held else None, prints)
        return {key: made for (key, made), before in zip(prints.items(), there, strict=True) if made != before}


def _remembered(session: Session, bucket: str, key: str) -> str | None:
    try:
        head = session.client("s3").head_object(Bucket=bucket, Key=key, ExpectedBucketOwner=session.account)
    except RefusedError as refused:
        if refused.status == 404:
            return None
        raise
    return head["Metadata"].get(FINGERPRINT)


def _send(session: Session, bucket: str, prints: Mapping[str, str], files: Mapping[str, SiteFile]) -> None:
    def put(key: str) -> None:
        file = files[key]
        session.client("s3").put_object(
            Bucket=bucket,
            Key=key,
            Body=file.read(),
            ContentType=file.content_type,
            CacheControl=file.cache_control,
            Metadata={FINGERPRINT: prints[key]},
            ExpectedBucketOwner=session.account,
        )

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for _ in pool.map(put, sorted(prints)):
            pass


def _remove(session: Session, bucket: str, keys: list[str]) -> None:
    for first in range(0, len(keys), 1000):
        batch = keys[first : first + 1000]
        answer = session.client("s3").delete_objects(
            Bucket=bucket,
            Delete={"Objects": [{"Key": key} for key in batch], "Quiet": True},
            ExpectedBucketOwner=session.account,
        )
        if errors := answer.get("Errors"):
            raise ProvisionError(
                f"{errors[0].get('Key')} in the bucket {bucket} cannot be removed: {errors[0].get('Message')}"
            )


def _forget(session: Session, distribution: str | None, site: Site, keys: list[str]) -> tuple[str, ...]:
    """Have CloudFront forget what it may have kept: files that were there before."""
    if distribution is None or not keys:
        return ()
    paths = sorted({path for key in keys for path in paths_of(key, site)})
    if len(paths) > MOST_PATHS:
        paths = ["/*"]
    session.client("cloudfront").create_invalidation(
        DistributionId=distribution,
        InvalidationBatch={
            "Paths": {"Quantity": len(paths), "Items": paths},
            "CallerReference": f"lakon-{secrets.token_hex(8)}",
        },
    )
    return tuple(paths)


def paths_of(key: str, site: Site) -> list[str]:
    """The paths by which a file is asked for: its own, and those that lead to it."""
    paths = [f"/{key}"]
    folder, _, name = key.rpartition("/")
    if name == site.index:
        paths.append(f"/{folder}/" if folder else "/")
    elif site.clean_urls and name.endswith(".html"):
        paths.append(f"/{key.removesuffix('.html')}")
    return [quote(path, safe="/~*$-_.+!'(),") for path in paths]


def _counted(changed: int, gone: int) -> str:
    files = "1 file" if changed == 1 else f"{changed} files"
    return f"{files} sent" + (f", {gone} removed" if gone else "")

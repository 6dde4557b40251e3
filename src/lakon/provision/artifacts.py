"""The artifact bucket: where archives and long templates lie so that CloudFormation can read them.

Every call names the account that must own the bucket, so that a bucket somebody else made under our name is never used.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from lakon.exceptions import ProvisionError, UsageError
from lakon.provision.progress import Pace
from lakon.provision.session import CONNECTIONS, RefusedError
from lakon.provision.transfers import send
from lakon.synth.splitting import template_key
from lakon.synth.stores import tls_only

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from mypy_boto3_s3.literals import BucketLocationConstraintType

    from lakon.provision.session import Session
    from lakon.report import Reporter

ARCHIVES = "lakon/archives/"
ATTEMPTS = 20  # while another terminal makes the same bucket, or sends the same archive


def artifact_bucket(session: Session, named: str | None, reporter: Reporter) -> str:
    """The bucket to upload to: the one that is named, once checked; else Lakon's own, made when there is none.

    Lakon's own is `lakon-artifacts-<account>-<region>`: versioned, encrypted, private, TLS only, and rid of replaced
    versions after 30 days. Archives stay: they are what an older stack may go back to. Any number of terminals may
    make it at once.

    Raises:
        UsageError: the named bucket does not exist, is not ours, or lies in another region.
        ProvisionError: our own cannot be made or used.

    """
    if named is not None:
        _check(session, named)
        return named
    bucket = own_bucket(session)
    if not _finished(session, bucket):
        with reporter.step(f"making the artifact bucket {bucket}"):
            _make(session, bucket)
    return bucket


def own_bucket(session: Session) -> str:
    """The name of Lakon's own bucket of the account and region, whether it is there or not."""
    return f"lakon-artifacts-{session.account}-{session.region}"


def archive_key(archive: Path) -> str:
    """The key under which an archive lies in the artifact bucket. The file's name is the address of its content."""
    return ARCHIVES + archive.name


def upload(session: Session, bucket: str, archives: Sequence[Path], reporter: Reporter) -> int:
    """Upload the archives that the bucket lacks, in parallel and with checksums; return how many bytes were sent.

    What an interrupted upload has sent of a large one is not sent again.
    """
    return _upload(session, bucket, list(dict.fromkeys(archives)), reporter, ATTEMPTS)


def _upload(session: Session, bucket: str, archives: list[Path], reporter: Reporter, attempts: int) -> int:
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        there = pool.map(lambda archive: _holds(session, bucket, archive), archives)
        lacking = [archive for archive, held in zip(archives, there, strict=True) if not held]
    if not lacking:
        return 0
    try:
        return send(session, bucket, {archive_key(archive): archive for archive in lacking}, reporter)
    except RefusedError as refused:
        if refused.code != "NoSuchUpload" or attempts == 1:
            raise
    return _upload(session, bucket, lacking, reporter, attempts - 1)  # another terminal finished it, or gave it up


def upload_template(session: Session, bucket: str, template: str) -> str:
    """Put a template into the bucket, under the address of its content; return the URL that CloudFormation reads."""
    s3 = session.client("s3")
    key = template_key(template)
    s3.put_object(
        Bucket=bucket,
        Key=key,
        Body=template.encode(),
        ExpectedBucketOwner=session.account,
        ChecksumAlgorithm="SHA256",
    )
    return f"{s3.meta.endpoint_url}/{bucket}/{key}"


def upload_templates(session: Session, bucket: str, templates: Mapping[str, str]) -> None:
    """Put those templates into the bucket that it lacks, by their keys."""

    def put(key: str) -> None:
        if not _there(session, bucket, key):
            upload_template(session, bucket, templates[key])

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(put, templates))


def _there(session: Session, bucket: str, key: str) -> int | None:
    """How many bytes the object has; None when it is not there."""
    try:
        head = session.client("s3").head_object(Bucket=bucket, Key=key, ExpectedBucketOwner=session.account)
    except RefusedError as refused:
        if refused.status in (403, 404):  # 403: who may not list the bucket is not told that the key is missing
            return None
        raise
    return head["ContentLength"]


def _holds(session: Session, bucket: str, archive: Path) -> bool:
    return _there(session, bucket, archive_key(archive)) == archive.stat().st_size


def _check(session: Session, bucket: str) -> None:
    try:
        head = session.client("s3").head_bucket(Bucket=bucket, ExpectedBucketOwner=session.account)
    except RefusedError as refused:
        if refused.status == 404:
            raise UsageError(f"there is no bucket {bucket}", hint="Make it, or let Lakon use its own.") from refused
        if refused.status == 403:
            raise UsageError(
                f"the bucket {bucket} belongs to another account, or {session.account} may not use it",
                hint="Name a bucket of this account, or let Lakon use its own.",
            ) from refused
        raise
    region = head.get("BucketRegion", session.region)
    if region != session.region:
        raise UsageError(
            f"the bucket {bucket} lies in {region}, and the stack in {session.region}",
            hint="Lambda reads code only from a bucket of its own region: name another.",
        )


def _finished(session: Session, bucket: str) -> bool:
    """Whether our bucket is there and complete: its policy is the last thing that is put on it."""
    try:
        session.client("s3").get_bucket_policy(Bucket=bucket, ExpectedBucketOwner=session.account)
    except RefusedError as refused:
        if refused.code in ("NoSuchBucket", "NoSuchBucketPolicy"):
            return False
        if refused.status == 403:
            raise _not_ours(session, bucket) from refused
        raise
    return True


def _make(session: Session, bucket: str) -> None:
    s3, owner = session.client("s3"), session.account
    _patiently(session, lambda: _create(session, bucket))
    _patiently(
        session,
        lambda: s3.put_public_access_block(
            Bucket=bucket,
            ExpectedBucketOwner=owner,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
        ),
    )
    _patiently(
        session,
        lambda: s3.put_bucket_encryption(
            Bucket=bucket,
            ExpectedBucketOwner=owner,
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
        ),
    )
    _patiently(
        session,
        lambda: s3.put_bucket_versioning(
            Bucket=bucket, ExpectedBucketOwner=owner, VersioningConfiguration={"Status": "Enabled"}
        ),
    )
    _patiently(
        session,
        lambda: s3.put_bucket_lifecycle_configuration(
            Bucket=bucket,
            ExpectedBucketOwner=owner,
            LifecycleConfiguration={
                "Rules": [
                    {
                        "ID": "what-nobody-needs",
                        "Status": "Enabled",
                        "Filter": {"Prefix": ""},
                        "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
                        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                    }
                ]
            },
        ),
    )
    arn = f"arn:{session.partition}:s3:::{bucket}"
    policy = json.dumps(tls_only("s3:*", [arn, f"{arn}/*"]))
    _patiently(session, lambda: s3.put_bucket_policy(Bucket=bucket, ExpectedBucketOwner=owner, Policy=policy))


def _create(session: Session, bucket: str) -> None:
    s3 = session.client("s3")
    try:
        if session.region == "us-east-1":  # the one region that S3 does not take by its name
            s3.create_bucket(Bucket=bucket)
        else:
            region: BucketLocationConstraintType = session.region  # type: ignore[assignment] # any region there is
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
    except RefusedError as refused:
        if refused.code == "BucketAlreadyExists":
            raise _not_ours(session, bucket) from refused
        if refused.code != "BucketAlreadyOwnedByYou":
            raise


def _patiently(session: Session, call: Callable[[], object]) -> None:
    """Make a call on a bucket that another terminal may be making, too, until S3 does not mind."""
    pace = Pace(session)
    for attempts_left in reversed(range(ATTEMPTS)):
        try:
            call()
        except RefusedError as refused:
            if refused.code not in ("OperationAborted", "NoSuchBucket") or not attempts_left:
                raise
            pace.wait()
        else:
            return


def _not_ours(session: Session, bucket: str) -> ProvisionError:
    return ProvisionError(
        f"the artifact bucket {bucket} belongs to another account, or {session.account} may not use it",
        hint="Lakon will not put code there. Name another bucket for the artifacts.",
    )

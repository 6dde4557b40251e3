"""Sending files to the artifact bucket: several at once, and large ones in parts that no interruption loses.

A large file goes as a multipart upload ("Uploading and copying objects using multipart upload" in the S3 User Guide).
What an interrupted one has sent stays in S3, under the file's key, which is the address of its content: whoever sends
the same file next, from whichever machine, finds it there, holds the checksum of each part against the file's own,
and sends what lacks.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakon.provision.session import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, MultipartUploadTypeDef

    from lakon.provision.session import Session
    from lakon.report import Reporter, Step

PART = 8 * 1024 * 1024
"""Bytes of a part; a file of more is sent in parts."""

_AT_ONCE = 4  # what is under way when the line is cut is lost: more at once would lose more


def send(session: Session, bucket: str, files: Mapping[str, Path], reporter: Reporter) -> int:
    """Put `files` under their keys, which are addresses of their content, into `bucket`; return how many bytes went.

    Raises what a client of `session` raises; a RefusedError with the code "NoSuchUpload" when somebody else has ended
    an upload meanwhile.
    """
    total = sum(file.stat().st_size for file in files.values())
    with reporter.step(f"uploading {_megabytes(total)} to {bucket}") as step, _pool() as pool:
        work = _Work(session, bucket, step, total)
        large = {key: file for key, file in files.items() if file.stat().st_size > PART}
        uploads = list(pool.map(work.begun, large, large.values()))
        if there := sum(upload.there for upload in uploads):
            work.count(there)
            reporter.note(f"an upload that was interrupted goes on: {_megabytes(there)} are there already")
        small = [pool.submit(work.put, key, file) for key, file in files.items() if key not in large]
        parts = [pool.submit(work.send, upload, number) for upload in uploads for number in upload.lacking]
        for each in (*small, *parts):
            each.result()
        list(pool.map(work.finish, uploads))
    return total - there


def abandon(session: Session, bucket: str, prefix: str) -> None:
    """Give up all uploads below `prefix` that nobody has finished. RefusedError when AWS refuses it."""
    for upload in _unfinished(session, bucket, prefix):
        try:
            session.client("s3").abort_multipart_upload(
                Bucket=bucket,
                Key=upload.get("Key", ""),
                UploadId=upload.get("UploadId", ""),
                ExpectedBucketOwner=session.account,
            )
        except RefusedError as refused:
            if refused.code != "NoSuchUpload":
                raise


@dataclass(slots=True)
class _Upload:
    """A multipart upload of a file: its id, and the parts of it that S3 holds, by their numbers from 1 on."""

    key: str
    file: Path
    identity: str
    held: dict[int, CompletedPartTypeDef]

    @property
    def lacking(self) -> list[int]:
        count = -(-self.file.stat().st_size // PART)
        return [number for number in range(1, count + 1) if number not in self.held]

    @property
    def there(self) -> int:
        size = self.file.stat().st_size
        return sum(min(PART, size - (number - 1) * PART) for number in self.held)

    def part(self, number: int) -> bytes:
        with self.file.open("rb") as file:
            file.seek((number - 1) * PART)
            return file.read(PART)


class _Work:
    """The calls of one `send`, from several threads, and how far they are."""

    def __init__(self, session: Session, bucket: str, step: Step, total: int) -> None:
        self._s3, self._session, self._bucket = session.client("s3"), session, bucket
        self._step, self._total, self._sent = step, total, 0
        self._lock = threading.Lock()

    def begun(self, key: str, file: Path) -> _Upload:
        """The upload of a large file that somebody began, with what is good of it; else a new one."""
        found = self._interrupted(key)
        if found is None:
            made = self._s3.create_multipart_upload(
                Bucket=self._bucket, Key=key, ChecksumAlgorithm="SHA256", ExpectedBucketOwner=self._session.account
            )
            return _Upload(key, file, made["UploadId"], {})
        upload = _Upload(key, file, found, {})
        pages = self._s3.get_paginator("list_parts").paginate(
            Bucket=self._bucket, Key=key, UploadId=found, ExpectedBucketOwner=self._session.account
        )
        for each in [row for page in pages for row in page.get("Parts", ())]:
            number, digest = each.get("PartNumber", 0), each.get("ChecksumSHA256")
            if digest == _digest(upload.part(number)):
                upload.held[number] = _completed(number, each.get("ETag", ""), digest)
        return upload

    def put(self, key: str, file: Path) -> None:
        """Send a small file."""
        with file.open("rb") as body:
            self._s3.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=body,
                ChecksumAlgorithm="SHA256",
                ExpectedBucketOwner=self._session.account,
            )
        self.count(file.stat().st_size)

    def send(self, upload: _Upload, number: int) -> None:
        """Send a part of a large file."""
        body = upload.part(number)
        digest = _digest(body)
        answer = self._s3.upload_part(
            Bucket=self._bucket,
            Key=upload.key,
            UploadId=upload.identity,
            PartNumber=number,
            Body=body,
            ChecksumSHA256=digest,
            ExpectedBucketOwner=self._session.account,
        )
        upload.held[number] = _completed(number, answer["ETag"], digest)
        self.count(len(body))

    def finish(self, upload: _Upload) -> None:
        """Make an object of the parts, and give up what else was begun under its key."""
        self._s3.complete_multipart_upload(
            Bucket=self._bucket,
            Key=upload.key,
            UploadId=upload.identity,
            MultipartUpload={"Parts": [part for _, part in sorted(upload.held.items())]},
            MpuObjectSize=upload.file.stat().st_size,
            ExpectedBucketOwner=self._session.account,
        )
        try:
            abandon(self._session, self._bucket, upload.key)
        except RefusedError as refused:
            if refused.status != 403:
                raise

    def count(self, size: int) -> None:
        """Tell that so many bytes more are there."""
        with self._lock:
            self._sent += size
            self._step.update(f"{_megabytes(self._sent)} of {_megabytes(self._total)}")

    def _interrupted(self, key: str) -> str | None:
        """The id of the newest upload under a key that nobody has finished; None where there is none to be seen."""
        try:
            found = list(_unfinished(self._session, self._bucket, key))
        except RefusedError as refused:
            if refused.status == 403:  # who may put objects need not be allowed to look for uploads
                return None
            raise
        ours = [each for each in found if each.get("ChecksumAlgorithm", "SHA256") == "SHA256"]
        return max(ours, key=lambda each: each["Initiated"]).get("UploadId") if ours else None


def _unfinished(session: Session, bucket: str, prefix: str) -> Iterator[MultipartUploadTypeDef]:
    pages = session.client("s3").get_paginator("list_multipart_uploads")
    for page in pages.paginate(Bucket=bucket, Prefix=prefix, ExpectedBucketOwner=session.account):
        yield from page.get("Uploads", ())


def _completed(number: int, tag: str, digest: str) -> CompletedPartTypeDef:
    return {"PartNumber": number, "ETag": tag, "ChecksumSHA256": digest}


def _digest(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


@contextmanager
def _pool() -> Iterator[ThreadPoolExecutor]:
    """Threads that begin nothing more after an exception, and finish what is under way."""
    pool = ThreadPoolExecutor(_AT_ONCE)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"

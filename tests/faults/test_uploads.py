"""Large archives: what was sent before an interruption is not sent again, from whichever machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from lakon.exceptions import CredentialsError, LakonError
from lakon.provision import deletion
from lakon.provision.artifacts import archive_key, artifact_bucket, upload
from lakon.provision.session import Session
from lakon.provision.transfers import PART
from lakon.report import Silent
from lakon.settings import Target

from .proxy import KINDS, Fault
from .sampling import sampled
from .service import REGION

if TYPE_CHECKING:
    from pathlib import Path

    from .proxy import Kind, Proxy

SIZE = 2 * PART + PART // 2
KILLED = """
import sys
from pathlib import Path

from lakon.provision.artifacts import upload
from lakon.provision.session import Session
from lakon.report import Silent
from lakon.settings import Target

session = Session(Target(endpoint_url=sys.argv[1], region=sys.argv[2], local=True))
upload(session, sys.argv[3], [Path(sys.argv[4])], Silent())
"""


class Sender:
    """A bucket, and a machine that sends an archive of three parts to it through the proxy."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.session = Session(Target(endpoint_url=proxy.url, region=REGION, local=True))
        self.bucket = artifact_bucket(self.session, None, Silent())
        past = Session(Target(endpoint_url=f"http://{proxy.upstream}", region=REGION, local=True))
        self.s3: Any = past.client("s3")

    def begin(self, folder: Path) -> Sender:
        """With another archive."""
        self.proxy.begin()
        self.archive = folder / f"{uuid.uuid4().hex}.zip"
        self.archive.write_bytes(os.urandom(SIZE))
        self.key = archive_key(self.archive)
        return self

    def send(self, fault: Fault | None = None) -> int:
        self.proxy.begin(fault)
        return upload(self.session, self.bucket, [self.archive], Silent())

    def unfinished(self) -> list[str]:
        listed = self.s3.list_multipart_uploads(Bucket=self.bucket, Prefix=self.key)
        return [each["UploadId"] for each in listed.get("Uploads", [])]

    def parts(self) -> dict[int, str]:
        [upload] = self.unfinished()
        listed = self.s3.list_parts(Bucket=self.bucket, Key=self.key, UploadId=upload)
        return {each["PartNumber"]: each["ChecksumSHA256"] for each in listed.get("Parts", [])}

    def is_there(self) -> bool:
        held: bytes = self.s3.get_object(Bucket=self.bucket, Key=self.key)["Body"].read()
        return held == self.archive.read_bytes() and not self.unfinished()


@pytest.fixture(scope="module")
def machine(proxy: Proxy) -> Sender:
    return Sender(proxy)


@pytest.fixture
def sender(machine: Sender, tmp_path: Path) -> Sender:
    return machine.begin(tmp_path)


def test_cut_within_the_third_part(sender: Sender) -> None:
    with pytest.raises(LakonError):
        sender.send(Fault(None, "cut within", named="partNumber=3"))
    assert sorted(sender.parts()) == [1, 2]
    assert sender.send() == SIZE - 2 * PART, "nothing but the third part"
    assert sender.proxy.sent < SIZE - 2 * PART + 10_000
    assert sender.is_there()
    assert sender.send() == 0


@pytest.mark.parametrize(
    ("kind", "call"),
    sampled([(kind, call) for kind in KINDS for call in ("POST", "partNumber=2", "uploadId")], 0.9),
)
def test_any_call_fails(sender: Sender, kind: Kind, call: str) -> None:
    with pytest.raises(LakonError):
        sender.send(Fault(None, kind, named=call))
    sender.send()
    assert sender.is_there()


def test_killed_and_continued_by_another_machine(sender: Sender, tmp_path: Path) -> None:
    sender.proxy.begin(Fault(None, "cut within", named="partNumber=3"))
    command = [sys.executable, "-c", KILLED, sender.proxy.url, REGION, sender.bucket, str(sender.archive)]
    process = subprocess.Popen(command)

    def kill(number: int) -> None:
        if "partNumber=3" in sender.proxy.calls[number]:
            while len(sender.parts()) < 2:
                time.sleep(0.01)
            os.kill(process.pid, signal.SIGKILL)

    sender.proxy.disturb = kill
    assert process.wait() == -signal.SIGKILL
    (tmp_path / "elsewhere").mkdir()
    sender.archive = sender.archive.rename(tmp_path / "elsewhere" / sender.archive.name)
    assert sender.send() == SIZE - 2 * PART
    assert sender.is_there()


def test_a_part_that_is_not_what_it_should_be_is_sent_again(sender: Sender) -> None:
    made = sender.s3.create_multipart_upload(Bucket=sender.bucket, Key=sender.key, ChecksumAlgorithm="SHA256")
    content = sender.archive.read_bytes()
    for number, body in ((1, content[:PART]), (2, os.urandom(PART)), (9, content[:100])):
        sender.s3.upload_part(
            Bucket=sender.bucket, Key=sender.key, UploadId=made["UploadId"], PartNumber=number, Body=body
        )
    assert sender.send() == SIZE - PART
    assert sender.is_there()


def test_an_upload_that_another_gives_up_begins_anew(sender: Sender) -> None:
    sender.proxy.begin()

    def give_up(number: int) -> None:
        if "partNumber=2" in sender.proxy.calls[number]:
            sender.proxy.disturb = None
            for upload in sender.unfinished():
                sender.s3.abort_multipart_upload(Bucket=sender.bucket, Key=sender.key, UploadId=upload)

    sender.proxy.disturb = give_up
    upload(sender.session, sender.bucket, [sender.archive], Silent())
    assert sender.is_there()


def test_two_terminals_at_once(sender: Sender) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: upload(sender.session, sender.bucket, [sender.archive], Silent()), range(2)))
    assert sender.is_there()


def test_credentials_that_have_expired_are_told(sender: Sender) -> None:
    """The first call is a HEAD, whose answer says no more than that it is refused."""
    with pytest.raises(CredentialsError, match="has expired"):
        sender.send(Fault(None, "expired", named=""))


def test_deletion_gives_up_what_nobody_finished(sender: Sender) -> None:
    sender.s3.create_multipart_upload(Bucket=sender.bucket, Key=sender.key)
    deletion.delete(sender.session, "not-there", Silent())
    assert not sender.unfinished()

"""What a stack was made of: its template, its parameters, and the archives that they name."""

from __future__ import annotations

import io
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from lakon.exceptions import ProvisionError
from lakon.provision.session import CONNECTIONS, RefusedError
from lakon.provision.status import find, rows
from lakon.synth.splitting import joined, nested_stacks, places

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lakon.provision.session import Session
    from lakon.provision.status import StackStatus

    Templates = Mapping[str, Mapping[str, object]]

_BLOCK = 128 * 1024  # bytes: the directory of an archive of about 1,500 files
_NEVER_MADE = ("REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE")


@dataclass(frozen=True)
class Deployed:
    """A stack with the template that CloudFormation has of it.

    `root` is that of the stack itself, and `template` the whole, with the nested stacks into which Lakon split it put
    together again. `read` reads the templates of those, by their logical ids, when they are first asked for.
    """

    stack: StackStatus
    root: Mapping[str, object]
    read: Callable[[Sequence[str]], Templates] | None = None

    @cached_property
    def nested(self) -> Templates:
        """The templates of the nested stacks, by their logical ids; empty where the stack is not split."""
        names = nested_stacks(self.root)
        return self.read(names) if names and self.read else {}

    @cached_property
    def template(self) -> Mapping[str, object]:
        """The template of the whole."""
        return joined(self.root, self.nested)

    @property
    def places(self) -> Mapping[str, str]:
        """The nested stack that each resource is in, `""` being the root."""
        return places(self.root, self.nested)

    @property
    def resources(self) -> Mapping[str, Mapping[str, object]]:
        """The resources that the template declares."""
        declared = self.template.get("Resources")
        return declared if isinstance(declared, dict) else {}


def deployed(session: Session, name: str) -> Deployed | None:
    """The stack of that name with its template; None when there is none, or none that was ever made."""
    stack = find(session, name)
    if stack is None or stack.state in _NEVER_MADE:
        return None
    return held(session, stack)


def held(session: Session, stack: StackStatus) -> Deployed:
    """A stack with its template. ProvisionError when that is not written in JSON."""

    def read(names: Sequence[str]) -> Templates:
        physical = {each.logical_id: each.physical_id for each in rows(session, stack.stack_id)}
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            found = pool.map(lambda name: _inside(session, stack, physical.get(name)), names)
            return dict(zip(names, found, strict=True))

    return Deployed(stack, template(session, stack.stack_id), read)


def _inside(session: Session, stack: StackStatus, nested: str | None) -> Mapping[str, object]:
    if nested is None:
        raise ProvisionError(
            f"a nested stack of {stack.name} is not there", hint=f"{session.command('status')} shows how it fares."
        )
    return template(session, nested)


def template(session: Session, name: str) -> Mapping[str, object]:
    """The template of the stack of that name or id, as it was given. ProvisionError when it is not written in JSON."""
    body: object = session.client("cloudformation").get_template(StackName=name)["TemplateBody"]
    if isinstance(body, dict):  # botocore reads what is JSON
        return body
    raise ProvisionError(
        f"the template of the stack {name} is not JSON: another tool made it",
        hint="Rename the service, so that its stack has another name; or delete that stack.",
    )


def members(session: Session, bucket: str, key: str) -> dict[str, tuple[int, int]] | None:
    """The files of an archive in a bucket: the size, unpacked, and the CRC-32 of each; None when it is not there.

    Only the directory at the archive's end is read.
    """
    try:
        with zipfile.ZipFile(_Remote(session, bucket, key)) as archive:
            return {each.filename: (each.file_size, each.CRC) for each in archive.infolist()}
    except RefusedError as refused:
        if refused.status in (403, 404, 416):
            return None
        raise
    except (zipfile.BadZipFile, zlib.error):
        return None


def read(session: Session, bucket: str, key: str) -> bytes:
    """The archive at `key` of a bucket. ProvisionError when it is not there."""
    try:
        return session.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    except RefusedError as refused:
        if refused.status == 404:
            raise ProvisionError(
                f"the archive {key} is no longer in {bucket}",
                hint="Check out the source of that build and provision it.",
            ) from refused
        raise


class _Remote(io.RawIOBase):
    """An object of S3 as a file: read in blocks, from its end first."""

    def __init__(self, session: Session, bucket: str, key: str) -> None:
        self._session, self._bucket, self._key = session, bucket, key
        self._position = 0
        self._block, self._block_start, self._size = self._fetch(f"bytes=-{_BLOCK}")

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def read(self, size: int = -1) -> bytes:
        end = self._size if size < 0 else min(self._size, self._position + size)
        if end <= self._position:
            return b""
        if self._position < self._block_start or end > self._block_start + len(self._block):
            last = max(end, min(self._size, self._position + _BLOCK)) - 1
            self._block, self._block_start, _ = self._fetch(f"bytes={self._position}-{last}")
        start, self._position = self._position, end
        return self._block[start - self._block_start : end - self._block_start]

    def _fetch(self, span: str) -> tuple[bytes, int, int]:
        """The bytes of a range, where they begin, and how many the whole object has."""
        answer = self._session.client("s3").get_object(Bucket=self._bucket, Key=self._key, Range=span)
        content = answer["Body"].read()
        told = answer.get("ContentRange", f"bytes 0-{len(content) - 1}/{len(content)}")
        place, _, size = told.removeprefix("bytes ").partition("/")
        return content, int(place.partition("-")[0]), int(size)

"""From a stub to real code, one function at a time, all or nothing.

Stages: look at what is there; keep it; runtime and handler; architecture and code; a version; one event to it; switch
on what calls it; say in its tags what it holds. Each waits for the one before. What fails takes all of it back. The
tags are the last thing that is written and the only memory: killed at any moment, the same again begins anew.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import urllib.request
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lakon.exceptions import LakonError, ProvisionError
from lakon.provision.code import settled
from lakon.provision.invocation import invoke
from lakon.provision.switches import Trigger, switch
from lakon.provision.versions import prune, versions
from lakon.synth.stubs import STUB, STUB_HANDLER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mypy_boto3_lambda.literals import ArchitectureType, RuntimeType
    from mypy_boto3_lambda.type_defs import FunctionConfigurationResponseTypeDef

    from lakon.provision.session import Session

CODE_TAG = "lakon:code"
SOURCE_TAG = "lakon:source"
EVENT_TAG = "lakon:event"
HEALTH = b'{"lakon": "health"}'
DIRECT_UPLOAD = 50 * 1024 * 1024
"""Bytes of an archive that goes to Lambda without a bucket: "Lambda quotas", deployment package."""

_NEVER_BEGAN = re.compile(
    r"""INIT_REPORT .*Status: (error|timeout)|"platform\.initReport".*"status": ?"(error|timeout)"""
)
"""What a log says of an initialization that failed, as text and as JSON."""

FlipState = Literal["stub", "half flipped", "live"]


@dataclass(frozen=True, slots=True)
class Flipped:
    """A function as it is: its state, the sum of the code it was flipped to last, and the revision of its source.

    `code` is None where it was never flipped to the end. `tried` is False where that was done without an event.
    """

    state: FlipState
    code: str | None
    source: str | None
    tried: bool = True


@dataclass(frozen=True, slots=True)
class Real:
    """What a function shall be: runtime, handler, architecture, archive (named by its sum), the source's revision."""

    runtime: str
    handler: str
    architecture: str
    archive: Path
    source: str | None

    @property
    def digest(self) -> str:
        """The SHA-256 of the archive, in hex digits."""
        return self.archive.stem


@dataclass(frozen=True, slots=True)
class _Held:
    flipped: Flipped
    runtime: str
    handler: str
    architectures: list[ArchitectureType]
    location: str


def look(session: Session, function: str) -> Flipped:
    """What a function is. ProvisionError when there is none, or its last update failed."""
    return _look(session, function).flipped


def code_of(session: Session, function: str) -> bytes:
    """The archive that a function has now. ProvisionError when there is none."""
    return _fetched(_look(session, function).location)


def flip(
    session: Session, function: str, real: Real, stub_runtime: str, triggers: tuple[Trigger, ...], event: bytes | None
) -> bool:
    """Make a function (physical name) real, and switch on what calls it; whether there was anything to do.

    `stub_runtime` is what the template says of it.

    `event` is sent to the new version: one of the user's has to succeed, `HEALTH` only must find that it starts; None
    is no event. Whatever fails, the function and its triggers are as they were, or a stub if they were half flipped.

    Raises:
        ProvisionError: it failed; says why.

    """
    held = _look(session, function)
    if (held.flipped.state, held.flipped.code) == ("live", real.digest):
        switch(session, triggers, live=True)
        if held.flipped != Flipped("live", real.digest, real.source, event is not None):
            _mark(session, function, real, held.flipped, event)
        return False
    kept = _fetched(held.location) if held.flipped.state == "live" else stub_archive()
    work = _Flip(session, function, real, stub_runtime, triggers, held, kept)
    try:
        work.run(event)
    except BaseException as failed:
        work.take_back(failed)
        raise
    prune(session, function)
    return True


def restore(session: Session, function: str, triggers: tuple[Trigger, ...]) -> None:
    """Make a function (physical name) again what it was flipped to last, by its tags, and switch on what calls it.

    All of that is in the version that was published then. ProvisionError when that is gone, or Lambda fails.
    """
    flipped = look(session, function)
    if flipped.state != "live":
        code = base64.b64encode(bytes.fromhex(flipped.code or "")).decode()
        published = versions(session, function, code=code)
        if not published:
            raise ProvisionError(
                f"no version of {function} has the code that it was flipped to last",
                hint=f"{session.command('flip')} brings that of the program.",
            )
        answer = session.client("lambda").get_function(FunctionName=function, Qualifier=published[-1])
        then = answer["Configuration"]
        held = _configure(session, function, then["Runtime"], then["Handler"])
        if (held["CodeSha256"], held["Architectures"]) != (code, then["Architectures"]):
            _update(session, function, held, _fetched(answer["Code"]["Location"]), then["Architectures"])
    switch(session, triggers, live=True)


def stub_archive() -> bytes:
    """The stub as an archive, the same bytes every time."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(zipfile.ZipInfo("index.py", (1980, 1, 1, 0, 0, 0)), STUB)
    return held.getvalue()


@dataclass(slots=True)
class _Flip:
    session: Session
    function: str
    real: Real
    stub_runtime: str
    triggers: tuple[Trigger, ...]
    held: _Held
    kept: bytes
    before: tuple[str, ...] | None = None

    @property
    def _code(self) -> str:
        """The sum of the real code as Lambda tells it."""
        return base64.b64encode(bytes.fromhex(self.real.digest)).decode()

    def run(self, event: bytes | None) -> None:
        """All stages, in order."""
        real, client = self.real, self.session.client("lambda")
        architectures: list[ArchitectureType] = [real.architecture]  # type: ignore[list-item] # checked when declared
        held = _configure(self.session, self.function, real.runtime, real.handler)
        _update(self.session, self.function, held, real.archive.read_bytes(), architectures)
        self.before = versions(self.session, self.function, code=self._code)
        published = client.publish_version(
            FunctionName=self.function,
            CodeSha256=self._code,
            Description=f"{real.digest[:12]} {real.source or ''}".strip(),
        )["Version"]
        settled(self.session, self.function, published)
        if event is not None:
            self._try(event, published)
        switch(self.session, self.triggers, live=True)
        _mark(self.session, self.function, real, self.held.flipped, event)

    def take_back(self, failed: BaseException) -> None:
        """Restore what was there. When that fails, too, say so beside the cause."""
        live = self.held.flipped.state == "live"
        try:
            if not live:
                switch(self.session, self.triggers, live=False)
            settled(self.session, self.function)
            runtime, handler = (self.held.runtime, self.held.handler) if live else (self.stub_runtime, STUB_HANDLER)
            found = _configure(self.session, self.function, runtime, handler)
            _update(self.session, self.function, found, self.kept, self.held.architectures)
            if self.before is not None:  # it may have been published though nobody answered
                for version in set(versions(self.session, self.function, code=self._code)) - set(self.before):
                    self.session.client("lambda").delete_function(FunctionName=self.function, Qualifier=version)
        except LakonError as again:
            raise ProvisionError(
                f"{self.function} could not be flipped: {failed}",
                hint=f"{self.session.command('flip')} again; what was there could not be restored: {again.what}",
            ) from failed

    def _try(self, event: bytes, version: str) -> None:
        done = invoke(self.session, self.function, event, qualifier=version)
        if done.error is None:
            return
        told = _error(done.payload)
        kind = str(told.get("errorType", ""))
        if event == HEALTH and not (kind.startswith(("Runtime.", "Sandbox.")) or _NEVER_BEGAN.search(done.log)):
            return  # it began, and knows no health checks
        what = f"{kind}: {told.get('errorMessage', '')}".strip(": ")
        raise ProvisionError(
            f"{self.function} failed with its new code: {what or done.error}",
            hint="The function is as it was before.",
            detail=done.log or None,
        )


def _mark(session: Session, function: str, real: Real, before: Flipped, event: bytes | None) -> None:
    """Say in a function's tags what it holds, and whether an event tried it."""
    client, arn = session.client("lambda"), settled(session, function)["FunctionArn"]
    tags = {CODE_TAG: real.digest} | ({SOURCE_TAG: real.source} if real.source else {})
    client.tag_resource(Resource=arn, Tags=tags | ({EVENT_TAG: "none"} if event is None else {}))
    stale = {SOURCE_TAG: real.source is None and before.source is not None}
    stale[EVENT_TAG] = event is not None and not before.tried
    if keys := [key for key, old in stale.items() if old]:
        client.untag_resource(Resource=arn, TagKeys=keys)


def _configure(session: Session, function: str, runtime: str, handler: str) -> FunctionConfigurationResponseTypeDef:
    """Set runtime and handler where they differ; what the function is then."""
    held = settled(session, function)
    if (held.get("Runtime"), held.get("Handler")) == (runtime, handler):
        return held
    named: RuntimeType = runtime  # type: ignore[assignment] # one that Lakon knows
    session.client("lambda").update_function_configuration(FunctionName=function, Runtime=named, Handler=handler)
    return settled(session, function)


def _update(
    session: Session,
    function: str,
    held: FunctionConfigurationResponseTypeDef,
    archive: bytes,
    architectures: list[ArchitectureType],
) -> None:
    """Hand over code and architecture where they differ from what the function holds."""
    digest = base64.b64encode(hashlib.sha256(archive).digest()).decode()
    if (held["CodeSha256"], held["Architectures"]) == (digest, architectures):
        return
    session.client("lambda").update_function_code(FunctionName=function, ZipFile=archive, Architectures=architectures)
    settled(session, function)


def _look(session: Session, function: str) -> _Held:
    settled(session, function)
    answer = session.client("lambda").get_function(FunctionName=function)
    held, tags = answer["Configuration"], answer.get("Tags", {})
    code = tags.get(CODE_TAG)
    own = code is not None and base64.b64decode(held["CodeSha256"]).hex() == code
    configured = held.get("Handler") != STUB_HANDLER
    state: FlipState = "live" if own and configured else "half flipped" if own or configured else "stub"
    return _Held(
        flipped=Flipped(state, code, tags.get(SOURCE_TAG), tried=tags.get(EVENT_TAG) != "none"),
        runtime=held.get("Runtime", ""),
        handler=held.get("Handler", ""),
        architectures=held["Architectures"],
        location=answer["Code"].get("Location", ""),
    )


def _fetched(location: str) -> bytes:
    """The code that a function has now, from where AWS lays it out."""
    with urllib.request.urlopen(location, timeout=60) as answer:  # noqa: S310 - an address that Lambda gave
        content: bytes = answer.read()
    return content


def _error(payload: bytes) -> Mapping[str, object]:
    try:
        told = json.loads(payload)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}

"""The emulator's functions, versions and aliases, as an invocation needs them. Read afresh for each."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import random
import re
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakon.local.inside.concurrency import Key

if TYPE_CHECKING:
    from pathlib import Path

    from lakon.local.inside.link import Json
    from lakon.local.inside.seam import Emulator

# What the Lambda API takes for a function: a name, a partial or a full ARN, each with a qualifier or without.
_REFERENCE = re.compile(
    r"(?:arn:aws[a-z-]*:lambda:(?P<region>[a-z0-9-]+):)?(?:(?P<account>\d{12}):)?(?:function:)?"
    r"(?P<name>[\w-]+)(?::(?P<qualifier>\$LATEST|[\w-]+))?",
    re.ASCII,
)
_CONFIGURATION = (
    "FunctionName", "Version", "Runtime", "Handler", "Timeout", "MemorySize", "Environment", "LoggingConfig",
    "TracingConfig", "EphemeralStorage", "Architectures", "LastModified", "SnapStart",
)  # fmt: skip
_LATEST = "$LATEST"


class InvalidReferenceError(ValueError):
    """A text that names no function at all."""


class MismatchError(ValueError):
    """A reference with one qualifier, asked for with another."""


class NotFoundError(LookupError):
    """There is no such function, version or alias. `arn` names it."""

    def __init__(self, arn: str) -> None:
        super().__init__(f"Function not found: {arn}")


@dataclass(frozen=True, slots=True)
class Target:
    """A function's version, chosen for one invocation. `arn` is what was invoked, with its qualifier if it had one."""

    key: Key
    qualifier: str
    arn: str
    version: str
    function: Json
    record: Json

    @property
    def config(self) -> Json:
        """The version's configuration."""
        config: Json = self.record["config"]
        return config

    @property
    def reserved(self) -> int | None:
        """The function's reserved concurrency."""
        reserved = self.function.get("concurrency")
        return None if reserved is None else int(reserved)

    @property
    def weighted(self) -> bool:
        """Whether it was drawn: its alias means another version at times."""
        alias = (self.function.get("aliases") or {}).get(self.qualifier) or {}
        return bool((alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights"))

    @property
    def event_settings(self) -> Json:
        """The EventInvokeConfig of the qualifier; empty when there is none."""
        settings: Json = self.function.get("event_invoke_configs") or {}
        names = (self.qualifier,) if self.qualifier not in ("", _LATEST) else ("", _LATEST)
        return next((settings[name] for name in names if settings.get(name)), {})


class Records:
    """Finds functions and tells the host of them; their archives go to the folder `archives`, once each."""

    def __init__(self, emulator: Emulator, archives: Path) -> None:
        self._emulator = emulator
        self._archives = archives
        self._stored: set[str] = set()
        self._layer_digests: dict[tuple[str, int], str] = {}
        self._told: dict[Key, None] = {}

    def find(self, reference: str, qualifier: str = "") -> Target:
        """The version that an invocation of `reference` is to run; an alias with weights chooses anew each time.

        NotFoundError, InvalidReferenceError, MismatchError.
        """
        match = _REFERENCE.fullmatch(reference)
        if not match:
            raise InvalidReferenceError(reference)
        if qualifier and match["qualifier"] and qualifier != match["qualifier"]:
            raise MismatchError(reference)
        qualifier = qualifier or match["qualifier"] or ""
        account, region = self._emulator.scope_now
        key = Key(match["account"] or account, match["region"] or region, match["name"])
        arn = f"arn:aws:lambda:{key.region}:{key.account}:function:{key.name}" + (f":{qualifier}" if qualifier else "")
        function = self._emulator.function(key)
        if function is None:
            raise NotFoundError(arn)
        alias = (function.get("aliases") or {}).get(qualifier)
        version = choose(alias) if alias else qualifier or _LATEST
        record = function if version == _LATEST else (function.get("versions") or {}).get(version)
        if record is None:
            raise NotFoundError(arn)
        return Target(key, qualifier, arn, version, function, record)

    def provisioned(self) -> list[tuple[Target, Json]]:
        """The versions with provisioned concurrency, and the settings of it."""
        found = []
        for key, function in self._emulator.all_functions():
            for qualifier, settings in (function.get("provisioned_concurrency") or {}).items():
                with self._emulator.scope(key.account, key.region), suppress(LookupError):
                    found.append((self.find(key.name, qualifier), settings))
        return found

    def describe(self, target: Target, tenant: str = "") -> bytes:
        """What the host is told of a version, as JSON. LookupError when its code or a layer cannot be had."""
        config = target.config
        self._told[target.key] = None
        message = {
            "config": {name: config[name] for name in _CONFIGURATION if name in config},
            "code": self._store(_code(target.record, config), config.get("CodeSha256", "")),
            "layers": self._layers(target),
            "account": target.key.account,
            "region": target.key.region,
        }
        return json.dumps(message | ({"tenant": tenant} if tenant else {}), default=str).encode()

    def gone(self) -> list[str]:
        """The names of the functions that the host was told of and that were deleted since."""
        gone = [key for key in list(self._told) if self._emulator.function(key) is None]
        for key in gone:
            del self._told[key]
        return [key.name for key in gone]

    def _layers(self, target: Target) -> list[str]:
        found = []
        for layer in target.config.get("Layers") or []:
            data = self._emulator.layer(target.key, layer)
            arn = str(layer.get("Arn", layer)) if isinstance(layer, dict) else str(layer)
            if not data:
                raise LookupError(f"layer {arn} of {target.key.name} has no content")
            digest = self._layer_digests.get((arn, len(data)))
            if digest is None:
                digest = self._layer_digests[arn, len(data)] = self._store(data, "")
            found.append(digest)
        return found

    def _store(self, archive: bytes, base64_digest: str) -> str:
        try:
            digest = base64.b64decode(base64_digest, validate=True).hex()
        except binascii.Error:
            digest = ""
        digest = digest or hashlib.sha256(archive).hexdigest()
        if digest not in self._stored:
            partial = self._archives / f"{digest}.{threading.get_ident()}.partial"
            partial.write_bytes(archive)
            partial.replace(self._archives / f"{digest}.zip")
            self._stored.add(digest)
        return digest


def choose(alias: Json) -> str:
    """The version that an invocation of an alias gets: additional versions by their weights, else the alias's own."""
    draw = random.random()  # noqa: S311 - traffic, not secrets
    weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    for version, weight in weights.items():
        draw -= weight
        if draw < 0:
            return str(version)
    return str(alias.get("FunctionVersion") or _LATEST)


def _code(record: Json, config: Json) -> bytes:
    archive = record.get("code_zip")
    if not archive:
        kind = "a container image" if config.get("PackageType") == "Image" else "an archive that is not there"
        raise LookupError(f"the code of {config.get('FunctionName')} is {kind}: it cannot run on this machine")
    if not isinstance(archive, bytes):
        raise LookupError(f"the code of {config.get('FunctionName')} could not be read back")
    return archive

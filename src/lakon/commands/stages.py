"""What `[tool.lakon.stages.NAME]` in pyproject.toml says of a stage, and the values that its inputs get."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from lakon.commands.location import address, settings
from lakon.exceptions import UsageError
from lakon.model.references import SECRET_MARKS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lakon.model.service import Service
    from lakon.settings import Target

_IDENTITIES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
_TEXTS = ("bucket", "profile", "region")
_TABLES = ("parameters", "tags")
_LONGEST_KEY, _LONGEST_VALUE = 128, 256


@dataclass(frozen=True, slots=True)
class StageSettings:
    """Where a stage lives, and what it is given. None and empty where nothing is said.

    `bucket` is False where the stage shall do without one.
    """

    region: str | None = None
    profile: str | None = None
    bucket: str | Literal[False] | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


def stage_settings(program: Path, stage: str) -> StageSettings:
    """What the project of the program at `program` says of a stage. UsageError when that is not as it must be."""
    pyproject = address(program)[0] / "pyproject.toml"
    stages = settings(pyproject).get("stages", {}) if pyproject.is_file() else {}
    said = stages.get(stage, {}) if isinstance(stages, dict) else stages
    table = f"[tool.lakon.stages.{stage}]"
    if not isinstance(said, dict):
        raise UsageError(
            f"the setting of the stage {stage!r} is no table", where=str(pyproject), hint=f"Write: {table}"
        )
    texts: dict[str, str] = {}
    bucketless = False
    tables: dict[str, dict[str, str]] = {}
    for name, value in said.items():
        if name == "bucket" and value is False:
            bucketless = True
        elif name in _TEXTS and isinstance(value, str):
            texts[name] = value
        elif name in _TABLES and isinstance(value, dict) and all(isinstance(each, str) for each in value.values()):
            tables[name] = value
        elif name in (*_TEXTS, *_TABLES):
            kind = "a text" if name in _TEXTS else "a table of texts"
            kind += ", or false" if name == "bucket" else ""
            raise UsageError(f"{name} of {table} is {value!r}", where=str(pyproject), hint=f"It is {kind}.")
        else:
            known = ", ".join((*_TEXTS, *_TABLES))
            raise UsageError(
                f"{table} has no setting {name!r}", where=str(pyproject), hint=f"The settings are: {known}."
            )
    parameters, tags = (tables.get(name, {}) for name in _TABLES)
    bucket: str | Literal[False] | None = False if bucketless else texts.get("bucket")
    return StageSettings(texts.get("region"), texts.get("profile"), bucket, parameters, tags)


def settled(target: Target, program: Path) -> Target:
    """The target with what the project says of its stage, where the target itself says nothing.

    Where a stage lives is not asked of the embedded AWS, nor of another endpoint. Its profile gives way to credentials
    that the environment holds, as in a pipeline, and not to a profile that it names. UsageError for a wrong tag.
    """
    said = stage_settings(program, target.stage)
    identified = any(os.environ.get(name) for name in _IDENTITIES)
    if not target.local and target.endpoint_url is None:
        target = replace(
            target,
            region=target.region or said.region,
            profile=target.profile or (None if identified else said.profile),
            bucket=target.bucket or said.bucket or None,
            bucketless=target.bucketless or (said.bucket is False and target.bucket is None),
        )
    tags = {**said.tags, **target.tags}
    check_tags(tags)
    return replace(target, parameters={**said.parameters, **target.parameters}, tags=tags)


def check_tags(tags: Mapping[str, str]) -> None:
    """UsageError for a tag that AWS refuses, or that Lakon itself gives."""
    for key, value in tags.items():
        if key.lower().startswith(("aws:", "lakon:")):
            owner = "AWS" if key.lower().startswith("aws:") else "Lakon"
            raise UsageError(f"the tag {key!r} is {owner}'s own", hint="Give yours another name.")
        if len(key) > _LONGEST_KEY or len(value) > _LONGEST_VALUE:
            raise UsageError(
                f"the tag {key!r:.60} is too long",
                hint=f"AWS takes {_LONGEST_KEY} characters for a key, and {_LONGEST_VALUE} for a value.",
            )


def checked_values(service: Service, given: Mapping[str, str]) -> dict[str, str]:
    """The values that are given to inputs of the service.

    UsageError for a value that no input has, and one that is not among the choices.
    """
    inputs = {each.name: each for each in service.inputs}
    for name in given:
        if name not in inputs:
            known = f"The inputs are: {', '.join(inputs)}." if inputs else "service.input(...) declares one."
            raise UsageError(f"the service {service.name} has no input {name!r}", hint=known)
        if any(mark in given[name] for mark in SECRET_MARKS):
            raise UsageError(
                f"the input {name!r} is given a reference to a secret",
                hint="What an input holds can be read by many: write lakon.secret(...) where the secret is needed.",
            )
        choices = inputs[name].choices
        if choices and given[name] not in choices:
            raise UsageError(
                f"the input {name!r} is given {given[name]!r}", hint=f"Its choices are: {', '.join(choices)}."
            )
    return dict(given)


def input_values(service: Service, given: Mapping[str, str]) -> dict[str, str]:
    """The value of each input of the service: as given, else its default. UsageError, too, for an input without any."""
    defaults = {each.name: each.default for each in service.inputs if each.default is not None}
    values = {**defaults, **checked_values(service, given)}
    for each in service.inputs:
        if each.name not in values:
            raise UsageError(
                f"the input {each.name!r} has no value",
                hint=f"Give it with --param {each.name}=..., in pyproject.toml, or with a default.",
            )
    return values

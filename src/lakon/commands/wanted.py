"""What a stack shall be, from what was built: the template, its parameters, and the stack's tags."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lakon.commands.stages import check_tags, input_values
from lakon.exceptions import UsageError
from lakon.provision.artifacts import archive_key
from lakon.provision.changes import Wanted
from lakon.synth.functions import BUCKET_PARAMETER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakon.commands.build import Build
    from lakon.commands.program import Program
    from lakon.settings import Target

SERVICE_TAG = "lakon:service"
STAGE_TAG = "lakon:stage"
_MAX_DESCRIPTION = 256


def without_bucket(program: Program, target: Target) -> bool:
    """Whether the target shall do without an artifact bucket: it says so, or, on AWS, the service does."""
    return target.bucketless or (not program.service.with_bucket and not target.local and target.bucket is None)


def wanted(program: Program, target: Target, built: Build, store: str | None) -> Wanted:
    """What the stack of the program shall be, its archives lying in the bucket `store`; None for one with stubs.

    UsageError when the service's inputs are not given as they must be.
    """
    archives = {} if built.stubs else {name: archive_key(archive.path) for name, archive in built.archives.items()}
    bucket = {BUCKET_PARAMETER: store} if archives and store else {}
    parameters = {**archives, **bucket, **input_values(program.service, target.parameters)}
    _check_versions(built, parameters)
    return Wanted(built.synthesis.text, parameters, stack_tags(program, target), store)


def _check_versions(built: Build, parameters: Mapping[str, str]) -> None:
    """UsageError when a version would be described by more than Lambda takes: inputs make it, and have no end."""
    for name, resource in built.synthesis.resources.items():
        match resource:
            case {"Type": "AWS::Lambda::Version", "Properties": {"Description": {"Fn::Sub": str(text)}}}:
                told = re.sub(r"\$\{(\w+)\}", lambda named: parameters.get(named[1], named[0]), text)
                if len(told) > _MAX_DESCRIPTION:
                    raise UsageError(
                        f"a version would be described by {len(told)} characters, and Lambda takes {_MAX_DESCRIPTION}",
                        where=built.synthesis.origins.get(name),
                        hint="What makes a function's versions describes them, its inputs too. Give shorter values, or "
                        "keep the long ones in a parameter: service.parameter(...).",
                    )


def stack_tags(program: Program, target: Target) -> dict[str, str]:
    """The tags of the program's stack: the service's, the target's, and Lakon's own. UsageError for a wrong one."""
    check_tags(target.tags)
    return {**program.service.tags, **target.tags, SERVICE_TAG: program.service.name, STAGE_TAG: target.stage}

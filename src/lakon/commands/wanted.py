"""What a stack shall be, from what was built: the template, its parameters, and the stack's tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakon.commands.stages import input_values
from lakon.provision.artifacts import archive_key
from lakon.provision.changes import Wanted
from lakon.synth.functions import BUCKET_PARAMETER

if TYPE_CHECKING:
    from lakon.commands.build import Build
    from lakon.commands.program import Program
    from lakon.settings import Target

SERVICE_TAG = "lakon:service"
STAGE_TAG = "lakon:stage"


def wanted(program: Program, target: Target, built: Build, store: str) -> Wanted:
    """What the stack of the program shall be, its archives lying in the bucket `store`.

    UsageError when the service's inputs are not given as they must be.
    """
    archives = {name: archive_key(archive.path) for name, archive in built.archives.items()}
    bucket = {BUCKET_PARAMETER: store} if archives else {}
    parameters = {**archives, **bucket, **input_values(program.service, target.parameters)}
    tags = {**program.service.tags, **target.tags, SERVICE_TAG: program.service.name, STAGE_TAG: target.stage}
    return Wanted(built.synthesis.text, parameters, tags, store)

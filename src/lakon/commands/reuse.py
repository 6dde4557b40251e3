"""Archives that were built before, shipped again: from the folder of a build, or from another stage's stack.

The template is made anew for the stage that they go to, which is quick and needs no build. So that archives and
template belong together, the program at hand must make just the template that the archives were shipped with.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from typing import TYPE_CHECKING

from lakon.build.archive import Archive
from lakon.build.disk import written_beside
from lakon.build.output import is_output
from lakon.commands.build import Build
from lakon.commands.places import build_folder, reach, start
from lakon.commands.program import load
from lakon.commands.provision import put
from lakon.commands.wanted import without_bucket
from lakon.exceptions import UsageError
from lakon.provision.deployed import deployed, read
from lakon.provision.status import missing
from lakon.synth.functions import BUCKET_PARAMETER
from lakon.synth.limits import check_limits
from lakon.synth.synthesis import synthesize

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from lakon.commands.program import Program
    from lakon.commands.provision import Approve, Provisioned
    from lakon.provision.deployed import Deployed
    from lakon.provision.session import Session
    from lakon.report import Reporter
    from lakon.settings import Target
    from lakon.synth.synthesis import Synthesis


def provision_from(
    folder: Path,
    app: Path,
    target: Target,
    reporter: Reporter,
    *,
    bucket: str | None = None,
    approve: Approve | None = None,
) -> Provisioned:
    """Make the stack what the program at `app` says, with the archives that `lakon build` left in `folder`.

    Raises UsageError for a folder that holds no build, or not one of this program for this place; and what
    `provision` raises.
    """
    program, built = _built(folder, app, target)
    session = start(program, target, reporter)
    return put(program, target, built, session, reporter, bucket=bucket, approve=approve)


def promote(
    app: Path, source: Target, target: Target, reporter: Reporter, *, approve: Approve | None = None
) -> Provisioned:
    """Ship the archives that the stage of `source` runs to that of `target`, with the target's own inputs and tags.

    Raises UsageError when the program at `app` is not what the source runs; ProvisionError when there is no such stack.
    """
    program = load(app, target.stage)
    there = reach(program, source)
    name = program.stack(source.stage)
    before = deployed(there, name)
    if before is None:
        raise missing(there, name)
    _same_program(app, source.stage, before.template, f"what {name} runs")
    synthesis = _synthesis(program, target)
    session = start(program, target, reporter)
    archives = _fetched(
        there, before, (*synthesis.archives, *synthesis.layers), build_folder(program, target), reporter
    )
    built = Build(build_folder(program, target), synthesis, archives)
    return put(program, target, built, session, reporter, bucket=target.bucket, approve=approve)


def _built(folder: Path, app: Path, target: Target) -> tuple[Program, Build]:
    if not is_output(folder):
        raise UsageError(f"{folder} holds no build", hint="`lakon build --output FOLDER` makes one.")
    manifest = json.loads((folder / "manifest.json").read_bytes())
    program = load(app, target.stage)
    if manifest["service"] != program.service.name:
        raise UsageError(f"{folder} holds a build of {manifest['service']}, and not of {program.service.name}")
    if manifest["local"] is not target.local:
        right = "with --local" if target.local else "without --local"
        raise UsageError(f"{folder} holds a build for another place", hint=f"Build it {right}.")
    _same_program(app, manifest["stage"], json.loads((folder / "template.json").read_bytes()), f"what {folder} holds")
    archives = {name: _archive(folder / facts["file"]) for name, facts in manifest["archives"].items()}
    return program, Build(folder, _synthesis(program, target), archives)


def _same_program(app: Path, stage: str, template: Mapping[str, object], what: str) -> None:
    """Hold the program against the template that the archives were shipped with."""
    program = load(app, stage)
    if json.loads(synthesize(program.service, stage=stage, root=str(program.root)).text) != template:
        raise UsageError(f"the program declares something else than {what}", hint="Check out the source of that build.")


def _synthesis(program: Program, target: Target) -> Synthesis:
    if without_bucket(program, target):
        raise UsageError(
            "a stack without a bucket takes no archives", hint="`lakon flip` brings code to its functions."
        )
    root = str(program.root)
    synthesis = synthesize(program.service, stage=target.stage, root=root)
    check_limits(synthesis, program.service, root=root)
    return synthesis


def _fetched(
    session: Session, before: Deployed, names: Iterable[str], folder: Path, reporter: Reporter
) -> dict[str, Archive]:
    """The archives of a stack by its parameters, brought into `folder` unless they lie there already."""
    parameters = before.stack.parameters
    keys = {name: parameters[name] for name in names if name in parameters}
    files = {name: folder / key.rpartition("/")[2] for name, key in keys.items()}
    folder.mkdir(parents=True, exist_ok=True)
    for name, file in files.items():
        if not file.exists():
            with reporter.step(f"fetching {file.name}"), written_beside(folder) as part:
                part.write_bytes(read(session, parameters[BUCKET_PARAMETER], keys[name]))
                part.replace(file)
    return {name: _archive(file) for name, file in files.items()}


def _archive(file: Path) -> Archive:
    """An archive that was built before. UsageError when it is not there, or not what its name says."""
    if not file.exists():
        raise UsageError("an archive of the build is not there", where=str(file), hint="Build it again.")
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != file.stem:
        raise UsageError("the archive is not what its name says", where=str(file), hint="Build it again.")
    with zipfile.ZipFile(file) as opened:
        unpacked = sum(each.file_size for each in opened.infolist())
    return Archive(file, digest, len(content), unpacked, ())

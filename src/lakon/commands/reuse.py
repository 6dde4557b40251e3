"""Archives that were built before, shipped again: from the folder of a build, or from another stage's stack.

The template is made anew for the stage that they go to, which is quick and needs no build. So that archives and
template belong together, the program at hand must make just the template that the archives were shipped with.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lakon.build.archive import Archive
from lakon.build.disk import written_beside
from lakon.build.output import is_output
from lakon.commands.build import Build
from lakon.commands.diff import differing
from lakon.commands.fronts import addresses
from lakon.commands.places import build_folder, reach, start
from lakon.commands.program import load
from lakon.commands.provision import put
from lakon.commands.sites import published_files, site_files
from lakon.commands.wanted import without_bucket
from lakon.exceptions import ProvisionError, UsageError
from lakon.provision.deployed import deployed, read
from lakon.provision.stack import DONE
from lakon.provision.status import missing
from lakon.synth.functions import BUCKET_PARAMETER
from lakon.synth.limits import check_limits
from lakon.synth.nesting import split
from lakon.synth.synthesis import synthesize

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from lakon.commands.diff import StackDifference
    from lakon.commands.program import Program
    from lakon.commands.provision import Approve, Provisioned
    from lakon.commands.sites import Files
    from lakon.provision.deployed import Deployed
    from lakon.provision.session import Session
    from lakon.report import Reporter
    from lakon.settings import Target
    from lakon.synth.synthesis import Synthesis


@dataclass(frozen=True, slots=True)
class Shipment:
    """What was built before, on its way to a stack: made for the `target` that it goes to."""

    program: Program
    target: Target
    session: Session
    built: Build
    pages: Files

    def provision(self, reporter: Reporter, *, bucket: str | None, approve: Approve | None) -> Provisioned:
        """Make the stack what was built. Raises what `provision` raises."""
        return put(
            self.program,
            self.target,
            self.built,
            self.session,
            reporter,
            bucket=bucket,
            approve=approve,
            pages=self.pages,
        )

    def difference(self, *, bucket: str | None) -> StackDifference:
        """What that would change; nothing is changed."""
        return differing(self.session, self.program, self.target, self.built, bucket)


def from_folder(folder: Path, app: Path, target: Target, reporter: Reporter) -> Shipment:
    """The archives and pages that `lakon build` left in `folder`, for the stack of the program at `app`.

    Raises UsageError for a folder that holds no build, or not one of this program for this place.
    """
    manifest, template = _manifest(folder)
    program = load(app, target.stage)
    if manifest["service"] != program.service.name:
        raise UsageError(f"{folder} holds a build of {manifest['service']}, and not of {program.service.name}")
    if manifest["local"] is not target.local:
        right = "with --local" if target.local else "without --local"
        raise UsageError(f"{folder} holds a build for another place", hint=f"Build it {right}.")
    _same_program(app, replace(target, stage=manifest["stage"]), template, f"what {folder} holds")
    synthesis = _synthesis(program, target)
    files = {name: folder / facts["file"] for name, facts in manifest["archives"].items()}
    _complete(program, target, synthesis, files, str(folder))
    archives = {name: _archive(files[name]) for name in _needed(synthesis)}
    session = start(program, target, reporter)
    return Shipment(program, target, session, Build(folder, synthesis, archives), site_files(program, session, folder))


def from_stage(app: Path, source: Target, target: Target, reporter: Reporter) -> Shipment:
    """The archives and pages of the stage of `source`, for the stack of that of `target`.

    Raises UsageError when the program at `app` is not what the source runs; ProvisionError when there is no such stack,
    or it does not rest.
    """
    program = load(app, target.stage)
    there = reach(program, source)
    name = program.stack(source.stage)
    before = deployed(there, name)
    if before is None:
        raise missing(there, name)
    if before.stack.state not in DONE:
        raise ProvisionError(
            f"the stack {name} is in {before.stack.state}: what it runs is not sure",
            hint=f"{there.command('status')} shows how it fares.",
        )
    _same_program(app, source, before.template, f"what {name} runs")
    synthesis, folder = _synthesis(program, target), build_folder(program, target)
    _complete(program, target, synthesis, before.stack.parameters, name)
    session = start(program, target, reporter)
    archives = _fetched(there, before, _needed(synthesis), folder, reporter)
    pages = published_files(program, there, before.stack.outputs, folder)
    return Shipment(program, target, session, Build(folder, synthesis, archives), pages)


def _manifest(folder: Path) -> tuple[dict[str, Any], Mapping[str, object]]:
    if not is_output(folder):
        raise UsageError(f"{folder} holds no build", hint="`lakon build --output FOLDER` makes one.")
    try:
        template: Mapping[str, object] = json.loads((folder / "template.json").read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(
            "the template of the build cannot be read", where=str(folder / "template.json"), hint="Build it again."
        ) from error
    return json.loads((folder / "manifest.json").read_bytes()), template


def _same_program(app: Path, target: Target, template: Mapping[str, object], what: str) -> None:
    """Hold the program against the template that the archives were shipped with, as it is at `target`.

    That is the whole, or the root of those that a folder holds.
    """
    program = load(app, target.stage)
    root, shifting = str(program.root), not target.local
    with program.at_hand():
        made = synthesize(
            program.service, stage=target.stage, root=root, addresses=addresses(program, target), shifting=shifting
        )
    whole = json.loads(made.text)
    if template not in (whole, split(whole).root):
        raise UsageError(f"the program declares something else than {what}", hint="Check out the source of that build.")


def _synthesis(program: Program, target: Target) -> Synthesis:
    if without_bucket(program, target):
        raise UsageError(
            "a stack without a bucket takes no archives",
            hint=f"{target.command('flip')} brings code to its functions.",
        )
    root = str(program.root)
    shifting, known = not target.local, addresses(program, target)
    with program.at_hand():
        synthesis = synthesize(program.service, stage=target.stage, root=root, addresses=known, shifting=shifting)
    check_limits(synthesis, program.service, root=root)
    return synthesis


def _needed(synthesis: Synthesis) -> list[str]:
    """The template's parameters that archives are given for."""
    return [*synthesis.archives, *synthesis.layers]


def _complete(program: Program, target: Target, synthesis: Synthesis, there: Collection[str], what: str) -> None:
    """Refuse, before anything is sent, a stage whose program needs an archive that was not built for the other."""
    lacking = [name for name in _needed(synthesis) if name not in there]
    if not lacking:
        return
    code = synthesis.archives.get(lacking[0])
    named = [each for each in program.service.functions if code is not None and each.name in code.functions]
    who = f"the function {named[0].name!r} ({named[0].architecture})" if named else f"the layer {lacking[0]}"
    raise UsageError(
        f"{who} of the stage {target.stage} needs code that {what} has not",
        where=named[0].origin.place(str(program.root)) if named else None,
        hint=f"Stages that archives go between need the same ones: build {target.stage} by itself, or make it alike.",
    )


def _fetched(
    session: Session, before: Deployed, names: Iterable[str], folder: Path, reporter: Reporter
) -> dict[str, Archive]:
    """The archives of a stack by its parameters, brought into `folder` unless they lie there already."""
    parameters = before.stack.parameters
    keys = {name: parameters[name] for name in names}
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

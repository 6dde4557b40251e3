"""`lakon build`: archives and template on disk, nothing sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakon.build.disk import told_plainly
from lakon.build.output import NESTED, write_output
from lakon.commands.archives import build_archives
from lakon.commands.fronts import addresses
from lakon.commands.places import build_folder
from lakon.commands.sites import keep_pages
from lakon.commands.stages import checked_values
from lakon.exceptions import BuildError, UsageError
from lakon.settings import make_project_state
from lakon.synth.functions import BUCKET_PARAMETER
from lakon.synth.limits import check_limits
from lakon.synth.quotas import INLINE_TEMPLATE
from lakon.synth.synthesis import Synthesis, synthesize
from lakon.synth.template import template_text
from lakon.synth.traffic import has_alias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lakon.build.archive import Archive
    from lakon.commands.program import Program
    from lakon.report import Reporter
    from lakon.settings import Target


@dataclass(frozen=True, slots=True)
class Build:
    """What a build left in `folder`: the template and, for each parameter of it, an archive.

    With `stubs` the template has no such parameters: the archives go to Lambda beside CloudFormation.
    """

    folder: Path
    synthesis: Synthesis
    archives: Mapping[str, Archive]
    stubs: bool = False


def build(
    program: Program,
    target: Target,
    reporter: Reporter,
    *,
    folder: Path | None = None,
    bucket: str | None = None,
    stubs: bool = False,
    pages: bool = False,
) -> Build:
    """Check the program, make its template, build its archives, and write all that into `folder`.

    `bucket` is written down as the one that will hold the archives, for whoever deploys the folder. With `stubs` the
    template needs no bucket. With `pages` the files of sites are brought along.

    For the embedded AWS the archives are built for this machine. Raises ProgramError, BuildError, and UsageError for a
    folder in which the program itself stands, and for a layer with `stubs`.
    """
    service, root = program.service, str(program.root)
    if stubs and (aliased := [function for function in service.functions if has_alias(function)]):
        raise UsageError(
            f"the alias of {aliased[0].name!r} cannot follow code that comes without a bucket",
            where=aliased[0].origin.place(root),
            hint="Leave out traffic= and provisioned_concurrency=, or provision with a bucket.",
        )
    if stubs and service.layer:
        raise UsageError(
            "dependencies cannot lie in a layer without a bucket",
            where=service.origin.place(root),
            hint="Leave out layer=True: then they are in each archive.",
        )
    with program.at_hand():
        synthesis = synthesize(
            service,
            stage=target.stage,
            root=root,
            addresses=addresses(program, target),
            stubs=stubs,
            shifting=not target.local,
        )
    if stubs:
        _check_inline(synthesis.text)
    divided = check_limits(synthesis, service, root=root)
    given = checked_values(service, target.parameters)
    folder = _output(program, target, folder)
    archives = build_archives(program, synthesis, folder, reporter, host=target.local)
    facts = {"service": service.name, "stage": target.stage, "python": service.python, "local": target.local}
    held = {BUCKET_PARAMETER: bucket} if bucket and archives else {}
    write_output(folder, template_text(divided.root), archives, facts, {**held, **given}, divided.texts)
    if pages:
        keep_pages(program, folder)
    return Build(folder, synthesis, archives, stubs)


def _check_inline(template: str) -> None:
    """Refuse, before anything is built, what CloudFormation takes only from a bucket."""
    size = len(template.encode())
    if size > INLINE_TEMPLATE:
        raise UsageError(
            f"the template has {size:,} bytes, and CloudFormation takes no more than {INLINE_TEMPLATE:,} without a "
            "bucket",
            hint="Provision with a bucket, or split the service.",
        )


def _output(program: Program, target: Target, named: Path | None) -> Path:
    if named is None:
        folder = build_folder(program, target)
        if target.state is None:
            with told_plainly("write the output folder", folder):
                make_project_state(program.root)
        return folder
    if program.path.is_relative_to(named.resolve()):
        raise UsageError(
            "the program itself stands in the output folder",
            where=str(named),
            hint="Name a folder of its own, such as --output out.",
        )
    return named


def lint(folder: Path) -> tuple[list[str], list[str]]:
    """The errors and the warnings that cfn-lint finds in the templates in `folder`, a line each.

    BuildError when cfn-lint is not installed.
    """
    try:
        from cfnlint import api  # type: ignore[import-untyped]  # cfn-lint ships no types
    except ImportError as error:
        raise BuildError(
            "cfn-lint is not installed", hint="Install it with Lakon: pip install 'lakon[lint]'"
        ) from error
    templates = [folder / "template.json", *sorted((folder / NESTED).glob("*.json"))]
    said = {
        f"{match.rule.id} {'/'.join(map(str, match.path or []))}: {match.message}": match.rule.id.startswith("E")
        for template in templates
        for match in api.lint_file(template)
    }
    return [line for line, error in said.items() if error], [line for line, error in said.items() if not error]

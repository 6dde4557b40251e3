"""The sites of a program: their files, found before anything is made, and published when the stack is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakon.build.sites import SiteFile
    from lakon.commands.program import Program
    from lakon.model.sites import Site
    from lakon.provision.session import Session
    from lakon.report import Reporter

    Files = list[tuple[Site, dict[str, SiteFile]]]


def site_files(program: Program, session: Session) -> Files:
    """The files of every site. Raises ProgramError and ProvisionError for sites that could not be published."""
    if not program.service.sites:
        return []
    from lakon.build.sites import files_of  # not for programs without a site
    from lakon.provision.sites import check_region

    root = str(program.root)
    check_region(session, program.service.sites, root)
    return [(site, files_of(site, program.path.parent, root)) for site in program.service.sites]


def publish_sites(files: Files, session: Session, outputs: Mapping[str, str], reporter: Reporter) -> None:
    """Bring the files into the buckets of the stack whose `outputs` these are."""
    if files:
        from lakon.provision.sites import publish  # not for programs without a site

        for site, its in files:
            publish(session, site, its, outputs, reporter)

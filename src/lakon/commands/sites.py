"""The sites of a program: their files, found before anything is made, and published when the stack is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakon.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from lakon.build.sites import SiteFile
    from lakon.commands.program import Program
    from lakon.model.sites import Site
    from lakon.provision.session import Session
    from lakon.report import Reporter

    Files = list[tuple[Site, dict[str, SiteFile]]]


PAGES = "sites"


def folder_of(program: Program, site: Site) -> Path:
    """Where the files of a site lie: its folder is named relative to the program's file."""
    return program.path.parent / site.folder


def has_pages(program: Program, saved: Iterable[Path]) -> bool:
    """Whether one of the `saved` files lies in the folder of a site."""
    folders = [folder_of(program, site) for site in program.service.sites]
    return any(path.is_relative_to(folder) for path in saved for folder in folders)


def site_files(program: Program, session: Session, folder: Path | None = None) -> Files:
    """The files of every site: the project's, or those that `keep_pages` left in the `folder` of a build.

    Raises ProgramError and ProvisionError for sites that could not be published; UsageError for a folder without them.
    """
    if not program.service.sites:
        return []
    from lakon.build.sites import files_of  # not for programs without a site
    from lakon.provision.sites import check_region

    root = str(program.root)
    check_region(session, program.service.sites, root)
    if folder is None:
        return [(site, files_of(site, folder_of(program, site), root)) for site in program.service.sites]
    for site in program.service.sites:
        if not (folder / PAGES / site.id).is_dir():
            raise UsageError(
                f"{folder} holds no pages of the site {site.id!r}",
                hint="`lakon build` keeps them there: build it again.",
            )
    return [(site, files_of(site, folder / PAGES / site.id, root)) for site in program.service.sites]


def keep_pages(program: Program, folder: Path) -> None:
    """Copy the files of every site into the `folder` of a build. Raises ProgramError for a site without files."""
    if not program.service.sites:
        return
    import shutil  # not for programs without a site

    from lakon.build.sites import files_of

    for site in program.service.sites:
        top, kept = folder_of(program, site), folder / PAGES / site.id
        files = {file.content for file in files_of(site, top, str(program.root)).values()}
        shutil.rmtree(kept, ignore_errors=True)
        for file in files:
            if not isinstance(file, bytes):
                target = kept / file.relative_to(top)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)


def published_files(program: Program, session: Session, outputs: Mapping[str, str], folder: Path) -> Files:
    """The files that the sites of a stack show, brought into `folder`; `outputs` are the stack's."""
    if not program.service.sites:
        return []
    from lakon.provision.sites import held  # not for programs without a site

    return [(site, held(session, site, outputs, folder / PAGES)) for site in program.service.sites]


def publish_sites(files: Files, session: Session, outputs: Mapping[str, str], reporter: Reporter) -> tuple[str, ...]:
    """Bring the files into the buckets of the stack whose `outputs` these are; the ids of the sites that changed."""
    if not files:
        return ()
    from lakon.provision.sites import publish  # not for programs without a site

    done = {site.id: publish(session, site, its, outputs, reporter) for site, its in files}
    return tuple(name for name, publication in done.items() if publication.sent or publication.removed)

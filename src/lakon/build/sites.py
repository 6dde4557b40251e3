"""The files of a static site: which of a folder belong to it, under which keys, and with which headers."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from lakon.exceptions import ProgramError
from lakon.pages import MANIFEST, belongs, cache_control, content_type

if TYPE_CHECKING:
    from pathlib import Path

    from lakon.model.sites import Site


@dataclass(frozen=True, slots=True)
class SiteFile:
    """One file: what it holds, or the place where it lies, and the headers that browsers get with it."""

    content: Path | bytes
    content_type: str
    cache_control: str

    def read(self) -> bytes:
        """What it holds."""
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()

    def fingerprint(self) -> str:
        """A digest that changes with the content and with the headers."""
        digest = sha256(f"{self.content_type}\n{self.cache_control}\n".encode())
        digest.update(self.read())
        return digest.hexdigest()


def files_of(site: Site, top: Path, root: str) -> dict[str, SiteFile]:
    """The files of a site by their keys, without `/manifest.json`, which only a stack can tell.

    They lie in the folder `top`; places are told relative to `root`. Hidden files stay at home, but for `.well-known`.
    A website bucket knows no clean URLs: there a page also lies under its name without `.html`.

    Raises:
        ProgramError: there is no such folder, it holds no files, or one that Lakon makes.

    """
    where = site.origin.place(root)
    if not top.is_dir():
        raise ProgramError(f"the site {site.id!r} has no folder {site.folder}", where=where, hint=f"Make {top}.")
    files = {}
    for file in sorted(top.rglob("*")):
        key = file.relative_to(top).as_posix()
        if file.is_file() and belongs(key, site.exclude):
            files[key] = SiteFile(file, content_type(key), cache_control(key, site.cache))
    if MANIFEST in files:
        raise ProgramError(
            f"the site {site.id!r} has a file {MANIFEST}, which Lakon makes",
            where=where,
            hint="Rename it: the manifest of an installable page may be called app.webmanifest.",
        )
    if not files:
        raise ProgramError(f"the folder {site.folder} of the site {site.id!r} is empty", where=where)
    if site.clean_urls and not site.cdn:
        pages = {key.removesuffix(".html"): file for key, file in files.items() if key.endswith(".html")}
        files = {**pages, **files}
    return files

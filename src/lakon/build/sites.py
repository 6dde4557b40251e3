"""The files of a static site: which of a folder belong to it, under which keys, and with which headers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import sha256
from mimetypes import MimeTypes
from pathlib import Path
from typing import TYPE_CHECKING

from lakon.exceptions import ProgramError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakon.model.sites import Site

MANIFEST = "manifest.json"

ANEW = "no-cache"
A_YEAR = "public, max-age=31536000, immutable"
AN_HOUR = "public, max-age=3600"

_KINDS = MimeTypes()  # Python's own table: the machine's would make the same site another on another machine
_LATER = {
    ".avif": "image/avif",
    ".js": "text/javascript",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".otf": "font/otf",
    ".ttf": "font/ttf",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xml": "text/xml",
}
_HASHED = re.compile(r"[.-]([0-9a-f]{8,}|[A-Za-z0-9_]{8,})\.[^/]+")
_SHOWN = ".well-known"


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


def belongs(key: str, exclude: tuple[str, ...]) -> bool:
    """Whether a file of the folder is one of the site."""
    parts = key.split("/")
    hidden = any(part.startswith(".") and part != _SHOWN for part in parts)
    return not hidden and not any(fnmatchcase(key, pattern) or fnmatchcase(parts[-1], pattern) for pattern in exclude)


def content_type(key: str) -> str:
    """What browsers take the file for; texts are UTF-8."""
    suffix = Path(key).suffix.lower()
    kind = _LATER.get(suffix) or _KINDS.guess_type(key)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def cache_control(key: str, said: Mapping[str, str]) -> str:
    """How long browsers keep the file: as `said` for the first pattern that fits.

    Otherwise pages are asked for anew each time, what carries a hash of its content in its name is kept for a year,
    and all else for an hour.
    """
    name = key.rpartition("/")[2]
    for pattern, header in said.items():
        if fnmatchcase(key, pattern) or fnmatchcase(name, pattern):
            return header
    if name.endswith((".html", ".htm", ".webmanifest")) or name in (MANIFEST, "service-worker.js", "sw.js"):
        return ANEW
    hashed = _HASHED.search(name)
    return A_YEAR if hashed and _is_hash(hashed[1]) else AN_HOUR


def _is_hash(text: str) -> bool:
    """Whether it looks like a digest, and not like a word or a date: a mistake would be kept for a year."""
    digits, lower, upper = (any(test(letter) for letter in text) for test in (str.isdigit, str.islower, str.isupper))
    if re.fullmatch("[0-9a-f]+", text):
        return digits and lower
    return digits and lower and upper

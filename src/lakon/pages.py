"""What browsers are told of the files of a site, on AWS and on this machine: rules, without a look at any file."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from mimetypes import MimeTypes
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

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


def belongs(key: str, exclude: tuple[str, ...]) -> bool:
    """Whether a file of the folder is one of the site."""
    parts = key.split("/")
    hidden = any(part.startswith(".") and part != _SHOWN for part in parts)
    return not hidden and not any(fnmatchcase(key, pattern) or fnmatchcase(parts[-1], pattern) for pattern in exclude)


def content_type(key: str) -> str:
    """What browsers take the file for; texts are UTF-8."""
    suffix = PurePosixPath(key).suffix.lower()
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

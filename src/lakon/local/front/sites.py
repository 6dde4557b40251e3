"""Static sites, served from their folder as CloudFront and the bucket behind it would serve them."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from lakon.local.front.gateway import Gateway
from lakon.local.front.requests import Answer
from lakon.pages import ANEW, MANIFEST, belongs, cache_control, content_type

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lakon.local.front.access import AccessLog
    from lakon.local.front.functions import Functions
    from lakon.local.front.plan import Plan
    from lakon.local.front.requests import Asked, Pairs
    from lakon.local.front.tokens import Issuers

RELOAD_PATH = "/_lakon/reload"
_SCRIPT = f"<script>new EventSource({RELOAD_PATH!r}).addEventListener('saved', () => location.reload())</script>"
_SECURITY = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "SAMEORIGIN"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
]
_BEAT = 15.0  # seconds between two signs of life to a page that waits


class SiteDoor(Gateway):
    """The files of one site. Where pages load again when files are saved, browsers keep nothing."""

    max_body = 0

    def __init__(self, plan: Plan, functions: Functions, issuers: Issuers, log: AccessLog | None) -> None:
        super().__init__(plan, functions, issuers, log)
        if plan.folder is None:
            raise ValueError("a site has a folder")
        self._site = plan.folder
        self._root = Path(plan.folder.path).resolve()
        self._pages: set[asyncio.Event] = set()

    def take_over(self, before: Gateway) -> None:
        """Go on with the pages that wait."""
        if isinstance(before, SiteDoor):
            self._pages = before._pages

    def saved(self) -> None:
        """Let every open page load again."""
        for page in self._pages:
            page.set()

    async def answer(self, asked: Asked) -> Answer:
        """A file, or what stands for files that are not there."""
        if asked.method not in ("GET", "HEAD"):
            return Answer(403, [("content-type", "text/plain; charset=utf-8")], b"a site is only read\n")
        path = asked.decoded_path
        if path == RELOAD_PATH and self._site.reload:
            return Answer(200, [("content-type", "text/event-stream"), ("cache-control", "no-store")], self._saves())
        if path == f"/{MANIFEST}":
            return _found("application/json", ANEW, self._site.manifest.encode(), asked)
        if file := self._file(self._routed(path)):
            return self._served(file, asked, 200)
        if self._site.single_page and (file := self._file(f"/{self._site.index}")):
            return self._served(file, asked, 200)
        if self._site.error and (file := self._file(f"/{self._site.error}")):
            return self._served(file, asked, 404)
        return Answer(404, [("content-type", "text/plain; charset=utf-8")], b"there is no such page\n")

    def _routed(self, path: str) -> str:
        if path.endswith("/"):
            return path + self._site.index
        if self._site.clean_urls and "." not in path.rpartition("/")[2]:
            return f"{path}.html"
        return path

    def _file(self, path: str) -> Path | None:
        """The file for a path of the site; None for what is not there, or stays at home."""
        try:
            file = (self._root / path.lstrip("/")).resolve()
            key = file.relative_to(self._root).as_posix()
        except (ValueError, OSError):
            return None
        return file if belongs(key, self._site.exclude) and file.is_file() else None

    def _served(self, file: Path, asked: Asked, status: int) -> Answer:
        key = file.relative_to(self._root).as_posix()
        kind, content = content_type(key), file.read_bytes()
        if kind.startswith("text/html") and self._site.reload:
            head, end, tail = content.rpartition(b"</body>")
            content = head + _SCRIPT.encode() + end + tail if end else content + _SCRIPT.encode()
        kept = ANEW if self._site.reload else cache_control(key, self._site.cache)
        return _found(kind, kept, content, asked, status)

    async def _saves(self) -> AsyncIterator[bytes]:
        page = asyncio.Event()
        self._pages.add(page)
        try:
            yield b": waiting\n\n"
            while True:
                try:
                    await asyncio.wait_for(page.wait(), _BEAT)
                except TimeoutError:
                    yield b": waiting\n\n"
                else:
                    page.clear()
                    yield b"event: saved\ndata: \n\n"
        finally:
            self._pages.discard(page)


def _found(kind: str, kept: str, content: bytes, asked: Asked, status: int = 200) -> Answer:
    tag = f'"{sha256(content).hexdigest()[:32]}"'
    headers: Pairs = [("content-type", kind), ("cache-control", kept), ("etag", tag), *_SECURITY]
    if status == 200 and asked.header("if-none-match") == tag:
        return Answer(304, headers)
    return Answer(status, headers, content)

"""The page on which an API's OpenAPI document is read and tried, beside the API itself: at `/_lakon/`.

It comes from the API's own origin, so that a browser needs no leave to try; and it needs nothing of the internet.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lakon.local.front.requests import Answer

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable

    from lakon.local.front.requests import Asked
    from lakon.local.front.server import Door

PAGE_PATH = "/_lakon/"
_PAGE = Path(__file__).with_name("page.html")


class Described:
    """A door, with its document and a page for it."""

    def __init__(self, door: Door, document: str) -> None:
        self._door = door
        self._document = document
        self.max_body = door.max_body

    async def answer(self, asked: Asked) -> Answer:
        """The page, the document, or what the door answers."""
        if asked.method in ("GET", "HEAD"):
            if asked.path == PAGE_PATH:
                return Answer(200, [("content-type", "text/html; charset=utf-8")], _PAGE.read_bytes())
            if asked.path == f"{PAGE_PATH}openapi.json":
                return Answer(200, [("content-type", "application/json")], self._document.encode())
        return await self._door.answer(asked)

    async def connect(self, asked: Asked, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """As the door does."""
        await self._door.connect(asked, receive, send)

    def saved(self) -> None:
        """As the door does."""
        self._door.saved()

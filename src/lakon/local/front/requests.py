"""What comes in and what goes out, whichever door it is."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from random import getrandbits
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote, unquote_plus

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Pairs: TypeAlias = list[tuple[str, str]]


def request_id() -> str:
    """An id as `uuid4` makes them, but without asking the kernel for each: it names a request, and is no secret."""
    text = f"{getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[getrandbits(2)]}{text[17:20]}-{text[20:]}"


@dataclass(slots=True)
class Asked:
    """A request. `path` and `query` are as they were sent, encoded; header names are in lower case."""

    method: str
    path: str
    query: str
    headers: Pairs
    body: bytes
    client: str
    protocol: str = "HTTP/1.1"
    id: str = field(default_factory=request_id)
    time: float = field(default_factory=time.time)

    def header(self, name: str) -> str | None:
        """The header's value, or several joined by commas; None when it is not there."""
        values = [value for each, value in self.headers if each == name]
        return ",".join(values) if values else None

    @property
    def decoded_path(self) -> str:
        """The path, decoded."""
        return unquote(self.path) if "%" in self.path else self.path

    def parameters(self) -> Pairs:
        """The parameters of the query, decoded, in their order."""
        if not self.query:
            return []
        pairs = [part.partition("=") for part in self.query.split("&") if part]
        return [(unquote_plus(name), unquote_plus(value)) for name, _, value in pairs]


@dataclass(slots=True)
class Answer:
    """An answer; a body that is streamed comes piece by piece."""

    status: int
    headers: Pairs
    body: bytes | AsyncIterator[bytes] = b""


def told(status: int, message: str | None, *, name: str = "message", headers: Pairs | None = None) -> Answer:
    """What AWS itself answers: `{"message": "Not Found"}`."""
    body = json.dumps({name: message}, separators=(",", ":")).encode()
    return Answer(status, [("content-type", "application/json"), *(headers or [])], body)


def several(pairs: Pairs) -> dict[str, list[str]]:
    """Every value by its name."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def joined(pairs: Pairs) -> dict[str, str]:
    """The values by name, those of one name joined by commas."""
    return {name: ",".join(values) for name, values in several(pairs).items()}


def is_text(content_type: str | None, encoding: str | None) -> bool:
    """Whether a body goes into an event as text, and not in base64."""
    if encoding or not content_type:
        return not encoding and content_type is None
    essence = content_type.partition(";")[0].strip().lower()
    return essence.startswith("text/") or essence in _TEXTS or essence.endswith(("+json", "+xml"))


_TEXTS = ("application/json", "application/javascript", "application/xml")

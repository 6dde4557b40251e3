"""Glob patterns over names with `/`: `*` and `?` stay inside one folder, `**` crosses folders.

A pattern that matches a folder matches everything in it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from lakon.exceptions import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterable

_PARTS = r"\*\*/|\*\*|\*|\?|\[!?[^\]/]+\]|[^*?\[]+|\["
_WILD = r"[*?\[]"


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    translated = (_translate(token) for token in re.findall(_PARTS, pattern.rstrip("/")))
    return re.compile("".join(translated) + r"(?:/.*)?\Z", re.DOTALL)


def _translate(token: str) -> str:
    match token:
        case "**/":
            return "(?:.*/)?"
        case "**":
            return ".*"
        case "*":
            return "[^/]*"
        case "?":
            return "[^/]"
        case _ if token.startswith("[") and len(token) > 1:
            inside = token[1:-1].replace("\\", r"\\").replace("[", r"\[").replace("&", r"\&")
            return f"[{'^' + inside[1:] if inside.startswith('!') else inside}]"
        case _:
            return re.escape(token)


class Patterns:
    """Some glob patterns, which remember which of them ever matched."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = tuple(dict.fromkeys(patterns))
        self.matched: set[str] = set()
        self._heads = tuple(re.split(_WILD, pattern.rstrip("/"), maxsplit=1)[0] for pattern in self._patterns)
        for pattern in self._patterns:
            _check(pattern)

    def match(self, name: str) -> bool:
        """Whether any pattern matches `name`."""
        if not self._patterns:
            return False
        hits = {pattern for pattern in self._patterns if _compiled(pattern).match(name)}
        self.matched |= hits
        return bool(hits)

    def names_folder(self, folder: str) -> bool:
        """Whether the part of a pattern before its first wildcard leads into `folder`."""
        inside = folder + "/"
        return any(head == folder or head.startswith(inside) for head in self._heads)

    def unmatched(self, matched_elsewhere: Iterable[str] = ()) -> list[str]:
        """Return the patterns that matched nothing, here or elsewhere, in their order."""
        known = self.matched.union(matched_elsewhere)
        return [pattern for pattern in self._patterns if pattern not in known]


def _check(pattern: str) -> None:
    if not pattern or pattern.startswith("/") or ".." in pattern.split("/") or "\\" in pattern:
        raise BuildError(
            f"the pattern {pattern!r} does not stay inside the project",
            where="include/exclude",
            hint="Patterns are relative to the project's folder and use `/`, such as `data/**/*.csv`.",
        )
    try:
        _compiled(pattern)
    except re.error as error:
        raise BuildError(f"the pattern {pattern!r} cannot be read: {error}", where="include/exclude") from error

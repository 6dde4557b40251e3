"""Which route takes a request: the rules of HTTP APIs, and those of REST APIs.

An exact part of a path comes before `{name}`, and that before `{name+}`; a method before `ANY`. An HTTP API takes the
best route that has the method, and `$default` where none has; a REST API takes the best path, and then the method.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lakon.local.front.plan import Route


class Match(NamedTuple):
    """A route, and the parameters of its path as they stand in the request, encoded."""

    route: Route
    parameters: dict[str, str]


class Routes:
    """The routes of one API; `strict` is REST's way: the best path decides, whatever the method."""

    def __init__(self, routes: Iterable[Route], *, strict: bool) -> None:
        self._strict = strict
        parsed = [(_parts(route.path), route) for route in routes if route.path.startswith("/")]
        self._exact: dict[str, list[Route]] = {}
        self._others: list[tuple[tuple[str, ...], Route]] = []
        for parts, route in parsed:
            if any(_rank(part) for part in parts):
                self._others.append((parts, route))
            else:
                self._exact.setdefault(route.path, []).append(route)
        self._others.sort(key=lambda each: ([_rank(part) for part in each[0]], each[1].method == "ANY"))
        self._find = lru_cache(maxsize=4096)(self._found)

    def find(self, method: str, path: str) -> Match | None:
        """The route for a request, by its encoded path."""
        return self._find(method, path)

    def paths(self, path: str) -> list[Route]:
        """The routes, of whatever method, of the best path that fits."""
        if exact := self._exact.get(path):
            return exact
        asked = _parts(path)
        best = next((parts for parts, _ in self._others if _values(parts, asked) is not None), None)
        return [route for parts, route in self._others if parts == best]

    def _found(self, method: str, path: str) -> Match | None:
        if exact := self._exact.get(path):
            route = _by_method(exact, method)
            if route or self._strict:
                return Match(route, {}) if route else None
        asked = _parts(path)
        best: tuple[str, ...] | None = None
        for parts, route in self._others:
            if best is not None and parts != best:
                return None
            values = _values(parts, asked)
            if values is None:
                continue
            if route.method in (method, "ANY"):
                return Match(route, values)
            if self._strict:
                best = parts
        return None


def _by_method(routes: Sequence[Route], method: str) -> Route | None:
    named = {route.method: route for route in routes}
    return named.get(method) or named.get("ANY")


def _parts(path: str) -> tuple[str, ...]:
    return tuple(path[1:].split("/"))


def _rank(part: str) -> int:
    if not (part.startswith("{") and part.endswith("}")):
        return 0
    return 2 if part.endswith("+}") else 1


def _values(parts: tuple[str, ...], asked: tuple[str, ...]) -> dict[str, str] | None:
    """The values of the parameters of `parts` in the path `asked`, or None where it does not fit."""
    greedy = parts[-1].endswith("+}")
    if len(asked) < len(parts) or (len(asked) > len(parts) and not greedy):
        return None
    values = {}
    for place, part in enumerate(parts):
        match _rank(part):
            case 0:
                if part != asked[place]:
                    return None
            case 1:
                if not asked[place]:
                    return None
                values[part[1:-1]] = asked[place]
            case _:
                rest = "/".join(asked[place:])
                if not rest:
                    return None
                values[part[1:-2]] = rest
    return values

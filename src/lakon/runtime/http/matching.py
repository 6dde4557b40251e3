"""Finding a route by its path, where the front door does not tell the route. Ships into Lambda.

A tree of the parts of paths: exact parts come before `{name}`, and that before `{name+}`, as in API Gateway.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakon.runtime.http.handlers import Call

    Leaf = dict[str, tuple[Call, tuple[str, ...]]]


class Tree:
    """Routes by method and path."""

    __slots__ = ("exact", "greedy", "here", "one")

    def __init__(self) -> None:
        self.exact: dict[str, Tree] = {}
        self.one: Tree | None = None
        self.here: Leaf = {}
        self.greedy: Leaf = {}

    def add(self, method: str, path: str, call: Call) -> None:
        """Plant a route."""
        node, names = self, []
        for part in path[1:].split("/"):
            if not (part.startswith("{") and part.endswith("}")):
                node = node.exact.setdefault(part, Tree())
                continue
            names.append(part[1:-1].rstrip("+"))
            if part.endswith("+}"):
                node.greedy[method] = call, tuple(names)
                return
            if node.one is None:
                node.one = Tree()
            node = node.one
        node.here[method] = call, tuple(names)

    def find(self, methods: Sequence[str], path: str) -> tuple[Call, dict[str, str]] | None:
        """The route for the first of `methods` that the most exact path has, and its parameters as they stand."""
        for leaf, values in self._leaves(path[1:].split("/"), 0, ()):
            for method in methods:
                if method in leaf:
                    call, names = leaf[method]
                    return call, dict(zip(names, values, strict=True))
        return None

    def methods(self, path: str) -> list[str]:
        """The methods that some route takes `path` by."""
        return sorted({method for leaf, _ in self._leaves(path[1:].split("/"), 0, ()) for method in leaf})

    def _leaves(self, parts: list[str], place: int, values: tuple[str, ...]) -> Iterator[tuple[Leaf, tuple[str, ...]]]:
        if place == len(parts):
            if self.here:
                yield self.here, values
            return
        part = parts[place]
        if part in self.exact:
            yield from self.exact[part]._leaves(parts, place + 1, values)
        if self.one is not None and part:
            yield from self.one._leaves(parts, place + 1, (*values, part))
        rest = "/".join(parts[place:])
        if self.greedy and rest:
            yield self.greedy, (*values, rest)

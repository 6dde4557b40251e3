"""A Go library that the service's Python handlers call in their own process. Ships into Lambda."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lakon.model.origin import Origin
    from lakon.runtime.golibrary import Library


class GoLibrary:
    """The handlers of a Go program, called without leaving the process; made by `service.go_library`."""

    __slots__ = ("_loaded", "build_tags", "name", "origin", "source")

    def __init__(self, name: str, origin: Origin, source: str, build_tags: tuple[str, ...]) -> None:
        self.name = name
        self.origin = origin
        self.source = source
        self.build_tags = build_tags
        self._loaded: Library | None = None

    def __repr__(self) -> str:
        return f"<Go library {self.name!r} declared at {self.origin.file}:{self.origin.line}>"

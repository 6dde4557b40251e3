"""A Go library that the service's Python handlers call in their own process. Ships into Lambda."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, overload

    from lakon.model.origin import Origin
    from lakon.runtime.golibrary import Library
    from lakon.runtime.raw import Context


class GoLibrary:
    """The handlers of a Go program, called without leaving the process; made by `service.go_library`."""

    __slots__ = ("_loaded", "build_tags", "name", "origin", "source")

    def __init__(self, name: str, origin: Origin, source: str, build_tags: tuple[str, ...]) -> None:
        self.name = name
        self.origin = origin
        self.source = source
        self.build_tags = build_tags
        self._loaded: Library | None = None

    if TYPE_CHECKING:

        @overload
        def call(self, handler: str, payload: bytes, context: Context | None = None) -> bytes: ...

        @overload
        def call(self, handler: str, payload: object = None, context: Context | None = None) -> Any: ...

    def call(self, handler: str = "", payload: object = None, context: Context | None = None) -> object:
        """What the Go handler of that name, as of `lambda.Register`, answers; "" is that of `lambda.Start`.

        Bytes are JSON, and are answered by bytes; anything else is made JSON, and the answer is made of JSON. `context`
        is that of the Python handler: it gives Go the deadline and the request id. On Lambda the library comes in the
        archive; elsewhere, as in a test, it is built when it is first called. `lakon.GoError` tells what Go returned.
        """
        if self._loaded is None:
            self._loaded = self._load()
        name = handler.encode()
        if isinstance(payload, bytes | bytearray | memoryview):
            return self._loaded.call(name, bytes(payload), context)
        from json import dumps, loads

        answer = self._loaded.call(name, dumps(payload, allow_nan=False).encode(), context)
        try:
            return loads(answer) if answer else None
        except ValueError:
            told = f"the Go handler {handler!r} of {self.name!r} answers with {len(answer)} bytes that are not JSON"
            raise ValueError(f"{told}: pass it bytes to be given bytes") from None

    def _load(self) -> Library:
        from lakon.runtime.child import library_file, task_root
        from lakon.runtime.environment import in_lambda
        from lakon.runtime.golibrary import Library

        if in_lambda():
            return Library(f"{task_root()}/{library_file(self.name)}")
        from lakon.build.golang.ondemand import library

        return Library(library(self))

    def __repr__(self) -> str:
        return f"<Go library {self.name!r} declared at {self.origin.file}:{self.origin.line}>"

"""A Go program loaded into this process as a shared library, and called without leaving it. Ships into Lambda.

The caller owns what it passes; what Go gives is copied and freed. Python's lock is released during a call, so threads
go on, and any number of them may call at once. See `go/glue/exports.go.tmpl`.
"""

from __future__ import annotations

import os
from ctypes import CDLL, byref, c_char_p, c_int, c_size_t, c_void_p, string_at

from lakon.runtime.raw import go_error, header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lakon.runtime.raw import Context


class Library:
    """A loaded library. Its `main` has run as far as `lambda.Start`."""

    def __init__(self, path: str) -> None:
        """Load it. OSError when it cannot be; GoError when its `main` fails."""
        loaded = CDLL(path)
        self._invoke = loaded.LakonInvoke
        self._invoke.restype = c_int
        text = (c_char_p, c_size_t)
        self._invoke.argtypes = [*text, *text, *text, c_void_p, c_void_p]
        self._free = loaded.LakonFree
        self._free.restype = None
        self._free.argtypes = [c_void_p]
        self._told: tuple[Context | None, bytes] = (None, b"")
        self._pid = os.getpid()
        start = loaded.LakonStart
        start.restype = c_int
        start.argtypes = [c_char_p, c_size_t, c_void_p, c_void_p]
        told = "".join([f"{name}={value}\0" for name, value in os.environ.items()]).encode("utf-8", "surrogateescape")
        out, size = c_void_p(), c_size_t()
        if start(told, len(told), byref(out), byref(size)):
            raise go_error(self._taken(out, size))

    def call(self, name: bytes, payload: bytes, context: Context | None) -> bytes:
        """What the handler `name` (empty: that of `lambda.Start`) answers. GoError when it fails or panics.

        RuntimeError in a process that was forked since the library was loaded: Go's threads are not in it.
        """
        if os.getpid() != self._pid:
            raise RuntimeError(
                "this process was forked after a Go library was loaded, and Go does not survive that: "
                "start processes with the method 'spawn', or call the library in the parent"
            )
        told = self._header(context)
        out, size = c_void_p(), c_size_t()
        status = self._invoke(name, len(name), told, len(told), payload, len(payload), byref(out), byref(size))
        body = self._taken(out, size)
        if status:
            raise go_error(body)
        return body

    def _header(self, context: Context | None) -> bytes:
        """Told once for all calls of an event."""
        last, told = self._told
        if last is not context:
            told = header(context)
            self._told = (context, told)
        return told

    def _taken(self, out: c_void_p, size: c_size_t) -> bytes:
        body = string_at(out, size.value) if size.value else b""
        self._free(out)
        return body

"""A Go program loaded into this process as a shared library, and called without leaving it. Ships into Lambda.

The caller owns what it passes; a small answer comes into a room of the caller's, a large one is copied and freed.
Python's lock is released during a call, so threads go on, and any number of them may call at once. What ctypes takes
for each argument is more than Go takes for a small event: so there are two. See `go/glue/exports.go.tmpl`.
"""

from __future__ import annotations

import os
from ctypes import CDLL, Structure, addressof, byref, c_char_p, c_size_t, c_void_p, create_string_buffer, string_at

from lakon.runtime.raw import go_error, header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lakon.runtime.raw import Context

_ROOM = 65_536
_PAYLOAD_SIZE, _ANSWER_SIZE = 2, 6
"""Where `_Told` has them, in words."""


class _Told(Structure):
    """`struct lakon_call`."""

    _fields_ = (
        ("told", c_char_p),
        ("told_size", c_size_t),
        ("payload_size", c_size_t),
        ("room", c_void_p),
        ("room_size", c_size_t),
        ("answer", c_void_p),
        ("answer_size", c_size_t),
    )


class _Call:
    """What one call at a time needs, kept for the next: its struct, the room, and of what the struct tells.

    `words` are those of the struct: a number is reached through them in a third of the time that its field takes.
    """

    __slots__ = ("context", "name", "pointer", "struct", "view", "words")

    def __init__(self) -> None:
        room = create_string_buffer(_ROOM)
        self.struct = _Told(room=addressof(room), room_size=_ROOM)
        self.pointer = byref(self.struct)
        self.words = memoryview(self.struct).cast("B").cast("P")
        self.view = memoryview(room).cast("B")
        self.name: bytes | None = None
        self.context: Context | None = None

    def tell(self, told: bytes) -> None:
        self.struct.told = told
        self.struct.told_size = len(told)


class Library:
    """A loaded library. Its `main` has run as far as `lambda.Start`."""

    def __init__(self, path: str) -> None:
        """Load it. OSError when it cannot be; GoError when its `main` fails."""
        loaded = CDLL(path)
        self._invoke = loaded.LakonInvoke
        self._free = loaded.LakonFree
        self._idle: list[_Call] = []
        self._forked = False
        os.register_at_fork(after_in_child=self._note_fork)
        call = _Call()
        told = "".join([f"{name}={value}\0" for name, value in os.environ.items()])
        call.tell(told.encode("utf-8", "surrogateescape"))
        if loaded.LakonStart(call.pointer):
            raise go_error(self._taken(call))

    def call(self, name: bytes, payload: bytes, context: Context | None) -> bytes:
        """What the handler `name` (empty: that of `lambda.Start`) answers. GoError when it fails or panics.

        RuntimeError in a process that was forked since the library was loaded: Go's threads are not in it.
        """
        if self._forked:
            raise RuntimeError(
                "this process was forked after a Go library was loaded, and Go does not survive that: "
                "start processes with the method 'spawn', or call the library in the parent"
            )
        try:
            call = self._idle.pop()
        except IndexError:
            call = _Call()
        if call.name != name or call.context is not context:
            call.tell(name + b"\0" + header(context))
            call.name, call.context = name, context
        call.words[_PAYLOAD_SIZE] = len(payload)
        status = self._invoke(call.pointer, payload)
        body = self._taken(call)
        self._idle.append(call)
        if status:
            raise go_error(body)
        return body

    def _taken(self, call: _Call) -> bytes:
        size = call.words[_ANSWER_SIZE]
        if size <= _ROOM:
            return call.view[:size].tobytes()
        answer = call.struct.answer
        body = string_at(answer, size)
        self._free(c_void_p(answer))
        return body

    def _note_fork(self) -> None:
        self._forked = True

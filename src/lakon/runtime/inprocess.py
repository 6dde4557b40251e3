"""A Go program inside Lambda's Python runtime, as a shared library: the function's handler. Ships into Lambda."""

from __future__ import annotations

from contextlib import suppress

from lakon.runtime.child import task_root
from lakon.runtime.golibrary import Library
from lakon.runtime.raw import GoError, fault, fitting, take_raw_events

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lakon.runtime.raw import Context

_library: Library | None = None


def handler(event: bytes, context: Context) -> bytes:
    """Answer an event."""
    try:
        return fitting(_loaded().call(b"", event, context))
    except GoError as error:
        raise fault(error) from None


def _loaded() -> Library:
    global _library
    if _library is None:
        _library = Library(f"{task_root()}/bootstrap.so")
    return _library


if take_raw_events():  # in Lambda: while it initialises
    with suppress(GoError):  # told in answer to the first event
        _loaded()

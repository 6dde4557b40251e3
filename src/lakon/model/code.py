"""What a function runs. Ships into Lambda."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class PythonHandler:
    """A callable of the program, under the managed Python runtime."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[..., object]) -> None:
        self.call = call


Code = PythonHandler

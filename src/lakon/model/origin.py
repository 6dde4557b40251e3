"""Where in the user's source something was declared. Ships into Lambda."""

from __future__ import annotations

import sys


class Origin:
    """A source file and a line in it."""

    __slots__ = ("file", "line")

    def __init__(self, file: str, line: int) -> None:
        self.file = file
        self.line = line

    def place(self, root: str) -> str:
        """`app.py:12`, relative to the folder `root` where the file lies below it."""
        inside = self.file.startswith(root.rstrip("/") + "/")
        return f"{self.file[len(root.rstrip('/')) + 1 :] if inside else self.file}:{self.line}"


def caller(depth: int = 2) -> Origin:
    """The line that called the function that calls this one (`depth` 2); deeper for functions in between."""
    frame = sys._getframe(depth)
    return Origin(frame.f_code.co_filename, frame.f_lineno)


def importing() -> bool:
    """Whether a module is being imported right now, further up the stack: a declaration, not a call of a handler."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False

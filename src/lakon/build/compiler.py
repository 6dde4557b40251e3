"""Compile Python sources to byte code, as a script for the interpreter that will run them; imports only built-ins.

stdin holds sources: a line with the length in bytes and the file name that the code shall tell, then the source.
stdout answers each with a kind (`c` code, `e` error), the length in 8 bytes, little endian, and the payload: an
unchecked-hash .pyc (PEP 552), or line, column, message and text of the mistake, one a line.
"""

import sys

del sys.path[0]  # the folder of this script must not be looked into

import marshal  # noqa: E402 - only after that
from _frozen_importlib_external import MAGIC_NUMBER  # noqa: E402 - importlib.util takes 5 ms to import
from _imp import source_hash  # noqa: E402 - only after that

_KEY = int.from_bytes(MAGIC_NUMBER, "little")
_UNCHECKED_HASH = (1).to_bytes(4, "little")


def compiled(source: bytes, name: str) -> "tuple[bytes, bytes]":
    """Answer kind and payload for `source`."""
    try:
        code = compile(source, name, "exec", dont_inherit=True)
    except SyntaxError as error:
        text = (error.text or "").rstrip("\n")
        told = f"{error.lineno or 1}\n{error.offset or 0}\n{error.msg}\n{text}"
        return b"e", told.encode("utf-8", "replace")
    except (ValueError, RecursionError, MemoryError) as error:
        return b"e", f"1\n0\n{error}\n".encode("utf-8", "replace")
    return b"c", MAGIC_NUMBER + _UNCHECKED_HASH + source_hash(_KEY, source) + marshal.dumps(code)


def main() -> None:
    """Answer every source of stdin on stdout."""
    answer = sys.stdout.buffer.write
    for header in iter(sys.stdin.buffer.readline, b""):
        length, _, name = header.decode().rstrip("\n").partition(" ")
        kind, payload = compiled(sys.stdin.buffer.read(int(length)), name)
        answer(kind + len(payload).to_bytes(8, "little") + payload)


if __name__ == "__main__":
    main()

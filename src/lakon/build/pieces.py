"""Files become pieces of an archive: compressed, and with byte code beside each Python source."""

from __future__ import annotations

import hashlib
import os
import struct
from typing import TYPE_CHECKING

from lakon.build.archive import COMPRESSOR, Piece, join, member
from lakon.build.compilation import Mistake, compile_sources
from lakon.build.disk import write_atomically
from lakon.exceptions import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from lakon.build.selection import File
    from lakon.interpreters import Interpreter

_WORKERS = max(2, os.cpu_count() or 1)
_HEAD = struct.Struct("<4Q")


def make_pieces(files: Sequence[File], interpreter: Interpreter | None, base: str) -> list[Piece]:
    """Compress and compile the `files` of wheels on all processors; answer a piece for each, in their order.

    `base` is the folder in which Lambda unpacks the archive. A source with a mistake in it goes without byte
    code: wheels carry such files (templates, another version's syntax), and nobody imports them.
    """
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_WORKERS) as compressing, ThreadPoolExecutor(_WORKERS) as compiling:
        try:
            codes = [compiling.submit(_byte_code, batch, interpreter, base) for batch in _batches(files)]
            biggest_first = sorted(files, key=_size, reverse=True)
            plain = {file.name: compressing.submit(_plain, file) for file in biggest_first}
            code = {name: piece for batch in codes for name, piece in batch.result().items()}
            return [join([plain[file.name].result(), *code.get(file.name, [])]) for file in files]
        except BaseException:
            compressing.shutdown(wait=False, cancel_futures=True)
            compiling.shutdown(wait=False, cancel_futures=True)
            raise


def _size(file: File) -> int:
    return file.size


def _plain(file: File) -> Piece:
    return member(file.name, file.path.read_bytes(), executable=file.executable)


def _batches(files: Iterable[File]) -> list[list[File]]:
    """Deal the Python sources out to the workers, biggest first, each to the one with the least to do."""
    loads = [0] * _WORKERS
    batches: list[list[File]] = [[] for _ in loads]
    for file in sorted((file for file in files if file.name.endswith(".py")), key=_size, reverse=True):
        idle = loads.index(min(loads))
        loads[idle] += _size(file)
        batches[idle].append(file)
    return batches


def _byte_code(batch: Sequence[File], interpreter: Interpreter | None, base: str) -> dict[str, list[Piece]]:
    if interpreter is None:
        return {}
    answers = compile_sources(interpreter, [(base + file.name, file.path.read_bytes()) for file in batch])
    return {
        file.name: [member(byte_code_name(file.name, interpreter), answer)]
        for file, answer in zip(batch, answers, strict=True)
        if not isinstance(answer, Mistake)
    }


def byte_code_name(name: str, interpreter: Interpreter) -> str:
    """Return the name of the byte code of the source `name` (PEP 3147)."""
    folder, _, file = name.rpartition("/")
    cached = f"__pycache__/{file.removesuffix('.py')}.{interpreter.tag()}.pyc"
    return f"{folder}/{cached}" if folder else cached


class OwnFiles:
    """The project's own files, read and summed; their pieces are made when asked for, and kept one by one."""

    def __init__(self, files: Iterable[File], interpreter: Interpreter | None, base: str) -> None:
        self._interpreter = interpreter
        self._base = base
        self._files = [(file, file.path.read_bytes()) for file in files]
        version = interpreter.version if interpreter else ""
        common = hashlib.sha256(f"{base}\n{version}\n{COMPRESSOR}\n".encode())
        self._keys = [_key(common.copy(), file, data) for file, data in self._files]

    def digest(self) -> str:
        """Return a SHA-256 in hex over names, modes and contents of all files."""
        return hashlib.sha256("".join(self._keys).encode()).hexdigest()

    @property
    def names(self) -> frozenset[str]:
        """The names of all files in the archive, byte code not counted."""
        return frozenset(file.name for file, _ in self._files)

    def pieces(self, cache: Path) -> list[Piece]:
        """Return a piece for each file, in their order. Raises BuildError with the line of a syntax error."""
        paths = [cache / "pieces" / key[:2] / key[2:] for key in self._keys]
        kept = [_load(path) for path in paths]
        missing = [index for index, piece in enumerate(kept) if piece is None]
        code = self._byte_code([index for index in missing if self._files[index][0].name.endswith(".py")])
        for index in missing:
            file, data = self._files[index]
            piece = join([member(file.name, data, executable=file.executable), *code.get(index, [])])
            _keep(paths[index], piece)
            kept[index] = piece
        return [piece for piece in kept if piece]

    def _byte_code(self, indices: Sequence[int]) -> dict[int, list[Piece]]:
        if self._interpreter is None:
            return {}
        chosen = [self._files[index] for index in indices]
        answers = compile_sources(self._interpreter, [(self._base + file.name, data) for file, data in chosen])
        made: dict[int, list[Piece]] = {}
        for index, (file, _), answer in zip(indices, chosen, answers, strict=True):
            if isinstance(answer, Mistake):
                raise _syntax_error(file, answer)
            made[index] = [member(byte_code_name(file.name, self._interpreter), answer)]
        return made


def _key(total: hashlib._Hash, file: File, data: bytes) -> str:
    total.update(f"{file.name}\n{file.executable}\n".encode())
    total.update(data)
    return total.hexdigest()


def _load(path: Path) -> Piece | None:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    if len(data) < _HEAD.size:
        return None
    body, directory, members, unpacked = _HEAD.unpack_from(data)
    if len(data) != _HEAD.size + body + directory:
        return None
    middle = _HEAD.size + body
    return Piece(data[_HEAD.size : middle], data[middle:], members, unpacked)


def _keep(path: Path, piece: Piece) -> None:
    head = _HEAD.pack(len(piece.body), len(piece.directory), piece.members, piece.unpacked)
    write_atomically(path, head + piece.body + piece.directory)


def _syntax_error(file: File, mistake: Mistake) -> BuildError:
    stripped = mistake.text.lstrip()
    caret = " " * max(0, mistake.column - 1 - (len(mistake.text) - len(stripped))) + "^"
    detail = f"    {stripped}\n    {caret}" if mistake.column and stripped else f"    {stripped}"
    return BuildError(
        mistake.message,
        where=f"{file.path}:{mistake.line}",
        detail=detail,
        hint="Mend the line, or leave the file out with `exclude`.",
    )

"""Deterministic zip archives, put together from members that were compressed before.

The format is PKWARE's APPNOTE 6.3.10 without Zip64, which Lambda's limits make superfluous. Every member is
dated 1980-01-01, has mode 0644 or 0755, and carries nothing of the machine that made it. Members are grouped in
`Piece`s; an archive is pieces one after the other, so what has not changed is copied as it is.
"""

from __future__ import annotations

import hashlib
import stat
import struct
import zlib
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

import deflate

from lakon.build.disk import told_plainly, written_beside
from lakon.exceptions import BuildError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

COMPRESSION_LEVEL = 4
"""libdeflate's level: half the time of zlib's at the same size."""

COMPRESSOR = f"libdeflate {deflate.__version__} level {COMPRESSION_LEVEL}"
"""What the bytes of an archive depend on beside its files: the same on every machine, unlike the system's zlib."""

UNZIPPED_LIMIT = 250 * 1024 * 1024
"""Bytes that a function's code and all its layers may unpack to (AWS Lambda quotas)."""

MEMBERS_LIMIT = 0xFFFF
LISTED_FOLDERS = 10

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_OFFSET = struct.Struct("<I")
_DATE_1980_01_01 = 0x21
_UNIX_VERSION_20 = 3 << 8 | 20
_UTF8_NAME = 0x800


@dataclass(frozen=True, slots=True)
class Archive:
    """A zip file whose name is the SHA-256 of its bytes.

    `digest` is that sum in hex, `size` and `unpacked` are bytes, `largest` holds the biggest folders of it with
    their unpacked bytes, biggest first.
    """

    path: Path
    digest: str
    size: int
    unpacked: int
    largest: tuple[tuple[str, int], ...]


class Piece(NamedTuple):
    """A run of zip members: `body` as in a file, `directory` their central records as if the run began at 0."""

    body: bytes
    directory: bytes
    members: int
    unpacked: int


class Prefix(NamedTuple):
    """A piece too big to hold in memory: its body is a file of `length` bytes, and comes first in an archive."""

    body: Path
    length: int
    directory: bytes
    members: int


def member(name: str, data: bytes, *, executable: bool = False) -> Piece:
    """Make the piece that holds one file. `name` uses `/`; stored as it is when deflate does not help."""
    packed = bytes(deflate.deflate_compress(data, COMPRESSION_LEVEL))
    method = zlib.DEFLATED
    if len(packed) >= len(data):
        packed, method = data, 0
    encoded = name.encode()
    flags = 0 if name.isascii() else _UTF8_NAME
    facts = (flags, method, 0, _DATE_1980_01_01, zlib.crc32(data), len(packed), len(data), len(encoded), 0)
    mode = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
    return Piece(
        b"".join((_LOCAL.pack(b"PK\3\4", 20, *facts), encoded, packed)),
        _CENTRAL.pack(b"PK\1\2", _UNIX_VERSION_20, 20, *facts, 0, 0, 0, mode, 0) + encoded,
        1,
        len(data),
    )


def join(pieces: Iterable[Piece], at: int = 0) -> Piece:
    """Join `pieces` in their order into one that begins `at` so many bytes into its archive."""
    bodies: list[bytes] = []
    records: list[bytes] = []
    count = unpacked = 0
    for piece in pieces:
        records.extend(_shifted(piece.directory, at))
        bodies.append(piece.body)
        at += len(piece.body)
        count += piece.members
        unpacked += piece.unpacked
    return Piece(b"".join(bodies), b"".join(records), count, unpacked)


def _shifted(directory: bytes, by: int) -> Iterable[bytes]:
    """Cut `directory` into its records, and move each record's offset `by` bytes on."""
    start = 0
    while start < len(directory):
        facts = _CENTRAL.unpack_from(directory, start)
        end = start + _CENTRAL.size + facts[10]
        yield directory[start : start + _CENTRAL.size - _OFFSET.size]
        yield _OFFSET.pack(facts[-1] + by)
        yield directory[start + _CENTRAL.size : end]
        start = end


class Assembly:
    """An archive on its way into the file `part`: threads copy and sum the prefix while pieces are made.

    Each makes one long call that needs no interpreter lock, so nobody waits for another.
    """

    def __init__(self, part: Path, prefix: Prefix | None) -> None:
        self._part = part
        self._prefix = prefix
        self._sum = hashlib.sha256()
        self._failures: list[OSError] = []
        jobs = (self._add_up, self._copy) if prefix else ()
        self._threads = [Thread(target=self._with_prefix, args=(job,), daemon=True) for job in jobs]
        for thread in self._threads:
            thread.start()

    def _with_prefix(self, job: Callable[[mmap], None]) -> None:
        try:
            if self._prefix and self._prefix.length:
                with self._prefix.body.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as body:
                    job(body)
        except OSError as failure:
            self._failures.append(failure)

    def _add_up(self, body: mmap) -> None:
        self._sum.update(body)

    def _copy(self, body: mmap) -> None:
        self._part.write_bytes(body)

    def settle(self) -> None:
        """Wait for the copy of the prefix. Raises the OSError that ended it."""
        for thread in self._threads:
            thread.join()
        if self._failures:
            raise self._failures[0]

    def finish(self, pieces: Iterable[Piece]) -> str:
        """Append `pieces` and the directory of all; answer the SHA-256 of the archive in hex."""
        prefix = self._prefix or Prefix(self._part, 0, b"", 0)
        joined = join(pieces, prefix.length)
        directory = prefix.directory + joined.directory
        count = prefix.members + joined.members
        if count > MEMBERS_LIMIT:
            raise BuildError(
                f"{count:,} files are more than a zip archive without extensions can hold ({MEMBERS_LIMIT:,})",
                hint="Leave some out with `exclude`, or pack them into one data file.",
            )
        where = prefix.length + len(joined.body)
        end = _END.pack(b"PK\5\6", 0, 0, count, count, len(directory), where, 0)
        self.settle()
        with self._part.open("ab") as file:
            for chunk in (joined.body, directory, end):
                file.write(chunk)
                self._sum.update(chunk)
        return self._sum.hexdigest()


def write_archive(
    output: Path,
    prefix: Prefix | None,
    make: Callable[[], list[Piece]],
    *,
    folders: Mapping[str, int],
    beside: Mapping[str, int],
) -> Archive:
    """Write `prefix` and then the pieces that `make` returns to `<output>/<sha256>.zip`.

    `make` is called while the prefix is copied. `folders` holds the unpacked bytes of each folder of the prefix,
    `beside` those of the layer that the code will run with. Raises BuildError when both unpack to more than
    Lambda takes, the disk is full, or the folder cannot be written.
    """
    with told_plainly("write the archive", output), written_beside(output) as part:
        assembly = Assembly(part, prefix)
        try:
            pieces = make()
            sizes = list(pieces_sizes(pieces))
            check_unzipped(folder_sizes(sizes, folder_sizes(beside.items(), folders)))
        finally:
            assembly.settle()
        digest = assembly.finish(pieces)
        size = part.stat().st_size
        path = output / f"{digest}.zip"
        part.replace(path)
    inside = folder_sizes(sizes, folders)
    return Archive(path, digest, size, sum(inside.values()), largest(inside))


def pieces_sizes(pieces: Iterable[Piece]) -> Iterable[tuple[str, int]]:
    """Yield name and unpacked bytes of every member of `pieces`."""
    for piece in pieces:
        start = 0
        while start < len(piece.directory):
            facts = _CENTRAL.unpack_from(piece.directory, start)
            name = start + _CENTRAL.size
            start = name + facts[10]
            yield piece.directory[name:start].decode(), facts[9]


def folder_sizes(members: Iterable[tuple[str, int]], known: Mapping[str, int] | None = None) -> dict[str, int]:
    """Sum bytes by the first part of the name, on top of `known`."""
    folders = dict(known or {})
    for name, size in members:
        folder = name.split("/", 1)[0]
        folders[folder] = folders.get(folder, 0) + size
    return folders


def largest(folders: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """Return the biggest of `folders`, biggest first."""
    ranked = sorted(folders.items(), key=lambda item: (-item[1], item[0]))
    return tuple(ranked[:LISTED_FOLDERS])


def check_unzipped(folders: Mapping[str, int]) -> None:
    """Raise BuildError that lists the biggest of `folders` when they unpack to more than Lambda takes."""
    unpacked = sum(folders.values())
    if unpacked <= UNZIPPED_LIMIT:
        return
    listing = "\n".join(f"{size / 2**20:8.1f} MB  {name}" for name, size in largest(folders))
    raise BuildError(
        f"the code unpacks to {unpacked / 2**20:.1f} MB; Lambda takes {UNZIPPED_LIMIT // 2**20} MB, layers included",
        detail=listing,
        hint="Leave out with `exclude` what the function never reads; its biggest parts are listed.",
    )

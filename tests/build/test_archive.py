"""The zip format: read back by the standard library, and always the same bytes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakon.build.archive import (
    UNZIPPED_LIMIT,
    Prefix,
    check_unzipped,
    folder_sizes,
    join,
    member,
    write_archive,
)
from lakon.exceptions import BuildError

if TYPE_CHECKING:
    from pathlib import Path

NAMES = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12)
FILES = st.dictionaries(NAMES, st.binary(max_size=400) | st.binary(max_size=4).map(lambda b: b * 300), max_size=8)


@settings(deadline=None)
@given(first=FILES, second=FILES)
def test_what_goes_in_comes_out(
    tmp_path_factory: pytest.TempPathFactory, first: dict[str, bytes], second: dict[str, bytes]
) -> None:
    second = {f"own/{name}": data for name, data in second.items()}
    folder = tmp_path_factory.mktemp("zip")
    dependencies = join(member(name, data) for name, data in first.items())
    prefix = None
    if first:
        (folder / "body").write_bytes(dependencies.body)
        prefix = Prefix(folder / "body", len(dependencies.body), dependencies.directory, len(first))
    archive = write_archive(
        folder,
        prefix,
        lambda: [member(name, data) for name, data in second.items()],
        folders=folder_sizes((name, len(data)) for name, data in first.items()),
        beside={},
    )
    with ZipFile(archive.path) as zipped:
        assert zipped.testzip() is None
        assert {name: zipped.read(name) for name in zipped.namelist()} == first | second
    assert archive.unpacked == sum(map(len, (first | second).values()))
    assert archive.size == archive.path.stat().st_size


def test_modes_and_times(tmp_path: Path) -> None:
    pieces = [member("tool", b"#!/bin/sh\n", executable=True), member("data.txt", b"x")]
    archive = write_archive(tmp_path, None, lambda: pieces, folders={}, beside={})
    with ZipFile(archive.path) as zipped:
        modes = {info.filename: info.external_attr >> 16 for info in zipped.infolist()}
        assert modes == {"tool": 0o100755, "data.txt": 0o100644}
        assert {info.date_time for info in zipped.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_name_is_the_sum_of_the_bytes(tmp_path: Path) -> None:
    import hashlib

    archive = write_archive(tmp_path, None, lambda: [member("a", b"1")], folders={}, beside={})
    assert archive.path.name == f"{hashlib.sha256(archive.path.read_bytes()).hexdigest()}.zip"
    assert archive.digest == archive.path.stem


def test_incompressible_data_is_stored() -> None:
    import random

    noise = random.Random(1).randbytes(1000)
    piece = member("noise", noise)
    assert len(piece.body) == 30 + len("noise") + len(noise)


def test_an_empty_archive_is_a_zip(tmp_path: Path) -> None:
    archive = write_archive(tmp_path, None, list, folders={}, beside={})
    assert ZipFile(io.BytesIO(archive.path.read_bytes())).namelist() == []


def test_too_much_for_lambda_tells_the_biggest_folders() -> None:
    folders = {"numpy": UNZIPPED_LIMIT - 1000, "torch": 2000, "small": 1}
    with pytest.raises(BuildError) as refused:
        check_unzipped(folders)
    assert refused.value.detail is not None
    assert (
        refused.value.detail.index("numpy") < refused.value.detail.index("torch") < refused.value.detail.index("small")
    )
    assert "numpy" not in str(refused.value.hint)
    check_unzipped({"numpy": UNZIPPED_LIMIT})


def test_more_files_than_a_zip_can_count(tmp_path: Path) -> None:
    one = member("x", b"")
    with pytest.raises(BuildError, match="65,536 files"):
        write_archive(tmp_path, None, lambda: [one] * 65536, folders={}, beside={})
    assert list(tmp_path.iterdir()) == []


def test_a_failure_while_pieces_are_made_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(b"x" * 1000)
    output = tmp_path / "output"

    def interrupted() -> list[object]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_archive(output, Prefix(tmp_path / "body", 1000, b"", 0), interrupted, folders={}, beside={})  # type: ignore[arg-type]  # never returns
    assert list(output.iterdir()) == []

"""The watch and the journal."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from lakon.local.journal import JOURNAL, Journal, JournalReader, Record
from lakon.local.log_writer import StreamName
from lakon.local.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("src/inner", ".venv/lib", "other/lib", "node_modules/thing", "src/__pycache__"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "other" / "pyvenv.cfg").touch()
    return tmp_path


@pytest.fixture
def watch(root: Path) -> Iterator[Watch]:
    with Watch(root) as watch:
        yield watch


def seen(watch: Watch, *paths: Path) -> None:
    """Wait until all the paths were told."""
    missing = set(paths)
    for _ in range(100):
        missing -= watch.wait(0.2)
        if not missing:
            return
    raise AssertionError(f"never told: {missing}")


def test_what_is_saved_is_told(watch: Watch, root: Path) -> None:
    (root / "app.py").write_text("1")
    (root / "src" / "inner" / "more.py").write_text("1")
    seen(watch, root / "app.py", root / "src" / "inner" / "more.py")
    (root / "app.py.new").write_text("2")
    (root / "app.py.new").replace(root / "app.py")
    seen(watch, root / "app.py")
    (root / "app.py").unlink()
    seen(watch, root / "app.py")


def test_what_an_editor_needs_on_the_way_is_not_told(watch: Watch, root: Path) -> None:
    (root / "app.py").write_text("1")
    (root / "app.py.new").write_text("2")
    (root / "app.py.new").replace(root / "app.py")
    assert watch.wait(5) == {root / "app.py"}


def test_folders_that_come_and_go(watch: Watch, root: Path) -> None:
    (root / "new" / "deep").mkdir(parents=True)
    seen(watch, root / "new")
    (root / "new" / "deep" / "file.py").write_text("1")
    seen(watch, root / "new" / "deep" / "file.py")
    (root / "src").rename(root / "lib")
    seen(watch, root / "lib")
    (root / "lib" / "inner" / "file.py").write_text("1")
    seen(watch, root / "lib" / "inner" / "file.py")


def test_what_nobody_edits_is_not_told(watch: Watch, root: Path) -> None:
    places = (".venv/lib", "other/lib", "node_modules/thing", "src/__pycache__", ".hidden.py", "__pycache__")
    for place in places:
        path = root / place
        (path / "file.py" if path.is_dir() else path).write_text("1")
    (root / "last.py").write_text("1")
    told: set[Path] = set()
    while root / "last.py" not in told:
        told |= watch.wait(0.2)
    assert told == {root / "last.py"} | ({root / "__pycache__"} & told)


def test_a_journal_is_read_from_where_one_begins(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    first = JournalReader(tmp_path)
    assert first.read() == []
    journal.put(StreamName("us-east-1", "group", "stream"), [{"timestamp": 1, "message": "two\nlines ä"}])
    second = JournalReader(tmp_path)
    assert first.read() == [Record(1, "group", "stream", "two\nlines ä")]
    assert first.read() == second.read() == []


def test_a_line_that_is_not_whole_is_waited_for(tmp_path: Path) -> None:
    reader = JournalReader(tmp_path)
    (tmp_path / JOURNAL).write_text('[1, "g", "s", "a"]\n[2, "g", ')
    assert [record.timestamp for record in reader.read()] == [1]
    with (tmp_path / JOURNAL).open("a") as file:
        file.write('"s", "b"]\n')
    assert [record.timestamp for record in reader.read()] == [2]


def test_a_journal_forgets(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    reader = JournalReader(tmp_path)
    big = "x" * 2**20
    for number in range(40):
        journal.put(StreamName("us-east-1", "g", "s"), [{"timestamp": number, "message": big}])
        assert [record.timestamp for record in reader.read()] == [number]
    assert (tmp_path / JOURNAL).stat().st_size < 20 * 2**20


def test_what_it_prints_itself_is_no_news(root: Path) -> None:
    """As in `lakon dev > dev.out`: each word there would be followed by a reload, which is followed by a word."""
    script = f"""
import pathlib
from lakon.local.watch import Watch
root = pathlib.Path({str(root)!r})
with Watch(root) as watch:
    print("a word", flush=True)
    (root / "app.py").touch()
    print([path.name for path in watch.wait(10)], flush=True)
"""
    told = root / "dev.out"
    with told.open("w") as output:
        subprocess.run([sys.executable, "-c", script], stdout=output, check=True)
    assert told.read_text() == "a word\n['app.py']\n"

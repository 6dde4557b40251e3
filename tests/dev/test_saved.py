"""What is saved while it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lakon.commands import saved
from lakon.exceptions import ProgramError
from lakon.local.watch import Watch

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_that_an_editor_has_emptied_is_read_when_it_is_written(tmp_path: Path) -> None:
    app = tmp_path / "app.py"
    app.write_text("")
    reads = []

    def load() -> str:
        reads.append(text := app.read_text())
        if not text:
            app.write_text("whole")
            raise ProgramError("it is empty")
        return text

    paths: set[Path] = set()
    with Watch(tmp_path) as watch:
        assert saved.read(paths, watch, load) == "whole"
    assert reads == ["", "whole"]
    assert saved.names(paths, tmp_path) == ("app.py",)


def test_a_mistake_is_told_though_the_folder_never_rests(tmp_path: Path) -> None:
    reads = []

    def load() -> None:
        reads.append(1)
        (tmp_path / "data.txt").write_text(str(len(reads)))
        raise ProgramError("it is wrong")

    with Watch(tmp_path) as watch, pytest.raises(ProgramError, match="it is wrong"):
        saved.read(set(), watch, load)
    assert len(reads) > 1

"""The tutorial is executed: its files are written, its commands run, their output compared."""

from pathlib import Path

from .markdown import ROOT, blocks
from .session import Session


def test_tutorial(tmp_path: Path) -> None:
    session = Session(tmp_path)
    try:
        session.follow(blocks(ROOT / "docs" / "tutorial.md"))
    finally:
        session.run("lakon local stop")


def test_every_block_of_the_tutorial_is_a_file_or_commands() -> None:
    for block in blocks(ROOT / "docs" / "tutorial.md"):
        assert block.title or block.language == "console", f"line {block.line} is neither"

"""Programs that pages show, at work in the embedded AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .markdown import ROOT, blocks

if TYPE_CHECKING:
    from pathlib import Path

    from lakon.testing.cloud import Local


def test_the_ten_lines_of_the_readme(lakon_local: Local, tmp_path: Path) -> None:
    (program,) = [block for block in blocks(ROOT / "README.md") if block.language == "python"]
    (tmp_path / "app.py").write_text(program.text, "utf-8")
    with lakon_local(tmp_path / "app.py") as cloud:
        notes = cloud.name("notes")
        cloud.s3.put_object(Bucket=notes, Key="in/note", Body=b"hear me")
        shouted = cloud.wait_for(lambda: cloud.s3.get_object(Bucket=notes, Key="out/note"))
        assert shouted["Body"].read() == b"HEAR ME"


def test_the_test_that_the_page_on_testing_shows(lakon_local: Local, tmp_path: Path) -> None:
    shown = {block.title: block.text for block in blocks(ROOT / "docs/how-to/test.md") if block.title is not None}
    (tmp_path / "app.py").write_text(shown["app.py"], "utf-8")
    module: dict[str, object] = {}
    exec(compile(shown["test_app.py"], str(tmp_path / "test_app.py"), "exec"), module)
    tests = [value for name, value in module.items() if name.startswith("test_") and callable(value)]
    assert tests
    for test in tests:
        test(lakon_local)

"""`lakon new --go` makes a project that works as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakon.commands.new import new
from tests.build.golang import needs_go

if TYPE_CHECKING:
    from pathlib import Path

    from lakon.testing.cloud import Local


def test_the_project_answers(lakon_local: Local, tmp_path: Path) -> None:
    needs_go()
    project = new("greeter", tmp_path, go=True)
    with lakon_local(project / "app.py") as cloud:
        assert cloud.invoke("greet", {"name": "Ada"}) == {"greeting": "Hello, Ada!"}

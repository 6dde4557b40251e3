"""Go under `lakon dev`: built when it is saved, with no event lost and mistakes waited for to be mended."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.build.golang import HELLO, go_mod, needs_go

from .test_dev import call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Dev

PROGRAM = """
import lakon

service = lakon.Service("live")
service.go_function("hello", source="./hello", memory=128)
"""


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    """As for others, with what Go has compiled before."""
    needs_go()
    asked = subprocess.run(["go", "env", "GOCACHE"], capture_output=True, text=True, check=True)
    return {**environment, "GOCACHE": asked.stdout.strip()}


def test_go_is_built_when_it_is_saved(dev: Callable[..., Dev], project: Path) -> None:
    main = project / "hello" / "main.go"
    main.parent.mkdir()
    (project / "hello" / "go.mod").write_text(go_mod("hello"))
    main.write_text(HELLO)
    (project / "app.py").write_text(PROGRAM)
    work = dev()
    work.until("ready")
    assert call(work, "hello", "you") == "hello you"
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(lambda: {call(work, "hello", "you") for _ in range(50)})
        main.write_text(HELLO.replace("hello ", "good day "))
        told = work.until("reloaded")
        assert (told["functions"], told["saved"]) == (["hello"], ["hello/main.go"])
        assert asked.result() <= {"hello you", "good day you"}
    assert call(work, "hello", "you") == "good day you"
    main.write_text(HELLO.replace("return", "retrun"))
    assert "hello/main.go:5" in str(work.until("failed"))
    assert call(work, "hello", "you") == "good day you"
    main.write_text(HELLO)
    work.until("reloaded")
    assert call(work, "hello", "you") == "hello you"
    assert work.end() == 0


def test_the_debugger_is_pythons(dev: Callable[..., Dev], project: Path) -> None:
    (project / "app.py").write_text(PROGRAM)
    (project / "hello").mkdir()
    (project / "hello" / "go.mod").write_text(go_mod("hello"))
    (project / "hello" / "main.go").write_text(HELLO)
    work = dev("--debug", "hello")
    assert work.wait() == 2
    assert "'hello' is not in Python" in work.said()

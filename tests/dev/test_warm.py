"""Functions are started before an event asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .conftest import PROGRAM
from .test_dev import call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Dev

HERE_ONLY = "import os\n\nif 'AWS_LAMBDA_RUNTIME_API' in os.environ:\n    "


def test_functions_start_before_their_first_event(dev: Callable[..., Dev], project: Path) -> None:
    (project / "app.py").write_text(f"{HERE_ONLY}print('started')\n{PROGRAM}")
    work = dev()
    work.until("ready")
    work.until("log", lambda event: event["message"] == "started")
    assert call(work) == "v1"
    work.until("log", lambda event: event["message"].startswith("START"))
    work.edit("print('started')", "raise ValueError('only in Lambda')")
    work.until("reloaded")
    work.until("log", lambda event: "only in Lambda" in event["message"])
    assert work.end() == 0

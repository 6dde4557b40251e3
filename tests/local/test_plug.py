"""The plug: it must notice when the emulator is not the one it was made for."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lakon.local import installs, plug

LOAD = """
import importlib.util, sys
specification = importlib.util.spec_from_file_location("plug", sys.argv[1])
plug = importlib.util.module_from_spec(specification)
specification.loader.exec_module(plug)
import ministack.services.lambda_svc as emulator
"""


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("pass", None),
        ("del emulator._execute_function_dispatch", "lambda_svc._execute_function_dispatch"),
        ("emulator._execute_function_dispatch = lambda func, event: None", "lambda_svc._execute_function_dispatch"),
        ("emulator._execute_function = emulator.handle_request", "lambda_svc._execute_function"),
        ("emulator.handle_request = lambda request: None", "lambda_svc.handle_request"),
        ("del emulator._resolve_layer_zip", "lambda_svc._resolve_layer_zip"),
    ],
)
def test_contract(change: str, named: str | None) -> None:
    program = f"{LOAD}\n{change}\nplug.check_contract(emulator)\n"
    done = subprocess.run(
        [installs.ensure_emulator(), "-c", program, str(Path(plug.__file__))],
        capture_output=True,
        text=True,
        check=False,
    )
    if named is None:
        assert done.returncode == 0, done.stderr
    else:
        assert done.returncode == 1
        assert done.stderr.strip() == (f"this emulator is not the one Lakon was made for: {named} is not as expected")

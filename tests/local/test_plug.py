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
plug.open_package()
from lakon.local.inside import seam
import ministack.core.responses as responses
import ministack.services.lambda_svc as lambda_svc
import ministack.services.sns as sns
"""


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("pass", None),
        ("del lambda_svc._execute_function", "lambda_svc._execute_function"),
        ("lambda_svc._execute_function = lambda record, event: None", "lambda_svc._execute_function"),
        ("lambda_svc._run_sqs_batch = lambda_svc.handle_request", "lambda_svc._run_sqs_batch"),
        ("lambda_svc.handle_request = lambda request: None", "lambda_svc.handle_request"),
        ("del lambda_svc._resolve_layer_zip", "lambda_svc._resolve_layer_zip"),
        ("sns._fanout = print", "sns._fanout"),
        ("del responses.StreamingResponse", "responses.StreamingResponse"),
    ],
)
def test_contract(change: str, named: str | None) -> None:
    program = f"{LOAD}\n{change}\nseam.check()\n"
    done = subprocess.run(
        [installs.ensure_emulator(), "-I", "-c", program, str(Path(plug.__file__))],
        capture_output=True,
        text=True,
        check=False,
    )
    if named is None:
        assert done.returncode == 0, done.stderr
    else:
        assert done.returncode == 1
        assert done.stderr.strip() == (f"this emulator is not the one Lakon was made for: {named} is not as expected")

"""The whole service on this machine: a note over HTTP, counted in Go, and S3's event in a Go function's log."""

import json
import runpy
import shutil
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

if shutil.which("go") is None or shutil.which("gcc") is None:
    pytest.skip("go or a C compiler is not installed", allow_module_level=True)

TEXT = "to be or not to be"
COUNTS = {"to": 2, "be": 2, "or": 1, "not": 1}


def test_the_whole_service(lakon_local):
    with lakon_local("app.py") as cloud:
        for engine in ("runtime", "sidecar", "inprocess"):
            assert cloud.invoke(f"count-{engine}", TEXT) == COUNTS
        note = Request(f"{cloud.url('public')}/notes/hamlet", TEXT.encode(), {"content-type": "text/plain"})
        with urlopen(note) as answer:
            assert json.loads(answer.read()) == COUNTS
        cloud.wait_for(lambda: any("key=in/hamlet bytes=18" in line for line in cloud.logs("arrived")))


def test_go_is_called_without_a_cloud():
    app = runpy.run_path(str(Path(__file__).with_name("app.py")))
    assert app["words"].call(payload=TEXT) == COUNTS

"""`make demo` leaves nothing behind and ends in words, whatever the user's shell is set up for."""

# mypy: allow-untyped-defs, allow-untyped-calls

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

IMAGER = Path(__file__).parent.parent.parent / "examples" / "imager"
HOSTILE = {"AWS_PROFILE": "nobody", "AWS_REGION": "mars-north-1", "LAKON_APP": "other.py", "LAKON_STAGE": "Bad_Stage"}


@pytest.fixture
def demo(run, tmp_path):
    """The demo at work in a copy of the example."""
    copy = tmp_path / "imager"
    shutil.copytree(IMAGER, copy, ignore=shutil.ignore_patterns(".lakon", "__pycache__"))

    def start():
        return subprocess.Popen(
            [sys.executable, copy / "demo.py"],
            env={**os.environ, **HOSTILE},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    yield start
    run("local", "stop", "--app", "imager")


def test_the_demo(run, demo):
    process = demo()
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert "the stamped photo came out" in out
    assert run("local", "status", "--app", "imager").code == 8


@pytest.mark.parametrize("lines", [2, 6])
def test_the_demo_is_interrupted(run, demo, lines):
    process = demo()
    for _ in range(lines):
        process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "interrupted" in err
    assert run("local", "status", "--app", "imager").code == 8


def test_the_demo_fails(run, demo, tmp_path):
    (tmp_path / "imager" / "app.py").write_text("import lakon\nservice = lakon.Service('imager')\n")
    process = demo()
    _, err = process.communicate()
    assert process.returncode == 1
    assert "Traceback" not in err
    assert err.count("the demo failed: lakon provision ended with exit code 3") == 1

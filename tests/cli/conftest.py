"""The command line as a user has it: a process of its own."""

# mypy: allow-untyped-defs, allow-untyped-calls

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SMALL = """
import lakon

service = lakon.Service("small", python="{python}")
photos = service.bucket("photos")


@service.function(uses=photos.read)
def greet(event, context):
    if event.get("fail"):
        raise ValueError("as asked")
    return {{"hello": event.get("name", "world"), "bucket": photos.name}}


if __name__ == "__main__":
    service.main()
"""


class Done:
    """What a command printed, and how it ended."""

    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    def json(self):
        return json.loads(self.out)


@pytest.fixture
def run(tmp_path):
    """Run `lakon` with arguments in the test's folder, as a process without AWS credentials or a terminal."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAKON_"))}
    environment = {**kept, "AWS_EC2_METADATA_DISABLED": "true", "HOME": str(tmp_path / "home"), "NO_COLOR": "1"}
    environment["LAKON_CACHE"] = os.environ.get("LAKON_CACHE") or str(Path.home() / ".cache" / "lakon")

    def lakon(*arguments, command=("-m", "lakon"), stdin=None, **more):
        done = subprocess.run(
            [sys.executable, *command, *arguments],
            cwd=tmp_path,
            env={**environment, **more},
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            check=False,
        )
        return Done(done)

    return lakon


@pytest.fixture
def small(tmp_path):
    """A small program in the test's folder."""
    text = SMALL.format(python=f"{sys.version_info[0]}.{sys.version_info[1]}")
    (tmp_path / "app.py").write_text(text)
    return tmp_path / "app.py"

"""The command line as a user has it: a process of its own."""

# mypy: allow-untyped-defs, allow-untyped-calls

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.forks import Forks

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

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def json(self):
        return json.loads(self.out)


@pytest.fixture(scope="session")
def forks():
    made = Forks()
    yield made
    made.close()


@pytest.fixture
def run(tmp_path, tmp_path_factory, forks):
    """Run `lakon` with arguments in the test's folder, as a process without AWS credentials or a terminal."""
    talk = tmp_path_factory.mktemp("talk")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAKON_"))}
    environment = {**kept, "AWS_EC2_METADATA_DISABLED": "true", "HOME": str(tmp_path / "home"), "NO_COLOR": "1"}
    environment["LAKON_CACHE"] = os.environ.get("LAKON_CACHE") or str(Path.home() / ".cache" / "lakon")

    def lakon(*arguments, command=None, stdin=None, **more):
        if command is None and stdin is None and forks.free.acquire(blocking=False):
            try:
                return forked(arguments, more)
            finally:
                forks.free.release()
        done = subprocess.run(
            [sys.executable, *(command or ("-m", "lakon")), *arguments],
            cwd=tmp_path,
            env={**environment, **more},
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def forked(arguments, more):
        out, err = talk / "out", talk / "err"
        written = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        files = [(os.devnull, os.O_RDONLY), (str(out), written), (str(err), written)]
        forks.begin(arguments, tmp_path, {**environment, **more}, files)
        code = forks.end()
        return Done(code, out.read_text(), err.read_text())

    return lakon


@pytest.fixture
def small(tmp_path):
    """A small program in the test's folder."""
    text = SMALL.format(python=f"{sys.version_info[0]}.{sys.version_info[1]}")
    (tmp_path / "app.py").write_text(text)
    return tmp_path / "app.py"

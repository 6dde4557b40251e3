"""A stage that follows what is saved, seen through an endpoint that is not ours to run."""

# mypy: allow-untyped-defs, allow-untyped-calls

import json
import os
import signal
import subprocess
import sys

import pytest

from .test_dev import until


@pytest.fixture
def dev(run, small):
    assert run("provision", "--local", "--stage", "other").code == 0
    endpoint = run("local", "status").out.strip().split()[-1]
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "lakon", "dev", "--remote", "--stage", "mine", "--endpoint-url", endpoint],
        cwd=small.parent,
        env={**os.environ, **keys},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()
    run("local", "stop")


def test_a_stage_follows_what_is_saved(dev, run, small):
    def answer():
        return json.loads(run("invoke", "greet", "--local", "--stage", "mine").out)

    until(dev, dev.stderr, "small-mine is what the program says")
    assert "hello" in answer()
    text = small.read_text()
    small.write_text(text.replace('"hello"', '"goodbye"'))
    assert "app.py: reloaded greet (" in until(dev, dev.stderr, "reloaded")
    assert "goodbye" in answer()
    small.write_text(text.replace("def greet", "df greet"))
    assert "error: app.py:" in until(dev, dev.stderr, "waiting for it to be mended")
    small.write_text(text.replace('"hello"', '"again"').replace("photos.read)", "photos.read, memory=512)"))
    until(dev, dev.stderr, "small-mine is what the program says")
    assert "again" in answer()
    small.write_text(text.replace('"hello"', '"last"').replace("photos.read)", "photos.read, memory=512)"))
    until(dev, dev.stderr, "reloaded")
    dev.send_signal(signal.SIGINT)
    _, told = dev.communicate()
    assert dev.returncode == 0, told
    builds = run("rollback", "--local", "--stage", "mine", "--list", "--json").json()
    assert builds["releases"][0]["build"] == builds["build"], "the stack was told at the end"
    assert len(builds["releases"]) == 3


def test_what_goes_with_it(run, small):
    for arguments in (("--keep", "--remote"), ("--remote", "--debug", "greet"), ("--yes",), ("--profile", "me")):
        assert run("dev", *arguments).code == 2

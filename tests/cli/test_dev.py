"""`lakon dev` as a person sees it."""

# mypy: allow-untyped-defs, allow-untyped-calls

import signal
import subprocess
import sys
import threading

import pytest

LIMIT = 30.0


@pytest.fixture
def dev(run, small):
    """`lakon dev` at work, with what it said until now: logs on stdout, talk on stderr."""
    process = subprocess.Popen(
        [sys.executable, "-m", "lakon", "dev", "--stage", "mine"],
        cwd=small.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()
    run("local", "stop")


def until(process, stream, wanted):
    """What a stream says, until something is said. A process that does not say it is killed."""
    said = []
    killer = threading.Timer(LIMIT, process.kill)
    killer.start()
    try:
        for line in stream:
            said.append(line)
            if wanted in line:
                return "".join(said)
    finally:
        killer.cancel()
    raise AssertionError(f"{wanted!r} was never said: {''.join(said)}")


def test_what_a_person_sees(dev, run, small):
    up = until(dev, dev.stderr, "Ctrl-C ends")
    assert "small-mine is up" in up
    assert "greet  small-mine-greet" in up
    assert "photos  bucket  small-mine-photos-" in up
    assert "lakon invoke greet --local --stage mine" in up
    assert "CREATE_COMPLETE" not in up
    assert run("invoke", "greet", "--local", "--stage", "mine").code == 0
    assert "greet START RequestId: " in until(dev, dev.stdout, "REPORT")
    text = small.read_text()
    small.write_text(text.replace('"hello"', '"goodbye"'))
    assert "app.py: reloaded greet (" in until(dev, dev.stderr, "reloaded")
    small.write_text(text.replace("def greet", "df greet"))
    said = until(dev, dev.stderr, "waiting for it to be mended")
    assert "error: app.py:" in said
    small.write_text(text.replace('"hello"', '"goodbye"'))
    assert "app.py: reloaded nothing, all is as it was" in until(dev, dev.stderr, "reloaded")
    dev.send_signal(signal.SIGINT)
    _, told = dev.communicate()
    assert dev.returncode == 0
    assert "Traceback" not in told

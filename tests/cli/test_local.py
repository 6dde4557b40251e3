"""The whole way of a service, by the commands alone, on the embedded AWS."""

# mypy: allow-untyped-defs, allow-untyped-calls

import json
import signal
import subprocess
import sys
import time

import pytest


@pytest.fixture
def aws(run, small):
    yield run
    run("local", "stop")


def test_a_service_from_first_provision_to_deletion(aws, small):
    run = aws
    first = run("provision", "--local", "--json")
    assert first.code == 0, first.err
    told = first.json()
    assert (told["stack"], told["action"]) == ("small-dev", "created")
    assert told["functions"] == {"greet": "small-dev-greet"}
    assert "CREATE_COMPLETE" in first.err

    answer = run("invoke", "greet", '{"name": "Ada"}', "--local")
    assert json.loads(answer.out) == {"hello": "Ada", "bucket": told["outputs"]["PhotosBucketName"]}
    assert json.loads(run("invoke", "greet", "-f", "-", "--local", stdin='{"name": "Bob"}').out)["hello"] == "Bob"

    failed = run("invoke", "greet", '{"fail": true}', "--local")
    assert (failed.code, failed.out) == (7, "")
    assert "greet failed: ValueError: as asked" in failed.err
    assert "Traceback" in failed.err

    again = run("provision", "--local", "--json").json()
    assert (again["action"], again["uploaded"]) == ("unchanged", 0)

    small.write_text(small.read_text().replace('"hello"', '"goodbye"'))
    changed = run("provision", "--local", "--json").json()
    assert changed["action"] == "updated"
    assert "goodbye" in json.loads(run("invoke", "greet", "--local").out)

    status = run("status", "--local", "--json").json()
    assert status["state"] == "UPDATE_COMPLETE"
    assert "GreetFunction" in {resource["logical_id"] for resource in status["resources"]}
    assert "small-dev  UPDATE_COMPLETE" in run("status", "--local").out

    lines = [json.loads(line) for line in run("logs", "greet", "--local", "--json").out.splitlines()]
    assert any("ValueError: as asked" in line["message"] for line in lines)

    deleted = run("delete", "--local", "--json")
    assert deleted.json()["existed"] is True
    assert run("local", "status").code == 8


def test_stages_stand_side_by_side(aws):
    run = aws
    assert run("provision", "--local", "--stage", "one").code == 0
    assert run("provision", "--local", "--stage", "two").code == 0
    assert run("invoke", "greet", "--local", "--stage", "one").code == 0
    assert run("delete", "--local", "--stage", "one").code == 0
    assert run("invoke", "greet", "--local", "--stage", "two").code == 0
    gone = run("invoke", "greet", "--local", "--stage", "one")
    assert gone.code == 6
    assert "there is no function small-one-greet" in gone.err


def test_two_terminals_at_once(aws, small):
    command = [sys.executable, "-m", "lakon", "provision", "--local"]
    both = [
        subprocess.Popen(command, cwd=small.parent, stderr=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)
    ]
    ended = [(process, process.communicate()) for process in both]
    assert 0 in {process.returncode for process, _ in ended}
    for process, (_, said) in ended:
        assert process.returncode in (0, 6), said
    assert aws("invoke", "greet", "--local").code == 0


@pytest.mark.parametrize("delay", [0.1, 0.4, 0.8, 1.2])
def test_interrupted_anywhere_and_run_again(aws, small, delay):
    command = [sys.executable, "-m", "lakon", "provision", "--local"]
    process = subprocess.Popen(command, cwd=small.parent, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    time.sleep(delay)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    if process.returncode != -signal.SIGINT:  # which is Python's own, while it was still starting
        assert process.returncode in (0, 130), said
        assert "Traceback" not in said
    again = aws("provision", "--local", "--json")
    assert again.code == 0, again.err
    assert json.loads(aws("invoke", "greet", "--local").out)["hello"] == "world"
    assert not [path for path in small.parent.rglob("*.part*") if path.is_file()]

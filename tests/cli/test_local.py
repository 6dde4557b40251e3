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


def test_what_a_stopped_embedded_aws_holds_can_be_deleted(aws):
    run = aws
    assert run("provision", "--local").code == 0
    assert run("provision", "--local", "--stage", "other").code == 0
    assert run("local", "stop", "--json").json() == {"stopped": True}
    deleted = run("delete", "--local", "--json")
    assert deleted.json()["existed"] is True, deleted.err
    assert run("local", "status").code == 8
    assert run("delete", "--local", "--stage", "other", "--json").json()["existed"] is True
    assert run("local", "status").code == 8


def test_what_the_embedded_aws_does_not_do_is_told_when_it_is_new(aws, small):
    run = aws
    told = "the embedded AWS does not"
    assert told in run("provision", "--local").err
    small.write_text(small.read_text().replace('"hello"', '"goodbye"'))
    again = run("provision", "--local")
    assert "small-dev: updated" in again.err
    assert told not in again.err
    small.write_text(small.read_text().replace("uses=photos.read", "uses=photos.read, kms_key=KEY"))
    small.write_text('KEY = "arn:aws:kms:us-east-1:123456789012:key/1"\n' + small.read_text())
    changed = run("provision", "--local").err
    assert f"{told} encrypt environment variables (GreetFunction)" in changed
    assert changed.count(told) == 1


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
    elsewhere = run("status", "--local", "--stage", "two", AWS_REGION="eu-west-1")
    assert elsewhere.code == 6
    assert "there is no stack small-two in the embedded AWS in eu-west-1" in elsewhere.err


def test_two_terminals_at_once(aws, small):
    command = [sys.executable, "-m", "lakon", "provision", "--local"]
    both = [
        subprocess.Popen(command, cwd=small.parent, stderr=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)
    ]
    ended = [(process, process.communicate()) for process in both]
    for process, (_, said) in ended:
        assert process.returncode == 0, said
    assert aws("invoke", "greet", "--local").code == 0


@pytest.mark.parametrize("delay", [0.1, 0.4, 0.8, 1.2])
def test_interrupted_anywhere_and_run_again(aws, small, delay):
    command = [sys.executable, "-m", "lakon", "provision", "--local"]
    process = subprocess.Popen(command, cwd=small.parent, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    time.sleep(delay)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    if process.returncode != -signal.SIGINT and "init_import_site" not in said:  # Python's own, while it still starts
        assert process.returncode in (0, 130), said
        assert "Traceback" not in said
    again = aws("provision", "--local", "--json")
    assert again.code == 0, again.err
    assert json.loads(aws("invoke", "greet", "--local").out)["hello"] == "world"
    assert not [path for path in small.parent.rglob("*.part*") if path.is_file()]

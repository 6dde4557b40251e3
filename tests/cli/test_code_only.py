"""Code alone, straight to Lambda, with a stack that stays true."""

# mypy: allow-untyped-defs, allow-untyped-calls

import json
import sys

import pytest

PROGRAM = """
import lakon

service = lakon.Service("quick", python="{python}")


@service.function(memory=256)
def one(event, context):
    return "first"


@service.function
def two(event, context):
    return "first"
"""


@pytest.fixture
def quick(run, tmp_path):
    app = tmp_path / "app.py"
    app.write_text(PROGRAM.format(python=f"{sys.version_info[0]}.{sys.version_info[1]}"))
    yield app
    run("local", "stop")


def answer(run, name="one"):
    return json.loads(run("invoke", name, "--local").out)


def test_code_alone(run, quick):
    text = quick.read_text()
    alone = run("provision", "--local", "--code-only")
    assert alone.code == 8
    assert "the embedded AWS of this project does not run" in alone.err
    assert run("provision", "--local").code == 0

    quick.write_text(text.replace('"first"', '"second"'))
    done = run("provision", "--local", "--code-only", "--json")
    assert done.code == 0, done.err
    assert done.json()["exchanged"] == ["one", "two"]
    assert done.json()["action"] == "updated", "the stack is told"
    assert "2 functions answer with the new code" in done.err
    assert answer(run) == answer(run, "two") == "second"
    assert run("provision", "--local", "--json").json()["action"] == "unchanged", "the stack is true"
    assert len(run("rollback", "--local", "--list", "--json").json()["releases"]) == 2

    again = run("provision", "--local", "--code-only", "--json").json()
    assert (again["exchanged"], again["action"]) == ([], "unchanged")

    quick.write_text(text.replace("memory=256", "memory=512").replace('"first"', '"third"'))
    refused = run("provision", "--local", "--code-only")
    assert refused.code == 2
    assert "more than code differs from the stack quick-dev" in refused.err
    assert "OneFunction (AWS::Lambda::Function): MemorySize" in refused.err
    assert answer(run) == "second"
    tagged = run("provision", "--local", "--code-only", "--tag", "team=a")
    assert "the tag team" in tagged.err

    for other in ("--yes", "--dry-run", "--confirm-iam"):
        assert run("provision", "--local", "--code-only", other).code == 2


def test_no_stack(run, quick):
    assert run("provision", "--local").code == 0
    none = run("provision", "--local", "--code-only", "--stage", "other")
    assert none.code == 6
    assert "there is no stack quick-other" in none.err

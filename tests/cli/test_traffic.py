"""Functions that are called by their alias, on the embedded AWS: it moves with each change, and at once."""

# mypy: allow-untyped-defs, allow-untyped-calls

import json
import sys

import pytest

PROGRAM = """
import os

import lakon

service = lakon.Service("moving", python="{python}")
level = service.input("Level", default="info")


@service.function
def check(event, context):
    return "checked"


@service.function(traffic=lakon.Canary(10, minutes=1, before=check), env={{"LEVEL": level}})
def work(event, context):
    return ["first", context.function_version, os.environ["LEVEL"]]


@service.function(uses=lakon.invoke(work))
def ask(event, context):
    import boto3

    told = boto3.client("lambda").invoke(FunctionName=os.environ["WORK_FUNCTION_NAME"])
    return told["Payload"].read().decode()
"""


@pytest.fixture
def moving(run, tmp_path):
    app = tmp_path / "app.py"
    app.write_text(PROGRAM.format(python=f"{sys.version_info[0]}.{sys.version_info[1]}"))
    yield app
    run("local", "stop")


def answer(run):
    return json.loads(json.loads(run("invoke", "ask", "--local").out))


def test_the_alias_moves(run, moving):
    done = run("provision", "--local")
    assert done.code == 0, done.err
    assert "does not shift traffic" in done.err
    assert answer(run) == ["first", "1", "info"]
    text = moving.read_text()
    moving.write_text(text.replace('"first"', '"second"'))
    assert run("provision", "--local").code == 0
    assert answer(run) == ["second", "2", "info"], "code is a new version"
    assert run("provision", "--local", "--param", "Level=debug").code == 0
    assert answer(run) == ["second", "3", "debug"], "so is an input"
    moving.write_text(text.replace('"first"', '"second"').replace("env={", "memory=512, env={"))
    assert run("provision", "--local", "--param", "Level=debug").code == 0
    assert answer(run)[1] == "4", "so is a setting"
    assert run("rollback", "--local").code == 0
    assert answer(run)[0] == "second"
    refused = run("provision", "--local", "--code-only")
    assert refused.code == 2
    assert "answers by an alias" in refused.err
    assert "cannot follow" in run("provision", "--local", "--no-bucket", "--stage", "other").err

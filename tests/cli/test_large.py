"""A service that outgrows one stack, on the embedded AWS."""

# mypy: allow-untyped-defs, allow-untyped-calls

import json
import sys

import pytest

from lakon.provision.session import Session
from lakon.provision.status import names
from lakon.settings import Target

PROGRAM = """
import lakon

service = lakon.Service("large", python="{python}")
photos = service.bucket("photos")
index = service.table("index", key="id")
api = service.http_api("public")


@service.function(uses=index.write)
def first(event, context):
    print("seen")
    return "it is " + index.name


def greet(event, context):
    return "hello"


for number in range({count}):
    calls = [photos.created(prefix=f"{{number}}/")] if number == 2 else [api.get("/three")] if number == 3 else []
    alarms = [lakon.errors(threshold=each) for each in range(1, {alarms})]
    service.function(name=f"f{{number}}", on=calls, uses=index.write, alarms=alarms)(greet)
"""
BROKEN = 'service.function(name="broken", layers=["arn:aws:lambda:us-east-1:000000000000:layer:none:1"])(greet)\n'


@pytest.fixture
def write(run, tmp_path):
    """Write the program with so many functions; how many lines that is."""

    def write(count, *, alarms=5, more="", **words):
        python = f"{sys.version_info[0]}.{sys.version_info[1]}"
        text = PROGRAM.format(python=python, count=count, alarms=alarms) + more
        for old, new in words.items():
            text = text.replace(old, new)
        (tmp_path / "app.py").write_text(text)
        return len(text.splitlines())

    yield write
    run("local", "stop")


def members(run):
    return {each["logical_id"]: each["physical_id"] for each in run("status", "--local", "--json").json()["resources"]}


def test_a_service_outgrows_one_stack(run, write):
    write(55)
    assert run("provision", "--local").code == 0
    small = members(run)
    assert len(small) == 398

    write(62)
    assert "49 to add" in run("diff", "--local").out
    assert run("build", "--local", "--output", "out").code == 0
    shipped = run("provision", "--local", "--from", "out")
    assert shipped.code == 0, shipped.err
    large = members(run)
    assert small.items() <= large.items(), "what is there is not made anew"
    assert large["F61Function"] == "large-dev-f61"
    assert run("provision", "--local", "--json").json()["action"] == "unchanged"
    assert "nothing would change" in run("diff", "--local").out
    assert json.loads(run("invoke", "f61", "--local").out) == "hello"
    assert json.loads(run("invoke", "first", "--local").out).startswith("it is large-dev-IndexTable")
    assert "no drift" in run("status", "--local", "--drift").out

    line = write(62, more=BROKEN)
    failed = run("provision", "--local")
    assert failed.code != 0
    assert f"error: app.py:{line}: BrokenFunction (AWS::Lambda::Function) could not be" in failed.err
    assert members(run).keys() == large.keys(), "all is as it was"

    assert "seen" in run("logs", "first", "--local").out

    write(62, hello="good day")
    code = run("provision", "--local", "--code-only", "--json")
    assert code.code == 0, code.err
    assert json.loads(run("invoke", "f61", "--local").out) == "good day"

    oldest = run("rollback", "--local", "--list", "--json").json()["releases"][-1]["build"]
    back = run("rollback", "--local", "--to", oldest)
    assert back.code == 0, back.err
    assert members(run) == small
    assert run("delete", "--local").code == 0


def test_a_first_creation_that_fails_leaves_nothing(run, write):
    line = write(60, more=BROKEN)
    failed = run("provision", "--local")
    assert f"error: app.py:{line}: BrokenFunction (AWS::Lambda::Function) could not be created" in failed.err
    endpoint = run("local", "status", "--json").json()["endpoint_url"]
    session = Session(Target(endpoint_url=endpoint, region="us-east-1", local=True))
    assert session.client("lambda").list_functions()["Functions"] == []
    assert session.client("logs").describe_log_groups()["logGroups"] == []
    assert names(session) == ("large-dev",)


def test_without_a_bucket_it_is_refused(run, write):
    write(62)
    refused = run("provision", "--local", "--no-bucket")
    assert refused.code != 0
    assert "CloudFormation takes no more than 51,200 without a bucket" in refused.err


def test_a_thousand_functions(run, write):
    write(999, alarms=1)
    done = run("provision", "--local")
    assert done.code == 0, done.err
    assert "large-dev is made in 2 steps" in done.err
    made = members(run)
    assert sum(name.endswith("Function") for name in made) == 1000
    assert json.loads(run("invoke", "f998", "--local").out) == "hello"
    gone = run("delete", "--local")
    assert gone.code == 0, gone.err
    assert "bit by bit" in gone.err

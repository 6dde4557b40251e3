"""Earlier builds: listed, brought back, and forgotten with their stack."""

# mypy: allow-untyped-defs, allow-untyped-calls

import json
import sys
import time
from urllib.error import HTTPError
from urllib.request import urlopen

import boto3
import pytest


@pytest.fixture
def aws(run, small):
    yield run
    run("local", "stop")


def answer(run):
    return json.loads(run("invoke", "greet", "--local").out)


def builds(run):
    return run("rollback", "--local", "--list", "--json").json()


def test_back_and_forth(aws, small):
    run, text = aws, small.read_text()
    assert run("provision", "--local").code == 0
    alone = run("rollback", "--local")
    assert alone.code == 6
    assert "there is no build of small-dev before" in alone.err
    assert "`lakon rollback --list --local`" in alone.err

    small.write_text(text.replace('"hello"', '"second"'))
    assert run("provision", "--local").code == 0
    small.write_text(text.replace('"hello"', '"third"').replace("photos.read)", "photos.read, memory=512)"))
    assert run("provision", "--local").code == 0
    assert run("provision", "--local", "--json").json()["action"] == "unchanged"
    known = builds(run)
    third, second, first = [release["build"] for release in known["releases"]]
    assert known["build"] == third == run("status", "--local", "--json").json()["build"]

    back = run("rollback", "--local", "--json").json()
    assert (back["old"], back["new"], back["action"]) == (third, second, "updated")
    assert "second" in answer(run)
    assert "~ MemorySize: 256 -> 512" in run("diff", "--local").out
    assert run("rollback", "--local").code == 0
    assert "hello" in answer(run)
    assert run("rollback", "--local", "--to", third[:5]).code == 0
    assert "third" in answer(run)
    assert builds(run)["build"] == third
    assert len(builds(run)["releases"]) == 3, "going back is no new release"

    dry = run("rollback", "--local", "--dry-run", "--to", first)
    assert "~ MemorySize: 512 -> 256" in dry.out, dry.err
    assert "app.py" in dry.out, "code is shown file by file"
    for build, said in [
        ("0000", "is not known"),
        (third, "already"),
        ("", "is too short"),
        (first[:1], "is too short"),
    ]:
        refused = run("rollback", "--local", "--to", build)
        assert refused.code == 2
        assert said in refused.err
    assert run("rollback", "--list", "--to", first).code == 2
    assert "nothing to go on taking back" in run("rollback", "--local", "--continue").err
    assert run("rollback", "--local", "--continue", "--to", first).code == 2
    assert run("rollback", "--local", "--skip", "GreetFunction").code == 2
    assert run("rollback", "--local", "--dry-run", "--yes").code == 2
    assert builds(run)["build"] == third, "nothing of that has changed anything"
    tagged = run("provision", "--local", "--tag", "team=x", "--json").json()
    assert tagged["action"] == "updated"
    assert builds(run)["build"] != third
    assert run("rollback", "--local").code == 0
    assert builds(run)["build"] == third, "tags alone are taken back, too"
    assert len([line for line in run("rollback", "--local", "--list").out.splitlines() if line.endswith("runs")]) == 1
    assert f"{first}  " in run("rollback", "--local", "--list").out

    assert run("delete", "--local").code == 0
    assert run("provision", "--local").code == 0
    assert [release["build"] for release in builds(run)["releases"]] == [third]
    endpoint = run("local", "status").out.strip().split()[-1]
    keys = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")
    cloudformation = keys.client("cloudformation", endpoint_url=endpoint)
    cloudformation.delete_stack(StackName="small-dev")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="small-dev", WaiterConfig={"Delay": 1})
    small.write_text(text)
    assert run("provision", "--local").code == 0
    assert len(builds(run)["releases"]) == 1, "what a stack was that somebody else deleted is not its history"


FRONT = """
import lakon

service = lakon.Service("front", python="{python}")
public = service.http_api("public")


@public.get("/{path}")
def old(request):
    return "{path}"
"""


def test_front_doors_go_back_as_well(run, tmp_path):
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    outputs = ""

    def at(path):
        [url] = [value for name, value in json.loads(outputs).items() if name.endswith("Url")]
        try:
            with urlopen(f"{url}/{path}") as answer:
                return answer.status
        except HTTPError as error:
            return error.code

    try:
        for path in ("old", "new"):
            (tmp_path / "app.py").write_text(FRONT.format(python=python, path=path))
            done = run("provision", "--local", "--json")
            assert done.code == 0, done.err
            outputs = json.dumps(done.json()["outputs"])
        assert (at("old"), at("new")) == (404, 200)
        assert run("rollback", "--local").code == 0
        assert (at("old"), at("new")) == (200, 404)
    finally:
        run("local", "stop")


def test_drift(aws):
    run = aws
    assert run("provision", "--local").code == 0
    assert "no drift" in run("status", "--local", "--drift").out
    seen = run("status", "--local", "--drift", "--json", "--exit-code")
    assert (seen.code, seen.json()["drift"]["resources"]) == (0, [])
    assert "T" in seen.json()["created"], "ISO 8601"
    client = boto3.client(
        "lambda",
        endpoint_url=run("local", "status").out.strip(),
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    client.update_function_configuration(FunctionName="small-dev-greet", Timeout=77)
    assert run("status", "--local", "--drift", "--exit-code").code == 9
    assert run("status", "--local", "--exit-code").code == 2


def test_what_was_stubs(aws):
    run = aws
    assert run("provision", "--local", "--no-bucket").code == 0
    assert run("flip", "--local").code == 0
    seen = run("status", "--local", "--drift", "--exit-code")
    assert (seen.code, "no drift" in seen.out) == (0, True), "a flip is nobody's hand"

    assert run("provision", "--local").code == 0
    listed = run("rollback", "--local", "--list").out.splitlines()
    assert [line.split()[-1] for line in listed] == ["runs", "stubs"]
    running, stubs = (release["build"] for release in builds(run)["releases"])
    back = run("rollback", "--local")
    assert back.code == 6
    assert f"there is no build of small-dev before {running}" in back.err
    named = run("rollback", "--local", "--to", stubs)
    assert named.code == 2
    assert "were stubs" in named.err
    assert "hello" in answer(run)


def test_what_a_first_provision_would_make(run, small):
    first = run("diff", "--local")
    assert first.code == 0, first.err
    assert "small-dev: would be created" in first.out
    deadline = time.monotonic() + 20
    while run("local", "status").code == 0:
        assert time.monotonic() < deadline, "what was started for it goes on"


@pytest.mark.parametrize(
    "wrong",
    [("--tag", "lakon:stage=x"), ("--tag", "aws:x=y"), ("--tag", "a=1", "--tag", "a=2"), ("--tag", "x" * 129 + "=1")],
)
def test_tags_that_nobody_may_give(run, small, wrong):
    refused = run("diff", "--local", *wrong)
    assert refused.code == 2, refused.err

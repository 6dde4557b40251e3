"""What was built once is shipped elsewhere: from a folder, and from one stage to another."""

# mypy: allow-untyped-defs, allow-untyped-calls

import json
import shutil
import sys

import pytest

PROGRAM = """
import lakon

service = lakon.Service("shop", python="{python}")
level = service.input("Level", default="info")


@service.function(memory=512 if service.stage == "prod" else 256, env={{"LEVEL": level}})
def tell(event, context):
    return ["one", service.stage]
"""


@pytest.fixture
def shop(run, tmp_path):
    (tmp_path / "app.py").write_text(PROGRAM.format(python=f"{sys.version_info[0]}.{sys.version_info[1]}"))
    yield run
    run("local", "stop")


def archive(run, stage):
    return run("status", "--local", "--stage", stage, "--json").json()["parameters"]["PythonArchive"]


def test_from_stage_to_stage(shop, tmp_path):
    run, app = shop, tmp_path / "app.py"
    assert run("provision", "--local", "--stage", "test").code == 0
    text = app.read_text()
    app.write_text(text.replace('"one"', '"two"'))
    shutil.rmtree(tmp_path / ".lakon" / "build")
    done = run("promote", "test", "--to", "prod", "--local", "--param", "Level=error", "--json")
    assert done.code == 0, done.err
    assert done.json()["action"] == "created"
    assert archive(run, "prod") == archive(run, "test")
    told = run("invoke", "tell", "--local", "--stage", "prod")
    assert json.loads(told.out) == ["one", "prod"], "what was built before, in the template of its stage"
    assert (
        run("promote", "test", "--to", "prod", "--local", "--param", "Level=error", "--json").json()["action"]
        == "unchanged"
    )

    app.write_text(text.replace("else 256", "else 300"))
    other = run("promote", "test", "--to", "prod", "--local")
    assert other.code == 2
    assert "the program declares something else than what shop-test runs" in other.err
    assert run("promote", "test", "--to", "test", "--local").code == 2
    assert run("promote", "none", "--to", "prod", "--local").code == 6


def test_from_a_folder(shop, tmp_path):
    run, app = shop, tmp_path / "app.py"
    assert run("build", "--local", "--output", "out").code == 0
    text = app.read_text()
    app.write_text(text.replace('"one"', '"two"'))
    shutil.rmtree(tmp_path / ".lakon", ignore_errors=True)
    done = run("provision", "--local", "--from", "out", "--stage", "prod", "--json")
    assert done.code == 0, done.err
    assert json.loads(run("invoke", "tell", "--local", "--stage", "prod").out) == ["one", "prod"]

    for refused, said in [
        (run("provision", "--local", "--from", "nothing"), "holds no build"),
        (run("provision", "--from", "out"), "holds a build for another place"),
        (run("provision", "--local", "--from", "out", "--dry-run"), "--dry-run builds"),
    ]:
        assert refused.code == 2
        assert said in refused.err
    app.write_text(text.replace('"shop"', '"store"'))
    assert "holds a build of shop" in run("provision", "--local", "--from", "out").err
    app.write_text(text)
    [zipped] = (tmp_path / "out").glob("*.zip")
    zipped.write_bytes(b"something else")
    assert "is not what its name says" in run("provision", "--local", "--from", "out").err

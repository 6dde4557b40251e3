"""What was built once is shipped elsewhere: from a folder, and from one stage to another."""

# mypy: allow-untyped-defs, allow-untyped-calls

import json
import shutil
import sys

import boto3
import pytest

from lakon.synth.sites import BUCKET

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
    assert "shop-prod: would be created" in run("promote", "test", "--to", "prod", "--local", "--dry-run").out
    assert run("status", "--local", "--stage", "prod").code == 6
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
        (run("provision", "--local", "--from", "out", "--dry-run", "--yes"), "--dry-run changes nothing"),
    ]:
        assert refused.code == 2
        assert said in refused.err
    dry = run("provision", "--local", "--from", "out", "--stage", "prod", "--param", "Level=error", "--dry-run")
    assert "LEVEL: info -> error" in dry.out, dry.err
    app.write_text(text.replace('"shop"', '"store"'))
    assert "holds a build of shop" in run("provision", "--local", "--from", "out").err
    app.write_text(text)
    [zipped] = (tmp_path / "out").glob("*.zip")
    zipped.write_bytes(b"something else")
    assert "is not what its name says" in run("provision", "--local", "--from", "out").err
    (tmp_path / "out" / "template.json").unlink()
    assert "Build it again." in run("provision", "--local", "--from", "out").err


AWS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
PAGES = """
import lakon

service = lakon.Service("pages", python="{python}")
web = service.site("./site", name="web", cdn=False)
api = service.http_api("api")


@api.get("/")
def tell(request):
    return "hello"
"""


def test_pages_and_front_doors_go_along(run, tmp_path):
    app, page = tmp_path / "app.py", tmp_path / "site" / "index.html"
    app.write_text(PAGES.format(python=f"{sys.version_info[0]}.{sys.version_info[1]}"))
    page.parent.mkdir()
    page.write_text("tested")
    try:
        assert run("provision", "--local", "--stage", "test").code == 0
        here = run("promote", "test", "--to", "prod", "--local")
        assert here.code == 0, here.err
        assert run("build", "--local", "--stage", "test", "--output", "out").code == 0
        there = run("provision", "--from", "out", "--local", "--stage", "prod")
        assert there.code == 0, there.err

        endpoint = ("--endpoint-url", run("local", "status").out.strip())
        assert run("provision", "--stage", "one", *endpoint, **AWS).code == 0
        assert run("build", "--stage", "one", "--output", "built").code == 0
        page.write_text("not tested")
        s3 = boto3.client(
            "s3",
            endpoint_url=endpoint[1],
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        for stage, command in [
            ("two", ("promote", "one", "--to", "two")),
            ("three", ("provision", "--from", "built", "--stage", "three")),
        ]:
            done = run(*command, *endpoint, "--json", **AWS)
            assert done.code == 0, done.err
            [bucket] = [value for name, value in done.json()["outputs"].items() if name.endswith(BUCKET)]
            shown = s3.get_object(Bucket=bucket, Key="index.html")
            assert (shown["Body"].read(), shown["CacheControl"]) == (b"tested", "no-cache"), stage
        shutil.rmtree(tmp_path / "built" / "sites")
        refused = run("provision", "--from", "built", "--stage", "three", *endpoint, **AWS)
        assert refused.code == 2
        assert "holds no pages of the site 'web'" in refused.err
    finally:
        run("local", "stop")


def test_a_stage_with_an_archive_of_its_own(shop, tmp_path):
    run, app = shop, tmp_path / "app.py"
    arm = '"arm64" if service.stage == "prod" else "x86_64"'
    app.write_text(app.read_text().replace("memory=512 if", f"architecture={arm}, memory=512 if"))
    assert run("provision", "--local", "--stage", "test").code == 0
    assert run("build", "--local", "--stage", "test", "--output", "out").code == 0
    for refused in (
        run("promote", "test", "--to", "prod", "--local"),
        run("provision", "--from", "out", "--stage", "prod", "--local"),
    ):
        assert refused.code == 2, refused.err
        assert "the function 'tell' (arm64) of the stage prod needs code that" in refused.err
        assert "app.py:" in refused.err

"""A stage that follows what is saved, seen through an endpoint that is not ours to run."""

# mypy: allow-untyped-defs, allow-untyped-calls

import json
import os
import signal
import subprocess
import sys

import boto3
import pytest

from .test_dev import LIMIT, until

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}


@pytest.fixture
def endpoint(run, small):
    assert run("provision", "--local", "--stage", "other").code == 0
    yield run("local", "status").out.strip().split()[-1]
    run("local", "stop")


@pytest.fixture
def started(endpoint, small):
    processes = []

    def start():
        processes.append(remote(small, endpoint))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def dev(started):
    return started()


def remote(small, endpoint):
    return subprocess.Popen(
        [sys.executable, "-m", "lakon", "dev", "--remote", "--stage", "mine", "--endpoint-url", endpoint],
        cwd=small.parent,
        env={**os.environ, **KEYS},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def client(kind, endpoint):
    where = {"endpoint_url": endpoint, "region_name": "us-east-1"}
    return boto3.client(kind, aws_access_key_id="test", aws_secret_access_key="test", **where)


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


def test_an_alias_has_moved_when_reloaded_is_said(started, endpoint, small):
    def answer():
        told = lambda_.invoke(FunctionName="small-mine-greet", Qualifier="live", Payload=b"{}")
        return json.loads(told["Payload"].read())

    text = small.read_text().replace("photos.read)", "photos.read, provisioned_concurrency=1)")
    small.write_text(text)
    lambda_ = client("lambda", endpoint)
    dev = started()
    until(dev, dev.stderr, "small-mine is what the program says")
    assert "hello" in answer()
    small.write_text(text.replace('"hello"', '"goodbye"'))
    assert "app.py: reloaded greet (" in until(dev, dev.stderr, "reloaded")
    assert "goodbye" in answer()
    dev.send_signal(signal.SIGINT)
    _, told = dev.communicate()
    assert dev.returncode == 0, told


def test_a_saved_page_is_published(started, endpoint, small):
    pages = small.parent / "pages"
    pages.mkdir()
    (pages / "index.html").write_text("old")
    small.write_text(small.read_text().replace("photos =", 'service.site("pages")\nphotos ='))
    dev = started()
    until(dev, dev.stderr, "small-mine is what the program says")
    s3 = client("s3", endpoint)
    [bucket] = [each["Name"] for each in s3.list_buckets()["Buckets"] if each["Name"].startswith("small-mine-site")]

    def page():
        return s3.get_object(Bucket=bucket, Key="index.html")["Body"].read()

    assert page() == b"old"
    (pages / "index.html").write_text("new")
    assert "pages/index.html: published site (" in until(dev, dev.stderr, "published")
    assert page() == b"new"


def test_a_stage_without_a_bucket_is_refused(started, run, small):
    small.write_text(small.read_text().replace('Service("small",', 'Service("small", bucket=False,'))
    dev = started()
    _, told = dev.communicate(timeout=LIMIT)
    assert dev.returncode == 2, told
    assert "the stage mine does without a bucket" in told
    assert "app.py:4" in told
    assert "`lakon flip --stage mine --endpoint-url http://127.0.0.1:" in told
    assert "no stack small-mine" in run("status", "--local", "--stage", "mine").err


def test_a_stack_of_stubs_is_given_no_bucket(started, run, small):
    assert run("provision", "--local", "--stage", "mine", "--no-bucket").code == 0
    dev = started()
    _, told = dev.communicate(timeout=LIMIT)
    assert dev.returncode == 2, told
    assert "the stack small-mine does without a bucket" in told
    assert run("status", "--local", "--stage", "mine", "--json").json()["functions"]["greet"]["state"] == "stub"

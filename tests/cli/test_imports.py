"""What a command has no use for it does not import: starting is most of what many commands take."""

# mypy: allow-untyped-defs, allow-untyped-calls

import json

import pytest

SLOW = {"asyncio", "concurrent.futures", "importlib.metadata", "rich", "shutil", "subprocess", "tomllib", "uv"}
ELSEWHERE = {"boto3", "botocore", "lakon.build.golang.building", "lakon.local", "lakon.provision"}
SCRIPT = """
import json, sys
from lakon.cli.main import run
code = run(sys.argv[1:])
print(json.dumps([code, sorted(sys.modules)]))
"""


def imported(run, *words, code=0, **more):
    """The modules that a fresh process has imported when a command has ended with that code."""
    done = run(*words, command=("-c", SCRIPT), **more)
    ended, modules = json.loads(done.out.splitlines()[-1])
    assert ended == code, done.err
    return set(modules)


@pytest.mark.parametrize("command", ["--version", "describe", "build"])
def test_what_stays_on_this_machine(run, small, command):
    run("build")
    assert not imported(run, *command.split()) & (SLOW | ELSEWHERE)


@pytest.mark.parametrize("command", ["status", "logs", "provision"])
def test_what_speaks_to_aws(run, small, command):
    keys = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_REGION": "eu-west-1"}
    seen = imported(run, command, "--endpoint-url", "http://127.0.0.1:1", code=6, **keys)
    assert "botocore" in seen
    assert not seen & {"boto3", "lakon.commands.diff", "multiprocessing", "s3transfer"}

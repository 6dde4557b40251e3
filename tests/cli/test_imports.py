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


def imported(run, *words):
    """The modules that a fresh process has imported when a command has succeeded."""
    done = run(*words, command=("-c", SCRIPT))
    code, modules = json.loads(done.out.splitlines()[-1])
    assert code == 0, done.err
    return set(modules)


@pytest.mark.parametrize("command", ["--version", "describe", "build"])
def test_what_stays_on_this_machine(run, small, command):
    run("build")
    assert not imported(run, *command.split()) & (SLOW | ELSEWHERE)

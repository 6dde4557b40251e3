"""What a stack shall be, and what Lambda would not take of it."""

# mypy: allow-untyped-defs, allow-untyped-calls

import pytest

from lakon.commands import program as programs
from lakon.commands.build import build
from lakon.commands.wanted import wanted
from lakon.exceptions import UsageError
from lakon.report import Silent
from lakon.settings import Target

PROGRAM = """
import lakon

service = lakon.Service("shop")


@service.function(provisioned_concurrency=1, env={"GREETING": service.input("Greeting")})
def greet(event, context):
    return event
"""


def test_a_version_that_would_be_described_by_too_much(tmp_path):
    (tmp_path / "app.py").write_text(PROGRAM)

    def asked(greeting):
        target = Target(parameters={"Greeting": greeting})
        loaded = programs.load(tmp_path / "app.py", target.stage)
        return wanted(loaded, target, build(loaded, target, Silent()), "bucket")

    assert asked("hello").parameters["Greeting"] == "hello"
    with pytest.raises(UsageError, match=r"described by \d+ characters, and Lambda takes 256") as refused:
        asked("h" * 200)
    assert refused.value.where == "app.py:7"

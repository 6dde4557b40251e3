"""An update that fails, and cannot be taken back: the one command that is told brings the stack out of that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lakon.commands import program as programs
from lakon.commands.rollback import go_on
from lakon.exceptions import ProvisionError, UsageError
from lakon.provision.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lakon.commands.program import Program

    from .service import Ship

FAILING = """
service.resource(
    "Broken", "AWS::SSM::Parameter", {"Type": "Nonsense", "Value": {"Fn::GetAtt": ["TakeFunction", "Arn"]}}
)
"""


class Archives:
    """The archives in the artifact bucket, to be taken away and brought back."""

    def __init__(self, ship: Ship) -> None:
        self.s3 = Session(ship.target(past=True)).plain("s3")
        aws = Session(ship.target(past=True)).plain("cloudformation")
        [stack] = aws.describe_stacks(StackName=ship.name)["Stacks"]
        told = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
        self.place = {"Bucket": told["ArtifactBucket"], "Key": told["PythonArchive"]}
        self.content: bytes = self.s3.get_object(**self.place)["Body"].read()

    def remove(self) -> None:
        self.s3.delete_object(**self.place)

    def restore(self) -> None:
        self.s3.put_object(**self.place, Body=self.content)


@pytest.fixture
def failing(ship: Ship, tmp_path: Path) -> Program:
    """The second version, with a resource that cannot be made."""
    app = tmp_path / "app.py"
    app.write_text(ship.second.path.read_text() + FAILING)
    return programs.load(app)


@pytest.fixture
def stuck(ship: Ship, failing: Program) -> tuple[Ship, Archives]:
    """A stage that could not be updated, nor taken back, for its old code is gone."""
    one = ship.anew()
    one.put(one.first)
    old = Archives(one)

    def disturb(number: int) -> None:
        if "ExecuteChangeSet" in one.proxy.calls[number]:
            old.remove()

    one.proxy.begin()
    one.proxy.disturb = disturb
    with pytest.raises(ProvisionError, match=r"Broken \(AWS::SSM::Parameter\) could not be") as failed:
        one.put(failing)
    one.proxy.begin()
    assert "TakeFunction (AWS::Lambda::Function) could not be taken back: " in (failed.value.hint or "")
    assert "Mend the cause, then `lakon rollback --continue" in (failed.value.hint or "")
    return one, old


def test_the_way_out(stuck: tuple[Ship, Archives], ship: Ship) -> None:
    one, old = stuck
    commands: tuple[Callable[[], None], ...] = (lambda: one.put(one.second), one.code_only)
    for command in commands:
        with pytest.raises(ProvisionError, match="is stuck in UPDATE_ROLLBACK_FAILED") as refused:
            command()
        assert "`lakon rollback --continue" in (refused.value.hint or "")
    with pytest.raises(ProvisionError, match=r"TakeFunction \(AWS::Lambda::Function\) could not be updated"):
        go_on(one.first, one.target(), one.reporter)
    old.restore()
    assert go_on(one.first, one.target(), one.reporter) == one.name
    other = ship.anew()
    other.put(other.first)
    assert {**one.state(), "stacks": _resting(one)} == {**other.state(), "stacks": _resting(other)}
    with pytest.raises(UsageError, match="there is nothing to go on taking back"):
        go_on(one.first, one.target(), one.reporter)


def test_what_stays_as_it_is(stuck: tuple[Ship, Archives], ship: Ship) -> None:
    one, old = stuck
    go_on(one.first, one.target(), one.reporter, ["TakeFunction"])
    old.restore()
    one.put(one.second)
    other = ship.anew()
    other.put(other.second)
    assert one.state() == other.state()


def _resting(ship: Ship) -> str:
    """The stack, whose state tells that an update was taken back."""
    return str(ship.state()["stacks"]).replace("_ROLLBACK_COMPLETE", "_COMPLETE")

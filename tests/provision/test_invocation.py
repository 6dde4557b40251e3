"""invoke: the answer, the function's error, the log, and a function that is not there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from lakon.exceptions import ProvisionError
from lakon.provision.invocation import invoke
from lakon.provision.status import status

if TYPE_CHECKING:
    from .conftest import World

CODE = """
def handler(event, context):
    if event.get("fail"):
        raise ValueError("as asked")
    return {"seen": event}
"""


@pytest.fixture
def function(world: World) -> str:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    world.provision(
        {
            "Resources": {
                "Role": {
                    "Type": "AWS::IAM::Role",
                    "Properties": {
                        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
                    },
                },
                "Echo": {
                    "Type": "AWS::Lambda::Function",
                    "Properties": {
                        "Runtime": "python3.12",
                        "Handler": "index.handler",
                        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                        "Code": {"ZipFile": CODE},
                    },
                },
            }
        }
    )
    named = {each.logical_id: each.physical_id for each in status(world.session, world.name).resources}
    return named["Echo"] or ""


def test_answer(world: World, function: str) -> None:
    answer = invoke(world.session, function, b'{"photo": "cat"}')

    assert json.loads(answer.payload) == {"seen": {"photo": "cat"}}
    assert answer.error is None
    assert answer.version == "$LATEST"


def test_error_of_the_function(world: World, function: str) -> None:
    answer = invoke(world.session, function, b'{"fail": true}')

    assert answer.error == "Unhandled"
    assert json.loads(answer.payload)["errorMessage"] == "as asked"


def test_event(world: World, function: str) -> None:
    answer = invoke(world.session, function, b"{}", event=True)

    assert (answer.payload, answer.error, answer.log) == (b"", None, "")


def test_no_such_function(world: World, function: str) -> None:
    with pytest.raises(ProvisionError, match="there is no function nobody"):
        invoke(world.session, "nobody", b"{}")
    with pytest.raises(ProvisionError, match=f"there is no function {function}:live"):
        invoke(world.session, function, b"{}", qualifier="live")

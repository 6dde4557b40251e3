"""`lakon.invoke` points at the function that is meant, whatever it is named."""

# mypy: allow-untyped-defs, allow-untyped-calls

import json

import pytest

import lakon
from lakon.describe.overview import Link, overview
from lakon.synth.synthesis import synthesize


def stamp(event, context):
    """Do nothing."""


def report(event, context):
    """Do nothing else."""


@pytest.fixture(params=[report, "renamed"])
def service(request):
    service = lakon.Service("imager")
    service.function(name="renamed")(report)
    service.function(uses=lakon.invoke(request.param))(stamp)
    return service


def test_the_role_the_variable_and_the_picture_agree(service):
    resources = json.loads(synthesize(service, stage="dev", root="/").text)["Resources"]
    function, role = resources["StampFunction"]["Properties"], resources["StampRole"]["Properties"]
    assert function["Environment"]["Variables"] == {"RENAMED_FUNCTION_NAME": {"Fn::Sub": "${AWS::StackName}-renamed"}}
    allowed = role["Policies"][0]["PolicyDocument"]["Statement"][-1]["Resource"]
    assert [arn["Fn::Sub"].partition("${AWS::StackName}-")[2] for arn in allowed] == ["renamed", "renamed:*"]
    assert overview(service, root="/").functions[1].touches == (Link("renamed", "invoke"),)

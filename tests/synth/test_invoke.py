"""`lakon.invoke` points at the function that is meant, whatever it is named."""

# mypy: allow-untyped-defs, allow-untyped-calls

import json

import pytest

import lakon
from lakon.describe.overview import Link, overview
from lakon.synth.synthesis import synthesize
from tests.synth.declaring import answer, url


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


def test_a_function_with_a_name_of_its_own():
    service = lakon.Service("imager")
    service.function(name="report", physical_name="old-report", url=True)(report)
    service.function(uses=lakon.invoke("report"))(stamp)
    resources = json.loads(synthesize(service, stage="dev", root="/").text)["Resources"]
    assert resources["ReportFunction"]["Properties"]["FunctionName"] == "old-report"
    assert resources["ReportLogGroup"]["Properties"]["LogGroupName"] == "/aws/lambda/old-report"
    assert resources["StampFunction"]["Properties"]["Environment"]["Variables"] == {
        "REPORT_FUNCTION_NAME": "old-report"
    }
    [*_, allowed] = resources["StampRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    start = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:"
    assert [arn["Fn::Sub"] for arn in allowed["Resource"]] == [f"{start}old-report", f"{start}old-report:*"]


def test_a_function_url_with_a_name_of_its_own():
    service, api = url(auth="iam", physical_name="old-api")
    api.get("/")(answer)
    service.function(uses=api.call)(stamp)
    resources = json.loads(synthesize(service, stage="dev", root="/").text)["Resources"]
    assert resources["PublicFunction"]["Properties"]["FunctionName"] == "old-api"
    allowed = json.dumps(resources["StampRole"]["Properties"]["Policies"])
    assert ":function:old-api" in allowed
    assert "AWS::StackName" not in allowed

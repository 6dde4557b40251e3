"""What was changed beside CloudFormation, found property by property."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lakon.exceptions import ProvisionError
from lakon.provision.drift import Drift, DriftedProperty, DriftedResource, detect, without_flips
from lakon.provision.session import Session
from lakon.synth.stubs import STUB_HANDLER

from .conftest import Memory

if TYPE_CHECKING:
    from .conftest import Script, Template, World

STACK: Template = {
    "Resources": {
        "Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 30}},
        "Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 7}},
        "Other": {"Type": "AWS::SQS::Queue"},
    }
}


def test_drift(world: World) -> None:
    world.provision(STACK)
    assert detect(world.session, world.name, world.reporter).resources == ()
    assert world.reporter.steps[-1] == f"looking for drift of {world.name}"

    sqs, stack = world.session.plain("sqs"), world.session.client("cloudformation")
    ids = {
        row["LogicalResourceId"]: row.get("PhysicalResourceId", "")
        for row in stack.list_stack_resources(StackName=world.name)["StackResourceSummaries"]
    }
    sqs.set_queue_attributes(QueueUrl=ids["Jobs"], Attributes={"VisibilityTimeout": "60"})
    world.session.client("logs").delete_log_group(logGroupName=ids["Log"])
    jobs, log = sorted(
        detect(world.session, world.name, world.reporter).resources, key=lambda resource: resource.logical_id
    )
    assert (jobs.logical_id, jobs.state) == ("Jobs", "modified")
    assert jobs.properties == (DriftedProperty("VisibilityTimeout", "30", "60"),)
    assert (log.logical_id, log.state, log.properties) == ("Log", "deleted", ())


def row(name: str, state: str, more: str = "") -> str:
    return (
        f"<member><LogicalResourceId>{name}</LogicalResourceId><ResourceType>T</ResourceType>"
        f"<StackResourceDriftStatus>{state}</StackResourceDriftStatus>{more}</member>"
    )


def difference(path: str, kind: str) -> str:
    return (
        f"<member><PropertyPath>{path}</PropertyPath><ExpectedValue>a</ExpectedValue><ActualValue>b</ActualValue>"
        f"<DifferenceType>{kind}</DifferenceType></member>"
    )


def test_what_takes_its_time_and_comes_in_pages(script: Script) -> None:
    script.answers = {
        "DetectStackDrift": ["<StackDriftDetectionId>d</StackDriftDetectionId>"],
        "DescribeStackDriftDetectionStatus": [
            f"<DetectionStatus>{state}</DetectionStatus>" for state in ("DETECTION_IN_PROGRESS", "DETECTION_COMPLETE")
        ],
        "DescribeStackResourceDrifts": [
            f"<StackResourceDrifts>{row('One', 'IN_SYNC')}</StackResourceDrifts><NextToken>more</NextToken>",
            "<StackResourceDrifts>"
            + row(
                "Two",
                "MODIFIED",
                f"<PropertyDifferences>{difference('/A/0', 'ADD')}{difference('/B', 'REMOVE')}</PropertyDifferences>",
            )
            + row("Three", "NOT_CHECKED")
            + "</StackResourceDrifts>",
        ],
        "ListStackResources": [
            "<StackResourceSummaries>"
            + "".join(
                f"<member><LogicalResourceId>{name}</LogicalResourceId><ResourceType>AWS::SQS::Queue</ResourceType>"
                "<ResourceStatus>CREATE_COMPLETE</ResourceStatus>"
                "<LastUpdatedTimestamp>2026-01-01T00:00:00Z</LastUpdatedTimestamp></member>"
                for name in ("One", "Two", "Three")
            )
            + "</StackResourceSummaries>"
        ],
    }
    found = detect(Session(script.target), "shop-dev", Memory())
    [two] = found.resources
    assert two.properties == (DriftedProperty("A.0", None, "b"), DriftedProperty("B", "a", None))
    assert found.unchecked == ("Three",)


def test_aws_cannot_look(script: Script) -> None:
    script.answers = {
        "DetectStackDrift": ["<StackDriftDetectionId>d</StackDriftDetectionId>"],
        "DescribeStackDriftDetectionStatus": [
            "<DetectionStatus>DETECTION_FAILED</DetectionStatus><DetectionStatusReason>why</DetectionStatusReason>"
        ],
        "DescribeStackResourceDrifts": ["<StackResourceDrifts/>"],
        "ListStackResources": ["<StackResourceSummaries/>"],
    }
    with pytest.raises(ProvisionError, match="could not look for drift") as raised:
        detect(Session(script.target), "shop-dev", Memory())
    assert raised.value.detail == "why"


def modified(name: str, *paths: str, added: str | None = None) -> DriftedResource:
    properties = [DriftedProperty(path, "old", "new") for path in paths]
    if added is not None:
        properties.append(DriftedProperty("Tags.1", None, added))
    return DriftedResource(name, "T", name, "modified", tuple(properties))


def test_a_flip_is_no_drift() -> None:
    def function(handler: str) -> dict[str, object]:
        return {"Type": "AWS::Lambda::Function", "Properties": {"Handler": handler}}

    def every_day(name: str) -> dict[str, object]:
        target = {"Target": {"Arn": {"Fn::GetAtt": [name, "Arn"]}}}
        return {"Type": "AWS::Scheduler::Schedule", "Properties": target | {"State": "DISABLED"}}

    resources = {
        "Take": function(STUB_HANDLER),
        "Tell": function(STUB_HANDLER),
        "Other": function("app.other"),
        "Daily": every_day("Take"),
        "Weekly": every_day("Other"),
    }
    gone = DriftedResource("Tell", "T", "Tell", "deleted", ())
    found = Drift(
        (
            modified("Take", "Handler", "Runtime", added='{"Key": "lakon:code", "Value": "ab"}'),
            modified("Tell", "Handler", "Timeout", added='{"Key": "team", "Value": "one"}'),
            gone,
            modified("Other", "Handler"),
            modified("Daily", "State"),
            modified("Weekly", "State"),
        ),
        ("Role",),
    )
    left = without_flips(found, resources)
    tell = modified("Tell", "Timeout", added='{"Key": "team", "Value": "one"}')
    assert left == Drift((tell, gone, modified("Other", "Handler"), modified("Weekly", "State")), ("Role",))

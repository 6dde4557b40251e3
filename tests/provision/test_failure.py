"""The first cause before any noise, following through odd histories, and the ways out of stuck states."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from lakon.exceptions import ProvisionError
from lakon.provision.deletion import Deletion, delete
from lakon.provision.failure import first_cause, refused_changes, remedy
from lakon.provision.progress import Ending, follow
from lakon.provision.recovery import take_back
from lakon.provision.session import Session
from lakon.provision.stack import provision

from .conftest import Memory

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.literals import ResourceStatusType
    from mypy_boto3_cloudformation.type_defs import StackEventTypeDef

    from .conftest import Script, World

STACK = "arn:aws:cloudformation:eu-west-1:000000000000:stack/service/1"


def event(name: str, kind: str, status: ResourceStatusType, reason: str, physical: str = "") -> StackEventTypeDef:
    return {
        "StackId": STACK,
        "EventId": f"{name}-{status}",
        "StackName": "service",
        "LogicalResourceId": name,
        "PhysicalResourceId": physical,
        "ResourceType": kind,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
        "Timestamp": datetime.now(UTC),
    }


def xml(number: int, name: str, status: str, token: str, reason: str = "") -> str:
    """One event as CloudFormation writes it; the stack's own events are named `service`."""
    physical = STACK if name == "service" else f"{name}-1"
    return (
        f"<member><StackId>{STACK}</StackId><EventId>{number}</EventId><StackName>service</StackName>"
        f"<LogicalResourceId>{name}</LogicalResourceId><PhysicalResourceId>{physical}</PhysicalResourceId>"
        f"<ResourceType>AWS::S3::Bucket</ResourceType><ResourceStatus>{status}</ResourceStatus>"
        f"<ResourceStatusReason>{reason}</ResourceStatusReason><ClientRequestToken>{token}</ClientRequestToken>"
        "<Timestamp>2026-01-01T00:00:00Z</Timestamp></member>"
    )


def events(*newest_first: str, more: str = "") -> str:
    following = f"<NextToken>{more}</NextToken>" if more else ""
    return f"<StackEvents>{''.join(newest_first)}</StackEvents>{following}"


def stack(state: str) -> str:
    return (
        f"<Stacks><member><StackName>service</StackName><StackId>{STACK}</StackId><StackStatus>{state}</StackStatus>"
        "<CreationTime>2026-01-01T00:00:00Z</CreationTime></member></Stacks>"
    )


def test_noise_is_passed_over_and_the_rest_is_detail(world: World) -> None:
    ending = Ending(
        "ROLLBACK_COMPLETE",
        None,
        (
            event("Jobs", "AWS::SQS::Queue", "CREATE_FAILED", "Resource creation cancelled"),
            event("Photos", "AWS::S3::Bucket", "CREATE_FAILED", "photos already exists (Service: S3)"),
            event("Role", "AWS::IAM::Role", "CREATE_FAILED", "Role with name r already exists."),
            event("service", "AWS::CloudFormation::Stack", "ROLLBACK_FAILED", "a sum of it all", STACK),
        ),
    )

    error = first_cause(world.session, "service", ending, {"Photos": "app.py:7"})

    assert error.what == "Photos (AWS::S3::Bucket) could not be created: photos already exists"
    assert error.where == "app.py:7"
    assert error.hint is not None
    assert error.hint.startswith("Bucket names are shared by all AWS accounts")
    assert error.detail == "Failed as well:\nRole (AWS::IAM::Role): Role with name r already exists."


def test_failure_without_a_resource_tells_the_stack_s_own_reason(world: World) -> None:
    ending = Ending("DELETE_COMPLETE", "User Initiated", ())
    error = first_cause(world.session, "service", ending, {})
    assert error.what == "the stack service ended as DELETE_COMPLETE: User Initiated"
    assert error.hint == "The stack was deleted meanwhile."


def test_cause_within_a_nested_stack(world: World) -> None:
    broken = {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "x", "Type": "Nonsense", "Value": "1"}}
    with pytest.raises(ProvisionError):
        world.provision({"Resources": {"Broken": broken}})
    nested = world.session.client("cloudformation").describe_stacks(StackName=world.name)["Stacks"][0]
    outer = event(
        "Part", "AWS::CloudFormation::Stack", "CREATE_FAILED", "Embedded stack failed", nested.get("StackId", "")
    )

    outer["Timestamp"] = nested["CreationTime"]

    error = first_cause(world.session, "service", Ending("ROLLBACK_COMPLETE", None, (outer,)), {"Part": "app.py:1"})

    assert error.what.startswith("Part > Broken (AWS::SSM::Parameter) could not be created: ")
    assert error.where == "app.py:1"


NESTED = "arn:aws:cloudformation:eu-west-1:000000000000:stack/service-Functions3-AB/2"


def test_what_happens_in_nested_stacks_of_a_large_service(script: Script) -> None:
    """It is reported in their place as it happens, and the first cause is named from there."""

    def told(number: int, name: str, status: str, reason: str = "", *, inside: bool = False) -> str:
        text = xml(number, name, status, "t", reason)
        if name == "Functions3":
            text = text.replace("Functions3-1", NESTED).replace("AWS::S3::Bucket", "AWS::CloudFormation::Stack")
        return text.replace(f"<StackId>{STACK}", f"<StackId>{NESTED}") if inside else text

    begun = [told(2, "Functions3", "UPDATE_IN_PROGRESS"), told(1, "service", "UPDATE_IN_PROGRESS")]
    old = told(10, "Jobs", "CREATE_FAILED", "long ago", inside=True).replace("2026-01-01", "2025-01-01")
    first = [told(11, "Photos", "UPDATE_IN_PROGRESS", inside=True), old]
    second = [told(12, "Photos", "UPDATE_FAILED", "photos already exists", inside=True), *first]
    embedded = f"Embedded stack {NESTED} was not successfully updated. Currently in UPDATE_ROLLBACK_IN_PROGRESS"
    ended = [told(4, "service", "UPDATE_ROLLBACK_COMPLETE"), told(3, "Functions3", "UPDATE_FAILED", embedded), *begun]
    script.answers["DescribeStackEvents"] = [events(*each) for each in (begun, first, ended, second)]
    session, memory = Session(script.target), Memory()

    ending = follow(session, STACK, "t", memory)

    assert [(each.logical_id, each.status) for each in memory.events] == [
        ("service", "UPDATE_IN_PROGRESS"),
        ("Photos", "UPDATE_IN_PROGRESS"),
        ("Photos", "UPDATE_FAILED"),
        ("service", "UPDATE_ROLLBACK_COMPLETE"),
    ]
    error = first_cause(session, "service", ending, {"Photos": "app.py:7"})
    assert error.what == "Photos (AWS::S3::Bucket) could not be updated: photos already exists"
    assert (error.where, error.detail) == ("app.py:7", None)


def test_a_resource_of_a_nested_stack_is_skipped_by_its_full_name(script: Script) -> None:
    def rows(name: str, kind: str, physical: str) -> str:
        return (
            f"<StackResourceSummaries><member><LogicalResourceId>{name}</LogicalResourceId>"
            f"<PhysicalResourceId>{physical}</PhysicalResourceId><ResourceType>{kind}</ResourceType>"
            "<ResourceStatus>UPDATE_FAILED</ResourceStatus>"
            "<LastUpdatedTimestamp>2026-01-01T00:00:00Z</LastUpdatedTimestamp></member></StackResourceSummaries>"
        )

    script.answers = {
        "DescribeStacks": [stack("UPDATE_ROLLBACK_FAILED")],
        "ListStackResources": [
            rows("Functions3", "AWS::CloudFormation::Stack", NESTED),
            rows("StampFunction", "AWS::Lambda::Function", "service-stamp"),
        ],
    }
    session, sent = Session(script.target), []

    def stop(params: dict[str, object], **_: object) -> None:
        sent.append(params["ResourcesToSkip"])
        raise KeyboardInterrupt

    session.client("cloudformation").meta.events.register("before-parameter-build.*.ContinueUpdateRollback", stop)
    with pytest.raises(KeyboardInterrupt):
        take_back(session, "service", Memory(), ["StampFunction", "Photos"])
    assert sent == [["service-Functions3-AB.StampFunction", "Photos"]]


def test_early_validation_names_the_resource(script: Script) -> None:
    script.answers["DescribeEvents"] = [
        (
            "<OperationEvents><member><EventId>1</EventId><LogicalResourceId>Photos</LogicalResourceId>"
            "<ResourceType>AWS::S3::Bucket</ResourceType><ValidationName>NAME_CONFLICT_VALIDATION</ValidationName>"
            "<ValidationStatus>FAILED</ValidationStatus>"
            "<ValidationStatusReason>Resource of type 'AWS::S3::Bucket' with identifier 'photos' already exists."
            "</ValidationStatusReason><ValidationPath>/Resources/Photos</ValidationPath></member></OperationEvents>"
        )
    ]
    reason = "The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]."

    error = refused_changes(Session(script.target), "change-set", reason, {"Photos": "app.py:7"})

    assert error.what.startswith("Photos (AWS::S3::Bucket) would fail: Resource of type")
    assert (error.where, error.detail) == ("app.py:7", "/Resources/Photos")


def test_other_refusals_of_a_change_set_are_told_as_they_are(script: Script) -> None:
    error = refused_changes(Session(script.target), "change-set", "Transform X failed", {})
    assert error.what == "CloudFormation refused the template: Transform X failed"
    assert script.calls == []


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("ROLLBACK_FAILED", "lakon delete"),
        ("CREATE_FAILED", "lakon delete"),
        ("DELETE_FAILED", "lakon delete"),
        ("UPDATE_ROLLBACK_FAILED", "`lakon rollback --continue"),
        ("UPDATE_FAILED", "`lakon rollback --continue"),
        ("IMPORT_ROLLBACK_FAILED", "console"),
    ],
)
def test_stuck_stack_has_one_way_out(script: Script, state: str, words: str) -> None:
    script.answers["DescribeStacks"] = [stack(state)]
    session = Session(script.target)

    with pytest.raises(ProvisionError, match=f"the stack service is stuck in {state}") as raised:
        provision(session, "service", "{}", {}, Memory(), tags={}, origins={}, artifacts=None)

    assert raised.value.hint is not None
    assert words in raised.value.hint
    assert script.calls == ["DescribeStacks"]


def test_stack_at_rest_is_not_stuck(script: Script) -> None:
    assert remedy(Session(script.target), "UPDATE_ROLLBACK_COMPLETE") is None


def test_following_ignores_what_was_before_and_reads_all_pages(script: Script) -> None:
    old = xml(1, "service", "CREATE_COMPLETE", "old")
    begun = xml(2, "service", "UPDATE_IN_PROGRESS", "ours")
    script.answers["DescribeStackEvents"] = [
        events(old),
        events(xml(3, "Photos", "UPDATE_IN_PROGRESS", "ours"), more="2"),
        events(begun, old),
        events(xml(5, "service", "UPDATE_COMPLETE", "ours"), xml(4, "Photos", "UPDATE_COMPLETE", "ours"), more="2"),
        events(xml(3, "Photos", "UPDATE_IN_PROGRESS", "ours"), begun, old),
    ]
    memory = Memory()

    ending = follow(Session(script.target), STACK, "ours", memory)

    assert ending.state == "UPDATE_COMPLETE"
    assert [each["EventId"] for each in ending.events] == ["2", "3", "4", "5"]
    assert len(memory.events) == 4


def test_following_goes_on_when_somebody_cancels(script: Script) -> None:
    ours = xml(2, "service", "UPDATE_IN_PROGRESS", "ours")
    theirs = xml(3, "service", "UPDATE_ROLLBACK_IN_PROGRESS", "theirs", "User Initiated")
    script.answers["DescribeStackEvents"] = [
        events(theirs, ours, xml(1, "service", "CREATE_COMPLETE", "old")),
        events(xml(4, "service", "UPDATE_ROLLBACK_COMPLETE", "theirs"), theirs, ours),
    ]

    ending = follow(Session(script.target), STACK, "ours", Memory())

    assert ending.state == "UPDATE_ROLLBACK_COMPLETE"
    assert [each["EventId"] for each in ending.events] == ["2", "3", "4"]


def deletable(script: Script) -> None:
    script.answers = {
        "DescribeStacks": [stack("CREATE_COMPLETE")],
        "GetTemplate": ["<TemplateBody>{&quot;Resources&quot;: {&quot;Photos&quot;: {}}}</TemplateBody>"],
        "GetCallerIdentity": ["<Account>000000000000</Account>"],
        "ListStackResources": [
            (
                "<StackResourceSummaries><member><LogicalResourceId>Photos</LogicalResourceId>"
                "<PhysicalResourceId>photos-1</PhysicalResourceId><ResourceType>AWS::S3::Bucket</ResourceType>"
                "<ResourceStatus>CREATE_COMPLETE</ResourceStatus>"
                "<LastUpdatedTimestamp>2026-01-01T00:00:00Z</LastUpdatedTimestamp></member></StackResourceSummaries>"
            )
        ],
    }


class Deleting:
    """Remembers the client request tokens of the deletions, so that events can carry them."""

    def __init__(self, session: Session, script: Script, *outcomes: tuple[str, ...]) -> None:
        self.outcomes = list(outcomes)
        self.script = script
        self.number = 0
        client = session.client("cloudformation")
        client.meta.events.register("before-parameter-build.cloudformation.DeleteStack", self.begun)

    def begun(self, params: dict[str, str], **_: object) -> None:
        lines = []
        for name_and_status in self.outcomes.pop(0):
            name, status = name_and_status.split()
            self.number += 1
            lines.append(xml(self.number, name, status, params["ClientRequestToken"], "not empty"))
        self.script.answers["DescribeStackEvents"] = [events(*reversed(lines))]


VERSION = "<Version><Key>cat</Key><VersionId>1</VersionId></Version>"


def test_bucket_that_filled_up_meanwhile_is_emptied_again(script: Script) -> None:
    deletable(script)
    script.answers["ListObjectVersions"] = ["", VERSION]
    session = Session(script.target)
    Deleting(session, script, ("Photos DELETE_FAILED", "service DELETE_FAILED"), ("service DELETE_COMPLETE",))

    assert delete(session, "service", Memory()) == Deletion("service", existed=True, kept=(), emptied={"photos-1": 1})
    assert script.calls.count("DeleteStack") == 2


def test_deletion_that_fails_tells_the_cause(script: Script) -> None:
    deletable(script)
    session = Session(script.target)
    Deleting(session, script, ("Photos DELETE_FAILED", "service DELETE_FAILED"))

    with pytest.raises(ProvisionError, match=r"Photos \(AWS::S3::Bucket\) could not be deleted: not empty"):
        delete(session, "service", Memory())
    assert script.calls.count("DeleteStack") == 1


def test_object_that_cannot_be_removed_stops_before_the_stack_is_touched(script: Script) -> None:
    deletable(script)
    script.answers["ListObjectVersions"] = [VERSION]
    script.answers["DeleteObjects"] = ["<Error><Key>cat</Key><Message>Object Lock is on</Message></Error>"]

    with pytest.raises(ProvisionError, match="cat in the bucket photos-1 cannot be removed: Object Lock is on"):
        delete(Session(script.target), "service", Memory())
    assert "DeleteStack" not in script.calls


def test_template_that_cannot_be_read_stops_before_anything_is_lost(script: Script) -> None:
    deletable(script)
    script.answers["GetTemplate"] = ["<TemplateBody>Resources: !Sub x</TemplateBody>"]

    with pytest.raises(ProvisionError, match="is not JSON"):
        delete(Session(script.target), "service", Memory())
    assert "ListObjectVersions" not in script.calls


@pytest.mark.parametrize("state", ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"])
def test_stack_that_somebody_works_on_is_not_deleted(script: Script, state: str) -> None:
    deletable(script)
    script.answers["DescribeStacks"] = [stack(state)]

    with pytest.raises(ProvisionError, match=f"somebody is working on the stack service .{state}"):
        delete(Session(script.target), "service", Memory())
    assert script.calls == ["DescribeStacks"]


def test_deletion_that_goes_on_already_is_watched(script: Script) -> None:
    deletable(script)
    script.answers["DescribeStacks"] = [stack("DELETE_IN_PROGRESS")]
    script.answers["DescribeStackEvents"] = [
        events(xml(1, "service", "DELETE_IN_PROGRESS", "theirs")),
        events(xml(2, "service", "DELETE_COMPLETE", "theirs"), xml(1, "service", "DELETE_IN_PROGRESS", "theirs")),
    ]

    assert delete(Session(script.target), "service", Memory()).existed
    assert "DeleteStack" not in script.calls

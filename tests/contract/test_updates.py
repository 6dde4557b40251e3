"""Every kind of resource that Lakon's templates hold: changed in place, replaced, or gone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from .described import (
    actions,
    alarms,
    function,
    invoke_config,
    mapping,
    physical,
    queue,
    retention,
    rule,
    schedules,
    subscription,
    table,
    topic,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakon.testing.cloud import Cloud, Local


@dataclass(frozen=True)
class Update:
    """A stack that was `before.py` and became `after.py`; the physical ids of its resources, then and now."""

    cloud: Cloud
    before: Cloud
    old: Mapping[str, str]
    new: Mapping[str, str]


@pytest.fixture(scope="module")
def updated(lakon_local: Local) -> Iterator[Update]:
    with lakon_local("programs/before.py", stage="updated") as before:
        old = physical(before)
        before.dynamodb.put_item(TableName=before.name("index"), Item={"photo": {"S": "cat"}, "taken": {"N": "1"}})
        assert before.invoke("stamp") == "first"
        with lakon_local("programs/after.py", stage="updated") as after:
            yield Update(after, before, old, physical(after))


def test_what_changes_keeps_its_identity(updated: Update) -> None:
    replaced = {"OrderedQueue", "DependenciesLayer"}
    both = (updated.old.keys() & updated.new.keys()) - replaced
    assert {name: updated.old[name] for name in both} == {name: updated.new[name] for name in both}


def test_stores_are_updated_in_place(updated: Update) -> None:
    cloud = updated.cloud
    bucket = {"Bucket": cloud.name("photos")}
    [told] = cloud.s3.get_bucket_notification_configuration(**bucket)["LambdaFunctionConfigurations"]
    assert [each["Value"] for each in told["Filter"]["Key"]["FilterRules"]] == ["new/"]
    assert [index["IndexName"] for index in table(cloud, "index")["GlobalSecondaryIndexes"]] == ["by-camera"]
    assert cloud.dynamodb.scan(TableName=cloud.name("index"))["Count"] == 1
    assert retention(cloud, cloud.name("audit")) == 14
    assert cloud.ssm.get_parameter(Name=cloud.name("greeting"))["Parameter"]["Value"] == "Good day"
    secret = cloud.secretsmanager.describe_secret(SecretId=cloud.name("db"))
    assert secret["Description"] == "Of the new database"


def test_a_secret_keeps_its_value(updated: Update) -> None:
    versions = updated.cloud.secretsmanager.list_secret_version_ids(SecretId=updated.cloud.name("db"))["Versions"]
    assert len(versions) == 1


def test_messaging_is_updated_in_place(updated: Update) -> None:
    cloud = updated.cloud
    jobs = queue(cloud, "jobs")
    assert (jobs["DelaySeconds"], jobs["VisibilityTimeout"]) == ("0", "60")
    assert jobs["MessageRetentionPeriod"] == str(3 * 24 * 3600)
    assert json.loads(jobs["RedrivePolicy"])["maxReceiveCount"] == 5
    assert topic(cloud, "news")["DisplayName"] == "Latest news"
    assert json.loads(subscription(cloud)["FilterPolicy"]) == {"kind": ["film"]}
    bus = cloud.events.describe_event_bus(Name=cloud.name("orders"))
    assert bus["Description"] == "What was ordered and sent"
    pattern = json.loads(rule(cloud, cloud.name("orders"))["EventPattern"])
    assert pattern == {"source": ["shop"], "detail": {"state": ["sent"]}}
    assert json.loads(rule(cloud, "default")["EventPattern"]) == {"source": ["aws.ecs"]}


def test_a_function_is_updated_in_place(updated: Update) -> None:
    cloud = updated.cloud
    made = function(cloud)
    assert (made["MemorySize"], made["Timeout"], made["EphemeralStorage"]) == (256, 10, {"Size": 512})
    assert (made["Description"], made["Handler"]) == ("Does it well", "after.second")
    assert made["Environment"]["Variables"]["COLOUR"] == "red"
    assert "GREETING" not in made["Environment"]["Variables"]
    assert made["LoggingConfig"].get("LogFormat", "Text") == "Text"
    assert made["TracingConfig"] == {"Mode": "PassThrough"}
    tags = cloud.client("lambda").list_tags(Resource=made["FunctionArn"])["Tags"]
    assert tags.items() >= {"cost": "low", "team": "mail"}.items()
    assert retention(cloud, f"/aws/lambda/{cloud.name('stamp')}") == 14
    assert cloud.invoke("stamp") == "second"


def test_a_role_is_updated_in_place(updated: Update) -> None:
    allowed = actions(updated.cloud, updated.new["StampRole"])
    assert "dynamodb:PutItem" in allowed
    assert not allowed & {"s3:PutObject", "dynamodb:GetItem", "lambda:InvokeFunction"}


def test_what_calls_a_function_is_updated_in_place(updated: Update) -> None:
    cloud = updated.cloud
    made = mapping(cloud)
    assert (made["BatchSize"], made["MaximumBatchingWindowInSeconds"]) == (20, 2)
    assert made["ScalingConfig"] == {"MaximumConcurrency": 8}
    assert json.loads(made["FilterCriteria"]["Filters"][0]["Pattern"]) == {"body": {"kind": ["film"]}}
    config = invoke_config(cloud)
    assert (config["MaximumRetryAttempts"], config["MaximumEventAgeInSeconds"]) == (0, 60)
    assert config["DestinationConfig"] == {
        "OnSuccess": {"Destination": cloud.name("pager")},
        "OnFailure": {"Destination": queue(cloud, "letters")["QueueArn"]},
    }
    timed = schedules(cloud)
    assert set(timed) == {"cron(0 9 * * ? *)", "rate(7 minutes)"}
    assert json.loads(timed["cron(0 9 * * ? *)"]["Target"]["Input"]) == {"bucket": cloud.name("drafts")}


def test_alarms_are_updated(updated: Update) -> None:
    made = alarms(updated.cloud)
    assert set(made) == {"Errors", "Throttles"}
    assert (made["Errors"]["Threshold"], made["Errors"]["Period"]) == (3, 60)


def test_what_cannot_change_is_replaced(updated: Update) -> None:
    cloud = updated.cloud
    [key] = table(cloud, "visits")["KeySchema"]
    assert key["AttributeName"] == "visitor"
    assert "FifoQueue" not in queue(cloud, "ordered")
    with pytest.raises(ClientError, match="NonExistentQueue"):
        queue(updated.before, "ordered")


def test_what_is_no_longer_declared_is_deleted(updated: Update) -> None:
    gone = updated.old.keys() - updated.new.keys()
    assert gone >= {"Board", "ReportFunction", "ReportRole", "ReportLogGroup", "StampDurationAlarm"}
    with pytest.raises(ClientError, match="ResourceNotFound"):
        updated.before.client("lambda").get_function(FunctionName=updated.before.name("report"))
    with pytest.raises(ClientError, match="NoSuchEntity"):
        updated.cloud.iam.get_role(RoleName=updated.old["ReportRole"])

"""Every kind of resource that Lakon's templates hold: made as asked for, deleted, kept. Changes: test_updates.py.

What the embedded AWS leaves out is in test_gaps.py.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from .described import (
    actions,
    alarms,
    function,
    invoke_config,
    mapping,
    physical,
    queue,
    refuses_plain_http,
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

KEPT = ("ArchiveLogGroup", "KeptBucket", "LedgerTable", "LettersQueue", "TokenSecret")


@pytest.fixture(scope="module")
def created(lakon_local: Local) -> Iterator[Cloud]:
    with lakon_local("programs/before.py", stage="created") as cloud:
        yield cloud


def test_every_resource_of_the_template_is_there(created: Cloud) -> None:
    resources = created.cloudformation.describe_stack_resources(StackName=created.stack)["StackResources"]
    assert {each["ResourceStatus"] for each in resources} == {"CREATE_COMPLETE"}
    template = created.cloudformation.get_template(StackName=created.stack)["TemplateBody"]
    declared = template if isinstance(template, dict) else json.loads(template)
    assert {each["LogicalResourceId"] for each in resources} == set(declared["Resources"])


def test_a_bucket_is_made(created: Cloud) -> None:
    bucket = {"Bucket": created.name("photos")}
    [rule] = created.s3.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert created.s3.get_bucket_versioning(**bucket)["Status"] == "Enabled"
    assert all(created.s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"].values())
    [ownership] = created.s3.get_bucket_ownership_controls(**bucket)["OwnershipControls"]["Rules"]
    assert ownership == {"ObjectOwnership": "BucketOwnerEnforced"}
    assert refuses_plain_http(created.s3.get_bucket_policy(**bucket)["Policy"])
    [told] = created.s3.get_bucket_notification_configuration(**bucket)["LambdaFunctionConfigurations"]
    assert told["Events"] == ["s3:ObjectCreated:*"]
    assert told["LambdaFunctionArn"] == function(created)["FunctionArn"]
    rules = {each["Name"].lower(): each["Value"] for each in told["Filter"]["Key"]["FilterRules"]}
    assert rules == {"prefix": "in/", "suffix": ".png"}


def test_a_table_is_made(created: Cloud) -> None:
    made = table(created, "index")
    assert made["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert [(key["AttributeName"], key["KeyType"]) for key in made["KeySchema"]] == [
        ("photo", "HASH"),
        ("taken", "RANGE"),
    ]
    types = {each["AttributeName"]: each["AttributeType"] for each in made["AttributeDefinitions"]}
    assert types == {"owner": "S", "photo": "S", "taken": "N"}
    assert [index["IndexName"] for index in made["GlobalSecondaryIndexes"]] == ["by-owner"]
    assert not made["DeletionProtectionEnabled"]
    assert table(created, "ledger")["DeletionProtectionEnabled"]


def test_a_queue_is_made(created: Cloud) -> None:
    made, dead_letters = queue(created, "jobs"), queue(created, "jobs-dead-letters")
    assert (made["DelaySeconds"], made["VisibilityTimeout"]) == ("5", "120")
    assert made["MessageRetentionPeriod"] == str(2 * 24 * 3600)
    assert made["SqsManagedSseEnabled"] == "true"
    assert refuses_plain_http(made["Policy"])
    redrive = json.loads(made["RedrivePolicy"])
    assert redrive == {"deadLetterTargetArn": dead_letters["QueueArn"], "maxReceiveCount": 4}
    ordered = queue(created, "ordered")
    assert (ordered["FifoQueue"], ordered["ContentBasedDeduplication"]) == ("true", "true")
    assert ordered["QueueArn"].endswith(".fifo")
    assert "RedrivePolicy" not in ordered


def test_a_topic_and_its_subscription_are_made(created: Cloud) -> None:
    assert topic(created, "news")["DisplayName"] == "News"
    assert refuses_plain_http(topic(created, "news")["Policy"])
    assert "cloudwatch.amazonaws.com" in topic(created, "pager")["Policy"]
    assert json.loads(subscription(created)["FilterPolicy"]) == {"kind": ["photo"]}
    assert subscription(created)["FilterPolicyScope"] == "MessageAttributes"


def test_a_bus_and_its_rule_are_made(created: Cloud) -> None:
    assert created.events.describe_event_bus(Name=created.name("orders"))["Description"] == "What was ordered"
    pattern = json.loads(rule(created, created.name("orders"))["EventPattern"])
    assert pattern == {"source": ["shop"], "detail": {"state": ["new"]}}
    assert json.loads(rule(created, "default")["EventPattern"]) == {"source": ["aws.ec2"]}


def test_log_groups_are_made(created: Cloud) -> None:
    assert retention(created, created.name("audit")) == 7
    assert retention(created, f"/aws/lambda/{created.name('stamp')}") == 7
    assert retention(created, f"/aws/lambda/{created.name('report')}") == 30


def test_a_parameter_and_secrets_are_made(created: Cloud) -> None:
    parameter = created.ssm.get_parameter(Name=created.name("greeting"))["Parameter"]
    assert (parameter["Type"], parameter["Value"]) == ("String", "Hello")
    secret = json.loads(created.secretsmanager.get_secret_value(SecretId=created.name("db"))["SecretString"])
    assert secret["username"] == "app"
    assert len(secret["password"]) == 32
    token = created.secretsmanager.get_secret_value(SecretId=created.name("token"))["SecretString"]
    assert len(token) == 20


def test_a_function_is_made(created: Cloud) -> None:
    made = function(created)
    assert made["Runtime"] == "python3.11"
    assert (made["MemorySize"], made["Timeout"], made["EphemeralStorage"]) == (512, 20, {"Size": 1024})
    assert (made["Description"], made["Handler"]) == ("Does it all", "before.first")
    assert (
        made["Environment"]["Variables"].items()
        >= {
            "COLOUR": "blue",
            "GREETING": created.name("greeting"),
            "PHOTOS_BUCKET_NAME": created.name("photos"),
            "JOBS_QUEUE_URL": created.name("jobs"),
            "REPORT_FUNCTION_NAME": created.name("report"),
        }.items()
    )
    assert made["LoggingConfig"] == {
        "LogFormat": "JSON",
        "ApplicationLogLevel": "WARN",
        "LogGroup": f"/aws/lambda/{created.name('stamp')}",
    }
    assert made["TracingConfig"] == {"Mode": "Active"}
    tags = created.client("lambda").list_tags(Resource=made["FunctionArn"])["Tags"]
    assert tags.items() >= {"cost": "high", "team": "stamps"}.items()


def test_a_layer_is_made(created: Cloud) -> None:
    layer = physical(created)["DependenciesLayer"]
    assert [each["Arn"] for each in function(created)["Layers"]] == [layer]
    made = created.client("lambda").get_layer_version_by_arn(Arn=layer)
    assert made["CompatibleRuntimes"] == ["python3.11"]
    assert made["CompatibleArchitectures"] == ["x86_64"]


def test_roles_are_made(created: Cloud) -> None:
    ids = physical(created)
    assert function(created)["Role"].endswith(f"/{ids['StampRole']}")
    assert actions(created, ids["StampRole"]) >= {"s3:PutObject", "dynamodb:GetItem", "sqs:ReceiveMessage"}
    assert "s3:PutObject" not in actions(created, ids["ReportRole"])
    assert actions(created, ids["StampScheduleRole"]) == {"lambda:InvokeFunction"}
    trusted = created.iam.get_role(RoleName=ids["StampScheduleRole"])["Role"]["AssumeRolePolicyDocument"]
    assert trusted["Statement"][0]["Principal"] == {"Service": "scheduler.amazonaws.com"}


def test_permissions_are_made(created: Cloud) -> None:
    policy = created.client("lambda").get_policy(FunctionName=created.name("stamp"))["Policy"]
    sources = {
        (each["Principal"]["Service"], each["Condition"]["ArnLike"]["AWS:SourceArn"])
        for each in json.loads(policy)["Statement"]
    }
    assert sources == {
        ("s3.amazonaws.com", f"arn:aws:s3:::{created.name('photos')}"),
        ("sns.amazonaws.com", created.name("news")),
        ("events.amazonaws.com", rule(created, created.name("orders"))["Arn"]),
        ("events.amazonaws.com", rule(created, "default")["Arn"]),
    }


def test_a_mapping_is_made(created: Cloud) -> None:
    made = mapping(created)
    assert made["EventSourceArn"] == queue(created, "jobs")["QueueArn"]
    assert (made["BatchSize"], made["MaximumBatchingWindowInSeconds"]) == (50, 1)
    assert made["ScalingConfig"] == {"MaximumConcurrency": 4}
    assert made["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    [wanted] = made["FilterCriteria"]["Filters"]
    assert json.loads(wanted["Pattern"]) == {"body": {"kind": ["photo"]}}


def test_an_invoke_config_is_made(created: Cloud) -> None:
    made = invoke_config(created)
    assert (made["MaximumRetryAttempts"], made["MaximumEventAgeInSeconds"]) == (1, 3600)
    assert made["DestinationConfig"] == {
        "OnSuccess": {"Destination": created.name("news")},
        "OnFailure": {"Destination": queue(created, "jobs-dead-letters")["QueueArn"]},
    }


def test_schedules_are_made(created: Cloud) -> None:
    made = schedules(created)
    assert set(made) == {"cron(0 8 * * ? *)", "rate(5 minutes)"}
    assert {each["State"] for each in made.values()} == {"ENABLED"}
    daily = made["cron(0 8 * * ? *)"]["Target"]
    assert json.loads(daily["Input"]) == {"bucket": created.name("photos")}
    assert daily["Arn"] == function(created)["FunctionArn"]
    assert daily["RoleArn"].endswith(f"/{physical(created)['StampScheduleRole']}")


def test_alarms_are_made(created: Cloud) -> None:
    made = alarms(created)
    assert set(made) == {"Errors", "Duration"}
    errors = made["Errors"]
    assert (errors["Statistic"], errors["Threshold"], errors["Period"]) == ("Sum", 2, 300)
    assert errors["Dimensions"] == [{"Name": "FunctionName", "Value": created.name("stamp")}]
    assert errors["AlarmActions"] == [created.name("pager")]
    assert (made["Duration"]["ExtendedStatistic"], made["Duration"]["Threshold"]) == ("p99", 15_000)


def test_a_resource_in_cloudformations_own_words_is_made(created: Cloud) -> None:
    boards = created.cloudwatch.list_dashboards(DashboardNamePrefix=f"{created.stack}-")["DashboardEntries"]
    assert [board["DashboardName"] for board in boards] == [physical(created)["Board"]]


def left(cloud: Cloud, ids: Mapping[str, str]) -> list[str]:
    """Which of the resources with these physical ids are there."""
    found = [
        *[each["Name"] for each in cloud.s3.list_buckets()["Buckets"]],
        *cloud.dynamodb.list_tables()["TableNames"],
        *cloud.sqs.list_queues(QueueNamePrefix=cloud.stack).get("QueueUrls", []),
        *[each["TopicArn"] for each in cloud.sns.list_topics()["Topics"]],
        *[each["Name"] for each in cloud.events.list_event_buses(NamePrefix=cloud.stack)["EventBuses"]],
        *[each["Name"] for each in cloud.events.list_rules()["Rules"]],
        *[each["logGroupName"] for each in cloud.client("logs").describe_log_groups()["logGroups"]],
        *[each["Name"] for each in cloud.ssm.describe_parameters()["Parameters"]],
        *[each["Name"] for each in cloud.secretsmanager.list_secrets()["SecretList"]],
        *[each["FunctionName"] for each in cloud.client("lambda").list_functions()["Functions"]],
        *[each["LatestMatchingVersion"]["LayerVersionArn"] for each in cloud.client("lambda").list_layers()["Layers"]],
        *[each["UUID"] for each in cloud.client("lambda").list_event_source_mappings()["EventSourceMappings"]],
        *[each["RoleName"] for each in cloud.iam.list_roles()["Roles"]],
        *[each["Name"] for each in cloud.scheduler.list_schedules()["Schedules"]],
        *[each["AlarmName"] for each in cloud.cloudwatch.describe_alarms()["MetricAlarms"]],
        *[each["DashboardName"] for each in cloud.cloudwatch.list_dashboards()["DashboardEntries"]],
        *[each["SubscriptionArn"] for each in cloud.sns.list_subscriptions()["Subscriptions"]],
    ]
    return sorted(name for name, physical_id in ids.items() if physical_id in found)


def test_a_stack_is_deleted_but_for_what_is_kept(lakon_local: Local) -> None:
    with lakon_local("programs/before.py", stage="deleted") as cloud:
        ids = physical(cloud)
        seen_with_others = {name for name in ids if name.endswith(("Policy", "Permission", "InvokeConfig"))}
        assert ids.keys() - seen_with_others - {"StampRule"} == set(left(cloud, ids))
        cloud.s3.put_object(Bucket=cloud.name("kept"), Key="a", Body=b"kept")
    assert tuple(left(cloud, ids)) == KEPT
    assert cloud.s3.get_object(Bucket=cloud.name("kept"), Key="a")["Body"].read() == b"kept"

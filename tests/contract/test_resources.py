"""Every kind of resource that Lakon's templates hold: made as asked for, changed, replaced, deleted, kept.

What the embedded AWS leaves out is in test_gaps.py.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakon.testing.cloud import Cloud, Local

KEPT = ("ArchiveLogGroup", "KeptBucket", "LedgerTable", "LettersQueue", "TokenSecret")


@pytest.fixture(scope="module")
def created(lakon_local: Local) -> Iterator[Cloud]:
    with lakon_local("programs/before.py", stage="created") as cloud:
        yield cloud


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


def physical(cloud: Cloud) -> dict[str, str]:
    resources = cloud.cloudformation.describe_stack_resources(StackName=cloud.stack)["StackResources"]
    return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in resources}


def queue(cloud: Cloud, name: str) -> Any:
    return cloud.sqs.get_queue_attributes(QueueUrl=cloud.name(name), AttributeNames=["All"])["Attributes"]


def topic(cloud: Cloud, name: str) -> Any:
    return cloud.sns.get_topic_attributes(TopicArn=cloud.name(name))["Attributes"]


def table(cloud: Cloud, name: str) -> Any:
    return cloud.dynamodb.describe_table(TableName=cloud.name(name))["Table"]


def function(cloud: Cloud, name: str = "stamp") -> Any:
    return cloud.client("lambda").get_function_configuration(FunctionName=cloud.name(name))


def mapping(cloud: Cloud) -> Any:
    [found] = cloud.client("lambda").list_event_source_mappings(FunctionName=cloud.name("stamp"))["EventSourceMappings"]
    return found


def invoke_config(cloud: Cloud) -> Any:
    of = cloud.name("stamp")
    return cloud.client("lambda").get_function_event_invoke_config(FunctionName=of, Qualifier="$LATEST")


def subscription(cloud: Cloud) -> Any:
    [found] = cloud.sns.list_subscriptions_by_topic(TopicArn=cloud.name("news"))["Subscriptions"]
    assert (found["Protocol"], found["Endpoint"]) == ("lambda", function(cloud)["FunctionArn"])
    return cloud.sns.get_subscription_attributes(SubscriptionArn=found["SubscriptionArn"])["Attributes"]


def rule(cloud: Cloud, bus: str) -> Any:
    [found] = cloud.events.list_rules(EventBusName=bus, NamePrefix=cloud.stack)["Rules"]
    [target] = cloud.events.list_targets_by_rule(Rule=found["Name"], EventBusName=bus)["Targets"]
    assert target["Arn"] == function(cloud)["FunctionArn"]
    return found


def schedules(cloud: Cloud) -> dict[str, Any]:
    names = [each["Name"] for each in cloud.scheduler.list_schedules(NamePrefix=f"{cloud.stack}-")["Schedules"]]
    found = [cloud.scheduler.get_schedule(Name=name) for name in names]
    return {each["ScheduleExpression"]: each for each in found}


def alarms(cloud: Cloud) -> dict[str, Any]:
    found = cloud.cloudwatch.describe_alarms(AlarmNamePrefix=f"{cloud.stack}-")["MetricAlarms"]
    return {each["MetricName"]: each for each in found}


def retention(cloud: Cloud, group: str) -> int:
    [found] = cloud.client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    return int(found["retentionInDays"])


def statements(cloud: Cloud, role: str) -> list[Any]:
    [policy] = cloud.iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = cloud.iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
    return list(document["Statement"])


def actions(cloud: Cloud, role: str) -> set[str]:
    named = [each["Action"] for each in statements(cloud, role)]
    return {action for each in named for action in ([each] if isinstance(each, str) else each)}


def refuses_plain_http(policy: str) -> bool:
    first = json.loads(policy)["Statement"][0]
    return bool(first["Effect"] == "Deny" and first["Condition"] == {"Bool": {"aws:SecureTransport": "false"}})


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

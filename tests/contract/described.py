"""What AWS says of the resources of a stack, in its own words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakon.testing.cloud import Cloud


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

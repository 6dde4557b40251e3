"""Queues, topics and event buses as CloudFormation resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakon.model.triggers import QueueMessages
from lakon.synth.stores import tls_only
from lakon.synth.values import place, substitution

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakon.model.function import Function
    from lakon.model.resources import Bus, Queue, Topic
    from lakon.synth.template import Properties, Template
    from lakon.synth.values import Values

DAY = 86400


def add_queue(template: Template, queue: Queue, visibility: int, values: Values) -> None:
    """The queue and its policy."""
    properties: Properties = {
        "MessageRetentionPeriod": queue.retention_days * DAY,
        "SqsManagedSseEnabled": True,
        "VisibilityTimeout": visibility,
    }
    if queue.fifo:
        properties["FifoQueue"] = True
        properties["ContentBasedDeduplication"] = True
    if queue.delay:
        properties["DelaySeconds"] = queue.delay
    if queue.dead_letters is not None:
        properties["RedrivePolicy"] = {
            "deadLetterTargetArn": values.resolve(queue.dead_letters.value("arn")),
            "maxReceiveCount": queue.max_receives,
        }
    template.add(queue.logical_id, "AWS::SQS::Queue", properties, queue.origin, keep=queue.keep)
    policy: Properties = {
        "Queues": [{"Ref": queue.logical_id}],
        "PolicyDocument": tls_only("sqs:*", [substitution(place(queue, "arn"))]),
    }
    template.add(f"{queue.logical_id}Policy", "AWS::SQS::QueuePolicy", policy, queue.origin, keep=queue.keep or None)


def longest_timeouts(functions: Iterable[Function]) -> dict[Queue, int]:
    """For each queue that calls functions, the longest timeout among theirs, in seconds."""
    longest: dict[Queue, int] = {}
    for function in functions:
        for trigger in function.on:
            if isinstance(trigger, QueueMessages):
                longest[trigger.queue] = max(function.timeout, longest.get(trigger.queue, 0))
    return longest


def visibility(queue: Queue, timeout: int | None) -> int:
    """The visibility timeout in seconds: the user's, or six times the longest `timeout` of what the queue calls."""
    if queue.visibility is not None:
        return queue.visibility
    return 30 if timeout is None else min(6 * timeout, 43_200)


def add_topic(template: Template, topic: Topic, *, notified: bool) -> None:
    """The topic and its policy; `notified` says that alarms publish to it."""
    properties: Properties = {}
    if topic.fifo:
        properties["TopicName"] = {"Fn::Sub": f"${{AWS::StackName}}-{topic.id}.fifo"}  # CloudFormation makes up none
        properties["FifoTopic"] = True
        properties["ContentBasedDeduplication"] = True
    if topic.display_name:
        properties["DisplayName"] = topic.display_name
    if not notified:
        properties["KmsMasterKeyId"] = "alias/aws/sns"
    template.add(topic.logical_id, "AWS::SNS::Topic", properties, topic.origin, keep=topic.keep)
    arn = substitution(place(topic, "arn"))
    document = tls_only("sns:Publish", [arn])
    if notified:
        statement: Properties = {
            "Sid": "Alarms",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": arn,
            "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
        }
        document["Statement"] = [*_statements(document), statement]
    policy: Properties = {"Topics": [arn], "PolicyDocument": document}
    template.add(f"{topic.logical_id}Policy", "AWS::SNS::TopicPolicy", policy, topic.origin, keep=topic.keep or None)


def _statements(document: Properties) -> list[object]:
    statements = document["Statement"]
    return statements if isinstance(statements, list) else [statements]


def add_bus(template: Template, bus: Bus) -> None:
    """The event bus, under a name of the stack's: CloudFormation makes none up for a bus."""
    properties: Properties = {"Name": {"Fn::Sub": f"${{AWS::StackName}}-{bus.id}"}}
    if bus.description:
        properties["Description"] = bus.description
    template.add(bus.logical_id, "AWS::Events::EventBus", properties, bus.origin, keep=bus.keep)

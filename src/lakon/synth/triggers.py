"""What calls a function as CloudFormation resources: permissions, mappings, subscriptions, schedules, rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from lakon.model.balancers import ListenerRule
from lakon.model.names import logical_id
from lakon.model.routes import Route
from lakon.model.sockets import SocketRoute
from lakon.model.triggers import BusEvents, ObjectEvents, QueueMessages, Schedule, TopicMessages
from lakon.synth.functions import assumed_by
from lakon.synth.grants import allow
from lakon.synth.values import arn, json_text, place, substitution

if TYPE_CHECKING:
    from lakon.model.function import Function
    from lakon.synth.template import Properties, Template
    from lakon.synth.values import Values


class Notifications:
    """What buckets tell functions, gathered while the functions are added: it stands in the bucket's properties."""

    def __init__(self) -> None:
        self.configurations: dict[str, list[Properties]] = {}
        self.permissions: dict[str, list[str]] = {}

    def add(self, trigger: ObjectEvents, function_arn: object, permission: str) -> None:
        """Have the trigger's bucket call a function, which has been permitted."""
        bucket = trigger.bucket.logical_id
        self.permissions.setdefault(bucket, []).append(permission)
        rules = [
            {"Name": name, "Value": value}
            for name, value in (("prefix", trigger.prefix), ("suffix", trigger.suffix))
            if value
        ]
        for event in trigger.events:
            configuration: Properties = {"Event": event, "Function": function_arn}
            if rules:
                configuration["Filter"] = {"S3Key": {"Rules": rules}}
            self.configurations.setdefault(bucket, []).append(configuration)


class FunctionTriggers:
    """Adds all that calls one function. The second schedule, mapping ... of a kind carries its number in its id."""

    def __init__(self, template: Template, function: Function, values: Values, notifications: Notifications) -> None:
        self.template = template
        self.function = function
        self.values = values
        self.notifications = notifications
        self.arn: Properties = {"Fn::GetAtt": [logical_id(function.name, "Function"), "Arn"]}
        self.counts: dict[str, int] = {}

    def add(self) -> None:
        """Add every trigger of the function, in the order it names them."""
        for trigger in self.function.on:
            match trigger:
                case ObjectEvents():
                    self._object_events(trigger)
                case QueueMessages():
                    self._queue_messages(trigger)
                case TopicMessages():
                    self._topic_messages(trigger)
                case Schedule():
                    self._schedule(trigger)
                case BusEvents():
                    self._bus_events(trigger)
                case Route() | SocketRoute() | ListenerRule():
                    pass  # its API makes it
                case _:
                    assert_never(trigger)

    def _id(self, what: str) -> str:
        count = self.counts[what] = self.counts.get(what, 0) + 1
        return logical_id(self.function.name, what) + (str(count) if count > 1 else "")

    def _permit(self, name: str, principal: str, source: object, *, account: bool = False) -> str:
        properties: Properties = {
            "Action": "lambda:InvokeFunction",
            "FunctionName": {"Ref": logical_id(self.function.name, "Function")},
            "Principal": principal,
            "SourceArn": source,
        }
        if account:
            properties["SourceAccount"] = {"Ref": "AWS::AccountId"}
        self.template.add(name, "AWS::Lambda::Permission", properties, self.function.origin)
        return name

    def _object_events(self, trigger: ObjectEvents) -> None:
        bucket = trigger.bucket
        name = logical_id(self.function.name, f"{bucket.logical_id}Permission")
        if name not in self.template.resources:
            self._permit(name, "s3.amazonaws.com", substitution(place(bucket, "arn")), account=True)
        self.notifications.add(trigger, self.arn, name)

    def _queue_messages(self, trigger: QueueMessages) -> None:
        properties: Properties = {
            "EventSourceArn": self.values.resolve(trigger.queue.value("arn")),
            "FunctionName": {"Ref": logical_id(self.function.name, "Function")},
            "BatchSize": trigger.batch,
            "Enabled": True,
        }
        if trigger.window:
            properties["MaximumBatchingWindowInSeconds"] = trigger.window
        if trigger.concurrency is not None:
            properties["ScalingConfig"] = {"MaximumConcurrency": trigger.concurrency}
        if trigger.filters:
            properties["FilterCriteria"] = {"Filters": [{"Pattern": self._text(each)} for each in trigger.filters]}
        if trigger.partial:
            properties["FunctionResponseTypes"] = ["ReportBatchItemFailures"]
        name = self._id(f"{logical_id(trigger.queue.id, 'Queue')}Mapping")
        self.template.add(name, "AWS::Lambda::EventSourceMapping", properties, self.function.origin)

    def _topic_messages(self, trigger: TopicMessages) -> None:
        topic_arn = self.values.resolve(trigger.topic.value("arn"))
        topic = logical_id(trigger.topic.id, "Topic")
        properties: Properties = {"Protocol": "lambda", "Endpoint": self.arn, "TopicArn": topic_arn}
        if trigger.filter is not None:
            properties["FilterPolicy"] = self.values.resolve(trigger.filter)
            properties["FilterPolicyScope"] = "MessageBody" if trigger.filter_on_body else "MessageAttributes"
        self._permit(self._id(f"{topic}Permission"), "sns.amazonaws.com", topic_arn)
        self.template.add(self._id(f"{topic}Subscription"), "AWS::SNS::Subscription", properties, self.function.origin)

    def _schedule(self, trigger: Schedule) -> None:
        name = self._id("Schedule")
        role = logical_id(self.function.name, "ScheduleRole")
        if role not in self.template.resources:
            group = substitution(arn("scheduler", "schedule-group/default"))
            condition: Properties = {
                "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}, "aws:SourceArn": group}
            }
            properties: Properties = {
                "AssumeRolePolicyDocument": assumed_by("scheduler.amazonaws.com", condition),
                "Policies": [
                    {
                        "PolicyName": "Invoke",
                        "PolicyDocument": {
                            "Version": "2012-10-17",
                            "Statement": [allow(("lambda:InvokeFunction",), [self.arn])],
                        },
                    }
                ],
            }
            self.template.add(role, "AWS::IAM::Role", properties, self.function.origin)
        target: Properties = {"Arn": self.arn, "RoleArn": {"Fn::GetAtt": [role, "Arn"]}}
        if trigger.payload is not None:
            target["Input"] = self._text(trigger.payload)
        schedule: Properties = {
            "ScheduleExpression": trigger.expression,
            "ScheduleExpressionTimezone": trigger.timezone,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": target,
        }
        self.template.add(name, "AWS::Scheduler::Schedule", schedule, self.function.origin)

    def _text(self, value: object) -> object:
        return self.values.resolve(json_text(value))

    def _bus_events(self, trigger: BusEvents) -> None:
        name = self._id("Rule")
        properties: Properties = {
            "EventPattern": self.values.resolve(trigger.pattern),
            "Targets": [{"Arn": self.arn, "Id": "Function"}],
        }
        if trigger.bus is not None:
            properties["EventBusName"] = self.values.resolve(trigger.bus.value("name"))
        self.template.add(name, "AWS::Events::Rule", properties, self.function.origin)
        self._permit(f"{name}Permission", "events.amazonaws.com", {"Fn::GetAtt": [name, "Arn"]})

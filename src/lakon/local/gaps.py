"""What a template declares and the embedded AWS does not do: said aloud, never silently nothing.

`tests/contract/` proves every entry. An entry goes when its proof fails: then the emulator, or the Lambda host, has
learned it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that the embedded AWS "does not": `what` it does not do, for resources of `type`.

    Only those count that have a property at `path` ("A.B" is B within A) whose value is not `harmless`; without a path
    all do, and they are not named: it concerns the whole program.
    """

    name: str
    type: str
    path: str
    what: str
    harmless: object = None

    def concerns(self, resource: Mapping[str, object]) -> bool:
        """Whether a resource, as it stands in a template, declares what is not done."""
        if resource.get("Type") != self.type:
            return False
        value: object = resource.get("Properties")
        for key in self.path.split(".") if self.path else ():
            value = value.get(key) if isinstance(value, Mapping) else None
        return value not in (None, self.harmless)


GAPS = (
    Gap(
        "permissions",
        "AWS::IAM::Role",
        "",
        "enforce permissions: a function that lacks a grant works here, and fails on AWS",
    ),
    Gap(
        "alarms",
        "AWS::CloudWatch::Alarm",
        "MetricName",
        "watch alarms (they change when any metric is put, whoever it is of)",
    ),
    Gap(
        "traffic",
        "AWS::Lambda::Alias",
        "Description",
        "shift traffic: an alias moves to new code at once, hooks are not called, and alarms take nothing back",
    ),
    Gap("vpc", "AWS::Lambda::Function", "VpcConfig", "run a function inside a VPC"),
    Gap("key", "AWS::Lambda::Function", "KmsKeyArn", "encrypt environment variables"),
    Gap("tracing", "AWS::Lambda::Function", "TracingConfig", "record traces"),
    Gap(
        "architecture",
        "AWS::Lambda::Function",
        "Architectures",
        "run a function on another processor than this machine's",
        harmless=["x86_64"],
    ),
    Gap(
        "time zone",
        "AWS::Scheduler::Schedule",
        "ScheduleExpressionTimezone",
        "know time zones: it takes the times of schedules for UTC",
        harmless="UTC",
    ),
    Gap(
        "window",
        "AWS::Lambda::EventSourceMapping",
        "MaximumBatchingWindowInSeconds",
        "wait for more messages: it calls with those that are there",
    ),
    Gap("expiry", "AWS::S3::Bucket", "LifecycleConfiguration", "let objects expire"),
    Gap("ttl", "AWS::DynamoDB::Table", "TimeToLiveSpecification", "let items expire"),
    Gap("recovery", "AWS::DynamoDB::Table", "PointInTimeRecoverySpecification", "recover tables to a point in time"),
    Gap(
        "punctuation",
        "AWS::SecretsManager::Secret",
        "GenerateSecretString.ExcludePunctuation",
        "leave punctuation out of the secrets it makes",
    ),
    Gap("fifo", "AWS::SNS::Topic", "FifoTopic", "make a topic FIFO"),
    Gap("cache", "AWS::ApiGateway::Stage", "CacheClusterEnabled", "keep answers in the cache of a REST API"),
    Gap("policy", "AWS::ApiGateway::RestApi", "Policy", "ask the policy of a REST API who may call it"),
    Gap(
        "validation",
        "AWS::ApiGateway::RequestValidator",
        "ValidateRequestBody",
        "refuse bodies by models: the function is asked, and refuses them itself",
        harmless=False,
    ),
    Gap("domain", "AWS::Route53::RecordSet", "AliasTarget", "answer at names of your own"),
)


_SHOWN = 5


def gaps(resources: Mapping[str, Mapping[str, object]]) -> list[str]:
    """A sentence for each thing that a template's resources declare and the embedded AWS does not do.

    It ends with the logical ids of what is concerned, the first of them, unless that is the whole program.
    """
    told = []
    for gap in GAPS:
        names = [name for name, resource in resources.items() if gap.concerns(resource)]
        if names:
            told.append(f"the embedded AWS does not {gap.what}" + (f" ({_some(names)})" if gap.path else ""))
    return told


def _some(names: list[str]) -> str:
    rest = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")

"""Alarms of a function as CloudFormation resources."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lakon.model.names import logical_id
from lakon.model.resources import Topic
from lakon.synth.functions import destination_arn

if TYPE_CHECKING:
    from lakon.model.function import Function
    from lakon.synth.template import Properties, Template
    from lakon.synth.values import Values

_LENGTH = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m)")
_MILLISECONDS = {"ms": 1.0, "s": 1000.0, "m": 60_000.0}


def milliseconds(length: str) -> float | None:
    """`"15s"`, `"250ms"` or `"2m"` in milliseconds; None where the text is no length."""
    match = _LENGTH.fullmatch(length)
    return float(match[1]) * _MILLISECONDS[match[2]] if match else None


def add_alarms(template: Template, function: Function, values: Values) -> None:
    """Every alarm of the function; a second one on the same metric carries its number in its id."""
    seen: dict[str, int] = {}
    for alarm in function.alarms:
        count = seen[alarm.metric] = seen.get(alarm.metric, 0) + 1
        threshold = milliseconds(alarm.threshold) if isinstance(alarm.threshold, str) else alarm.threshold
        said = f"{alarm.statistic} of {alarm.metric} of {function.name} reached {alarm.threshold}"
        properties: Properties = {
            "AlarmDescription": f"{said} within {alarm.minutes} min",
            "Namespace": "AWS/Lambda",
            "MetricName": alarm.metric,
            "Dimensions": [{"Name": "FunctionName", "Value": {"Ref": logical_id(function.name, "Function")}}],
            "ExtendedStatistic" if alarm.statistic.startswith("p") else "Statistic": alarm.statistic,
            "Period": alarm.minutes * 60,
            "EvaluationPeriods": 1,
            "Threshold": threshold,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
        }
        if alarm.notify is not None:
            properties["AlarmActions"] = [values.resolve(destination_arn(alarm.notify))]
        name = logical_id(function.name, f"{alarm.metric}Alarm") + (str(count) if count > 1 else "")
        template.add(name, "AWS::CloudWatch::Alarm", properties, function.origin)


def notified_topics(functions: list[Function]) -> set[str]:
    """The logical ids of the service's topics that some alarm notifies."""
    return {
        alarm.notify.logical_id
        for function in functions
        for alarm in function.alarms
        if isinstance(alarm.notify, Topic) and alarm.notify.owned
    }

"""Versions, aliases and CodeDeploy: whatever calls a function calls its alias, and the alias moves as it was told.

A version is made anew when its description changes, and that holds all that makes a version: the archives and inputs
that the function refers to, and a sum of its settings. The version before goes when the alias has moved.
See "AWS::Lambda::Version" and "UpdatePolicy attribute" in the CloudFormation reference.
"""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import TYPE_CHECKING, cast

from lakon.model.grants import Invoke
from lakon.model.names import logical_id
from lakon.model.traffic import Canary, Linear
from lakon.runtime.environment import variable
from lakon.synth.cycles import references
from lakon.synth.functions import BUCKET_PARAMETER, assumed_by
from lakon.synth.grants import allow, invoked_names
from lakon.synth.values import arn, function_name, substitution

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lakon.model.function import Function
    from lakon.model.service import Service
    from lakon.model.traffic import Hook
    from lakon.synth.template import Properties, Template

ALIAS = "live"
_APPLICATION, _ROLE = "TrafficApplication", "TrafficRole"
_NO_PART_OF_A_VERSION = ("Tags", "ReservedConcurrentExecutions")
_THEMSELVES = frozenset(
    {"AWS::Lambda::Function", "AWS::Lambda::Version", "AWS::Lambda::Alias", "AWS::CloudWatch::Alarm"}
)
_ARN = re.compile(r"\$\{([A-Za-z0-9]+)\.Arn\}")
_QUALIFIED = {"AWS::Lambda::Url", "AWS::Lambda::EventInvokeConfig"}
"""What names the function alone, and the alias beside it."""


def has_alias(function: Function) -> bool:
    """Whether what calls a function calls its alias."""
    return function.traffic is not None or function.provisioned_concurrency is not None


def add_traffic(template: Template, service: Service, *, shifting: bool) -> None:
    """Versions and aliases of the functions that have them; with `shifting`, CodeDeploy moves the traffic."""
    aliased = [function for function in service.functions if has_alias(function)]
    if not aliased:
        return
    hooks = _hooks(service)
    _point_at_aliases(template, {logical_id(each.name, "Function"): logical_id(each.name, "Alias") for each in aliased})
    for function in aliased:
        _add_alias(template, function, hooks.get(function.name, {}), shifting=shifting)
    for function in aliased:
        for hook in sorted(set(hooks.get(function.name, {}).values())):
            _let_check(template, function, hook)
    shifted = [function for function in aliased if function.traffic is not None]
    if shifting and shifted:
        alarms = _alarms(template)
        watched = any(id(function.origin) in alarms for function in shifted)
        called = {hook for function in shifted for hook in hooks[function.name].values()}
        _add_application(template, service, shifted, called, watched=watched)
        for function in shifted:
            _add_group(template, function, alarms.get(id(function.origin), []))


def _hooks(service: Service) -> dict[str, dict[str, str]]:
    """The names of the hooks, by function and by what CloudFormation calls them."""
    found: dict[str, dict[str, str]] = {}
    for function in service.functions:
        if (traffic := function.traffic) is not None:
            said: Mapping[str, Hook] = {
                "BeforeAllowTrafficHook": traffic.before,
                "AfterAllowTrafficHook": traffic.after,
            }
            found[function.name] = {
                place: invoked_names(Invoke(hook), service)[0] for place, hook in said.items() if hook is not None
            }
    return found


def _add_alias(template: Template, function: Function, hooks: Mapping[str, str], *, shifting: bool) -> None:
    me, version, alias = (logical_id(function.name, what) for what in ("Function", "Version", "Alias"))
    made = {"FunctionName": {"Ref": me}, "Description": _description(template, me)}
    template.add(version, "AWS::Lambda::Version", made, function.origin)
    properties: Properties = {
        "FunctionName": {"Ref": me},
        "FunctionVersion": {"Fn::GetAtt": [version, "Version"]},
        "Name": ALIAS,
    }
    if function.provisioned_concurrency is not None:
        count = {"ProvisionedConcurrentExecutions": function.provisioned_concurrency}
        properties["ProvisionedConcurrencyConfig"] = count
    if function.traffic is not None:
        properties["Description"] = f"Traffic moves by {type(function.traffic).__name__}"
    template.add(alias, "AWS::Lambda::Alias", properties, function.origin)
    if shifting and function.traffic is not None:
        update: Properties = {
            "ApplicationName": {"Ref": _APPLICATION},
            "DeploymentGroupName": {"Ref": logical_id(function.name, "Traffic")},
        }
        update |= {place: {"Ref": logical_id(hook, "Function")} for place, hook in hooks.items()}
        template.resources[alias]["UpdatePolicy"] = {"CodeDeployLambdaAliasUpdate": update}


def _description(template: Template, function: str) -> object:
    """What changes whenever a new version is needed."""
    properties = _properties(template.resources[function])
    settings = {name: value for name, value in properties.items() if name not in _NO_PART_OF_A_VERSION}
    asked = sorted(references(settings) & template.parameters.keys() - {BUCKET_PARAMETER})
    for layer in sorted(references(settings) & template.resources.keys()):
        if template.resources[layer]["Type"] == "AWS::Lambda::LayerVersion":
            inner = references(template.resources[layer]["Properties"]) & template.parameters.keys()
            asked += sorted(inner - {BUCKET_PARAMETER})
    digest = sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]
    return {"Fn::Sub": " ".join([digest, *(f"${{{name}}}" for name in asked)])}


def _let_check(template: Template, function: Function, hook: str) -> None:
    """Tell a hook of the new version, let it call that, and let it tell CodeDeploy how it fared."""
    properties = _properties(template.resources[logical_id(hook, "Function")])
    environment = cast("Properties", properties.setdefault("Environment", {"Variables": {}}))
    variables = cast("Properties", environment["Variables"])
    variables[variable(function.name, "function", "version")] = {"Ref": logical_id(function.name, "Version")}
    role = _properties(template.resources[logical_id(hook, "Role")])
    group = f"deploymentgroup:${{AWS::StackName}}/{function.name}"
    target = f"function:{function_name(function)}"
    document = {
        "Version": "2012-10-17",
        "Statement": [
            allow(("codedeploy:PutLifecycleEventHookExecutionStatus",), [substitution(arn("codedeploy", group))]),
            allow(("lambda:InvokeFunction",), [substitution(arn("lambda", f"{target}:*"))]),
        ],
    }
    policies = cast("list[Properties]", role["Policies"])
    policies.append({"PolicyName": f"Check{logical_id(function.name, 'Traffic')}", "PolicyDocument": document})


def _add_application(
    template: Template, service: Service, shifted: Sequence[Function], hooks: set[str], *, watched: bool
) -> None:
    """The application, and what CodeDeploy may do: of its managed policy that which moves these aliases."""
    moved = [
        substitution(arn("lambda", f"function:{function_name(function)}{alias}"))
        for function in shifted
        for alias in ("", ":*")
    ]
    statements = [allow(("lambda:GetAlias", "lambda:UpdateAlias", "lambda:GetProvisionedConcurrencyConfig"), moved)]
    if hooks:
        called = [{"Fn::GetAtt": [logical_id(hook, "Function"), "Arn"]} for hook in sorted(hooks)]
        statements.append(allow(("lambda:InvokeFunction",), called))
    if watched:
        statements.append(allow(("cloudwatch:DescribeAlarms",), ["*"]))
    document = {"Version": "2012-10-17", "Statement": statements}
    properties: Properties = {
        "AssumeRolePolicyDocument": assumed_by("codedeploy.amazonaws.com"),
        "Policies": [{"PolicyName": "Traffic", "PolicyDocument": document}],
    }
    template.add(_ROLE, "AWS::IAM::Role", properties, service.origin)
    named: Properties = {"ApplicationName": {"Ref": "AWS::StackName"}, "ComputePlatform": "Lambda"}
    template.add(_APPLICATION, "AWS::CodeDeploy::Application", named, service.origin)


def _alarms(template: Template) -> dict[int, list[Properties]]:
    """The alarms of each function, by the identity of where it was declared."""
    found: dict[int, list[Properties]] = {}
    for name in sorted(template.resources):
        if template.resources[name]["Type"] == "AWS::CloudWatch::Alarm":
            found.setdefault(id(template.origins[name]), []).append({"Name": {"Ref": name}})
    return found


def _add_group(template: Template, function: Function, alarms: list[Properties]) -> None:
    events = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
    properties: Properties = {
        "ApplicationName": {"Ref": _APPLICATION},
        "DeploymentGroupName": function.name,
        "ServiceRoleArn": {"Fn::GetAtt": [_ROLE, "Arn"]},
        "DeploymentStyle": {"DeploymentType": "BLUE_GREEN", "DeploymentOption": "WITH_TRAFFIC_CONTROL"},
        "DeploymentConfigName": _config(template, function),
        "AutoRollbackConfiguration": {"Enabled": True, "Events": events},
    }
    if alarms:
        properties["AlarmConfiguration"] = {"Enabled": True, "Alarms": alarms}
    template.add(logical_id(function.name, "Traffic"), "AWS::CodeDeploy::DeploymentGroup", properties, function.origin)


def _config(template: Template, function: Function) -> object:
    traffic = function.traffic
    if isinstance(traffic, Canary):
        kind, settings = "Canary", {"CanaryPercentage": traffic.percent, "CanaryInterval": traffic.minutes}
    elif isinstance(traffic, Linear):
        kind, settings = "Linear", {"LinearPercentage": traffic.percent, "LinearInterval": traffic.minutes}
    else:
        return "CodeDeployDefault.LambdaAllAtOnce"
    name = logical_id(function.name, "TrafficConfig")
    routing = {"Type": f"TimeBased{kind}", f"TimeBased{kind}": settings}
    properties: Properties = {"ComputePlatform": "Lambda", "TrafficRoutingConfig": routing}
    template.add(name, "AWS::CodeDeploy::DeploymentConfig", properties, function.origin)
    return {"Ref": name}


def _point_at_aliases(template: Template, aliases: Mapping[str, str]) -> None:
    """Let whatever refers to a function so as to call it refer to its alias: by `Ref`, that is an ARN."""
    for resource in template.resources.values():
        kind = str(resource["Type"])
        if kind in _THEMSELVES:
            continue
        properties = _properties(resource)
        if kind in _QUALIFIED:
            for function in references(properties.get("TargetFunctionArn", properties.get("FunctionName"))):
                if function in aliases:
                    properties["Qualifier"] = ALIAS
                    needed = cast("list[str]", resource.get("DependsOn", []))
                    resource["DependsOn"] = sorted({*needed, aliases[function]})
            continue
        for key, value in properties.items():
            properties[key] = _pointed(value, aliases)
        match properties.get("FunctionName"):
            case {"Ref": str(function)} if function in aliases:
                properties["FunctionName"] = {"Ref": aliases[function]}


def _pointed(value: object, aliases: Mapping[str, str]) -> object:
    match value:
        case {"Fn::GetAtt": [str(function), "Arn"]} if function in aliases:
            return {"Ref": aliases[function]}
        case {"Fn::Sub": str(text)}:
            return {"Fn::Sub": _ARN.sub(lambda arn: f"${{{aliases[arn[1]]}}}" if arn[1] in aliases else arn[0], text)}
        case dict():
            return {key: _pointed(inner, aliases) for key, inner in value.items()}
        case list():
            return [_pointed(inner, aliases) for inner in value]
        case _:
            return value


def _properties(resource: Mapping[str, object]) -> Properties:
    return cast("Properties", resource["Properties"])

"""Usage plans and API keys of a REST API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakon.model.names import logical_id

if TYPE_CHECKING:
    from lakon.model.gateways import RestApi
    from lakon.model.http import UsagePlan
    from lakon.synth.template import Properties, Template


def add_usage_plans(template: Template, api: RestApi) -> None:
    """The plans with their keys; the ids of the keys, by which their values are asked for, are outputs."""
    for plan in api.usage_plans:
        me = f"{api.logical_id}{logical_id(plan.name, 'UsagePlan')}"
        template.add(me, "AWS::ApiGateway::UsagePlan", _properties(api, plan), api.origin)
        for key in plan.keys:
            named = f"{api.logical_id}{logical_id(key, 'ApiKey')}"
            properties: Properties = {"Enabled": True, "Name": {"Fn::Sub": f"${{AWS::StackName}}-{key}"}}
            template.add(named, "AWS::ApiGateway::ApiKey", properties, api.origin)
            member: Properties = {"KeyId": {"Ref": named}, "KeyType": "API_KEY", "UsagePlanId": {"Ref": me}}
            template.add(f"{named}Member", "AWS::ApiGateway::UsagePlanKey", member, api.origin)
            template.output(f"{named}Id", {"Ref": named}, api.origin)


def _properties(api: RestApi, plan: UsagePlan) -> Properties:
    properties: Properties = {
        "UsagePlanName": {"Fn::Sub": f"${{AWS::StackName}}-{plan.name}"},
        "ApiStages": [{"ApiId": {"Ref": api.logical_id}, "Stage": {"Ref": f"{api.logical_id}Stage"}}],
    }
    if plan.throttle is not None:
        properties["Throttle"] = {"RateLimit": plan.throttle.rate, "BurstLimit": plan.throttle.burst}
    if plan.quota is not None:
        properties["Quota"] = {"Limit": plan.quota.limit, "Period": plan.quota.period.upper()}
    return properties

"""Application Load Balancers with functions as targets, as CloudFormation resources."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from lakon.model.balancers import ListenerRule
from lakon.model.routes import Route
from lakon.synth.domains import certificate, point, reference
from lakon.synth.routing import function_arn_of, function_id, served
from lakon.synth.values import arn, json_text, place, substitution

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakon.model.balancers import LoadBalancer
    from lakon.model.function import Function
    from lakon.model.resources import Bucket
    from lakon.model.service import Service
    from lakon.synth.template import Properties, Template
    from lakon.synth.values import Values

MOST_VALUES = 5
"""How many values the conditions of one rule may have together."""

_WILD = re.compile(r"\{[^}]*\}")
_SECURITY_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
_ROUTES = 10_000
_BAND = 100
_MOST_WILD, _MOST_PARTS = 5, 14


class Rule(NamedTuple):
    """Conditions in CloudFormation's form, the function behind them, and which rules come first: the lowest."""

    conditions: list[Properties]
    function: Function
    priority: int


def add_load_balancer(template: Template, service: Service, balancer: LoadBalancer, values: Values) -> None:
    """The load balancer with its listener, or rules on one that exists; a target group for each function."""
    for function in _functions(service, balancer):
        _add_target_group(template, balancer, function)
    if balancer.listener is None:
        _add_balancer(template, balancer, values)
        listener: object = {"Ref": f"{balancer.logical_id}Listener"}
    elif values.knows(balancer, "url"):
        return  # what plays the balancer goes by the rules itself, and the listener is not there
    else:
        listener = values.resolve(balancer.listener)
    for rule in rules(service, balancer):
        text = json_text([rule.conditions, rule.function.name])
        me = f"{balancer.logical_id}{function_id(rule.function)}Rule{sha256(text.encode()).hexdigest()[:8]}"
        properties: Properties = {
            "ListenerArn": listener,
            "Priority": rule.priority,
            "Conditions": values.resolve(rule.conditions),
            "Actions": [_forward(balancer, rule.function)],
        }
        template.add(me, "AWS::ElasticLoadBalancingV2::ListenerRule", properties, rule.function.origin)


def rules(service: Service, balancer: LoadBalancer) -> list[Rule]:
    """The rules of a load balancer's listener; the routes of the own function need none where it is the default.

    Rules without a priority have numbers in the order of the program, from 1 on. Those of routes come after them: what
    is more exact has the lower number, which does not change when other routes come or go, since two rules cannot
    change places in one update.
    """
    said = served(service, balancer, ListenerRule)
    taken = {rule.priority for rule, _ in said if rule.priority is not None}
    free = (number for number in range(1, _ROUTES) if number not in taken)
    found = [
        Rule(_conditions(rule), function, next(free) if rule.priority is None else rule.priority)
        for rule, function in said
    ]
    for route, function in served(service, balancer, Route):
        if function is not balancer.function or balancer.listener is not None:
            number = _number(route, service.name)
            while number in taken:
                number += 1
            taken.add(number)
            found.append(Rule(_matching([route.path], [route.method]), function, number))
    return found


def _number(route: Route, service: str) -> int:
    """A number by how much else the route takes: an exact path comes before `{key}`, that before `{key+}`."""
    parts = route.path.split("/")[1:]
    wild = min(sum(part.startswith("{") for part in parts), _MOST_WILD)
    band = int("+}" in route.path)
    band = band * (_MOST_WILD + 1) + wild
    band = band * (_MOST_PARTS + 1) + _MOST_PARTS - min(len(parts), _MOST_PARTS)
    band = band * 2 + (route.method == "ANY")
    place = int(sha256(f"{service} {route.key}".encode()).hexdigest(), 16) % _BAND
    return _ROUTES + band * _BAND + place


def _functions(service: Service, balancer: LoadBalancer) -> list[Function]:
    behind = [] if balancer.function is None else [balancer.function]
    return list(dict.fromkeys([*behind, *(rule.function for rule in rules(service, balancer))]))


def _group(balancer: LoadBalancer, function: Function) -> str:
    return f"{balancer.logical_id}{function_id(function)}Targets"


def _forward(balancer: LoadBalancer, function: Function) -> Properties:
    return {"Type": "forward", "TargetGroupArn": {"Ref": _group(balancer, function)}}


def _add_target_group(template: Template, balancer: LoadBalancer, function: Function) -> None:
    """The group, and before it the permission without which it cannot be made: hence it does not name the group."""
    me = _group(balancer, function)
    permission: Properties = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Ref": function_id(function)},
        "Principal": "elasticloadbalancing.amazonaws.com",
        "SourceArn": substitution(arn("elasticloadbalancing", "targetgroup/*")),
    }
    template.add(f"{me}Permission", "AWS::Lambda::Permission", permission, function.origin)
    properties: Properties = {
        "TargetType": "lambda",
        "Targets": [{"Id": function_arn_of(function)}],
        "TargetGroupAttributes": [{"Key": "lambda.multi_value_headers.enabled", "Value": "true"}],
    }
    kind = "AWS::ElasticLoadBalancingV2::TargetGroup"
    template.add(me, kind, properties, function.origin, depends_on=[f"{me}Permission"])


def _add_balancer(template: Template, balancer: LoadBalancer, values: Values) -> None:
    me, origin = balancer.logical_id, balancer.origin
    policies: list[str] = []
    properties: Properties = {
        "Type": "application",
        "Scheme": "internal" if balancer.internal else "internet-facing",
        "Subnets": values.resolve(balancer.subnets),
    }
    if balancer.security_groups:
        properties["SecurityGroups"] = values.resolve(balancer.security_groups)
    if balancer.access_logs is not None:
        properties["LoadBalancerAttributes"] = [
            {"Key": "access_logs.s3.enabled", "Value": "true"},
            {"Key": "access_logs.s3.bucket", "Value": substitution(place(balancer.access_logs, "name"))},
            {"Key": "access_logs.s3.prefix", "Value": balancer.id},
        ]
        if balancer.access_logs.owned:
            _let_logs_in(template, balancer, balancer.access_logs)
            policies.append(f"{balancer.access_logs.logical_id}Policy")
    kind = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    template.add(me, kind, properties, origin, depends_on=policies)
    _add_listeners(template, balancer, values)
    if balancer.domain is not None:
        target: Properties = {
            "DNSName": {"Fn::GetAtt": [me, "DNSName"]},
            "HostedZoneId": {"Fn::GetAtt": [me, "CanonicalHostedZoneID"]},
        }
        point(template, balancer.domain, target, values, origin)


def _add_listeners(template: Template, balancer: LoadBalancer, values: Values) -> None:
    """One that answers, by HTTPS where there is a certificate; then port 80 leads there."""
    me, kind = balancer.logical_id, "AWS::ElasticLoadBalancingV2::Listener"
    nothing = {"StatusCode": "404", "ContentType": "application/json", "MessageBody": '{"message": "Not Found"}'}
    default: Properties = {"Type": "fixed-response", "FixedResponseConfig": nothing}
    if balancer.function is not None:
        default = _forward(balancer, balancer.function)
    proof: object = None
    if balancer.certificate is not None:
        proof = values.resolve(reference(balancer.certificate))
    elif balancer.domain is not None:
        proof = certificate(template, balancer.domain, values, balancer.origin)
    port, protocol = (80, "HTTP") if proof is None else (443, "HTTPS")
    properties: Properties = {
        "LoadBalancerArn": {"Ref": me},
        "Port": port,
        "Protocol": protocol,
        "DefaultActions": [default],
    }
    if proof is not None:
        properties |= {"Certificates": [{"CertificateArn": proof}], "SslPolicy": _SECURITY_POLICY}
        there = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
        plain: Properties = {
            "LoadBalancerArn": {"Ref": me},
            "Port": 80,
            "Protocol": "HTTP",
            "DefaultActions": [{"Type": "redirect", "RedirectConfig": there}],
        }
        template.add(f"{me}PlainListener", kind, plain, balancer.origin)
    template.add(f"{me}Listener", kind, properties, balancer.origin)


def _let_logs_in(template: Template, balancer: LoadBalancer, bucket: Bucket) -> None:
    """Let the load balancer put its access logs into a bucket of the service, which has been added."""
    policy = template.resources[f"{bucket.logical_id}Policy"]["Properties"]
    statement: Properties = {
        "Sid": "AccessLogs",
        "Effect": "Allow",
        "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": substitution(f"{place(bucket, 'arn')}/{balancer.id}/AWSLogs/${{AWS::AccountId}}/*"),
    }
    if isinstance(policy, dict):
        policy["PolicyDocument"]["Statement"].append(statement)


def _conditions(rule: ListenerRule) -> list[Properties]:
    """See `RuleCondition` of `AWS::ElasticLoadBalancingV2::ListenerRule`."""
    conditions = _matching(rule.paths, rule.methods)
    if rule.hosts:
        conditions.append({"Field": "host-header", "HostHeaderConfig": {"Values": list(rule.hosts)}})
    for name, wanted in rule.headers.items():
        header = {"HttpHeaderName": name, "Values": [wanted] if isinstance(wanted, str) else list(wanted)}
        conditions.append({"Field": "http-header", "HttpHeaderConfig": header})
    if rule.query:
        pairs = [{"Key": key, "Value": value} for key, value in rule.query.items()]
        conditions.append({"Field": "query-string", "QueryStringConfig": {"Values": pairs}})
    if rule.addresses:
        conditions.append({"Field": "source-ip", "SourceIpConfig": {"Values": list(rule.addresses)}})
    return conditions


def _matching(paths: Sequence[str], methods: Sequence[str]) -> list[Properties]:
    """Conditions on paths, in which `{x}` stands for anything, and on methods."""
    conditions: list[Properties] = []
    if paths:
        patterns = list(dict.fromkeys([_WILD.sub("*", path) for path in paths]))
        conditions.append({"Field": "path-pattern", "PathPatternConfig": {"Values": patterns}})
    asked = [method for method in methods if method != "ANY"]
    if asked:
        conditions.append({"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": asked}})
    return conditions

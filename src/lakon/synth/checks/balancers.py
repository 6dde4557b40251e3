"""Checks of load balancers and of the rules of their listeners."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lakon.model.balancers import ListenerRule
from lakon.model.resources import Bucket
from lakon.model.values import MARK
from lakon.synth.checks.domains import CERTIFICATE, is_reference
from lakon.synth.checks.http_routes import METHODS
from lakon.synth.checks.mistakes import are_texts, is_number, spelled
from lakon.synth.routing import served

if TYPE_CHECKING:
    from lakon.model.balancers import LoadBalancer
    from lakon.model.service import Service
    from lakon.synth.checks.mistakes import Mistakes

LISTENER = re.compile(r"arn:[^:]+:elasticloadbalancing:[^:]+:[0-9]{12}:listener/app/.+")
BLOCK = re.compile(r"[0-9a-fA-F.:]+/[0-9]{1,3}")
MOST_VALUES = 5
MOST_PRIORITY = 50_000
MOST_CHARACTERS = 128


def check_load_balancer(service: Service, balancer: LoadBalancer, mistakes: Mistakes) -> None:
    """Where it stands, and its rules."""
    if balancer.listener is None:
        _check_own(service, balancer, mistakes)
    else:
        _check_existing(balancer, mistakes)
    mistakes.unless(
        balancer.cors is None or balancer.function is not None,
        balancer.origin,
        f"{balancer.id!r} has cors=, and no function of its own that could answer it",
        "put a route before a handler; functions with rules of their own answer it themselves",
    )
    priorities: dict[int, ListenerRule] = {}
    for rule, _ in served(service, balancer, ListenerRule):
        _check_rule(rule, mistakes)
        if is_number(rule.priority):
            first = priorities.setdefault(rule.priority, rule)
            mistakes.unless(
                first is rule,
                rule.origin,
                f"two rules of {balancer.id!r} have the priority {rule.priority}",
                f"the first stands at {mistakes.place(first.origin)}: give this one another",
            )


def _check_own(service: Service, balancer: LoadBalancer, mistakes: Mistakes) -> None:
    origin, name = balancer.origin, balancer.id
    mistakes.unless(
        len(balancer.subnets) > 1 and are_texts(balancer.subnets),
        origin,
        f"subnets of {name!r} is {balancer.subnets!r:.60}",
        "a load balancer stands in two subnets or more, in different availability zones",
    )
    mistakes.unless(
        are_texts(balancer.security_groups),
        origin,
        f"security_groups of {name!r} is {balancer.security_groups!r:.60}",
        'they are named by their ids: security_groups=["sg-..."]',
    )
    mistakes.flags(origin, name, internal=balancer.internal)
    mistakes.unless(
        balancer.certificate is None or is_reference(service, balancer.certificate, CERTIFICATE),
        origin,
        f"the certificate of {name!r} is {balancer.certificate!r:.60}",
        "give the ARN of a certificate in ACM, or a resource of this program",
    )
    logs = balancer.access_logs
    mistakes.unless(
        logs is None or (isinstance(logs, Bucket) and (not logs.owned or logs in service.resources)),
        origin,
        f"access_logs of {name!r} is {logs!r:.60}",
        "access logs go to a bucket of this service, or to lakon.Bucket.existing(...)",
    )


def _check_existing(balancer: LoadBalancer, mistakes: Mistakes) -> None:
    listener = balancer.listener
    mistakes.unless(
        spelled(LISTENER, listener) or (isinstance(listener, str) and MARK in listener),
        balancer.origin,
        f"listener of {balancer.id!r} is {listener!r:.60}",
        "a listener is named by its ARN: arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/...",
    )
    said = [
        option
        for option in ("subnets", "security_groups", "internal", "certificate", "access_logs")
        if getattr(balancer, option)
    ]
    mistakes.unless(
        not said,
        balancer.origin,
        f"{balancer.id!r} has a listener that exists, and {', '.join(said)}",
        "they belong to a load balancer that is made: leave them out, or leave listener= out",
    )


def _check_rule(rule: ListenerRule, mistakes: Mistakes) -> None:
    origin, told = rule.origin, f"a rule of {rule.balancer.id!r}"
    if rule.priority is not None:
        mistakes.within(origin, f"the priority of {told}", rule.priority, 1, MOST_PRIORITY)
    else:
        mistakes.unless(
            rule.balancer.listener is None,
            origin,
            f"{told} has no priority, on a listener that others use, too",
            "say which: priority=100",
        )
    for option, texts in {"paths": rule.paths, "hosts": rule.hosts}.items():
        mistakes.unless(
            are_texts(texts) and all(len(each) <= MOST_CHARACTERS for each in texts),
            origin,
            f"{option} of {told} is {texts!r:.60}",
            f"they are patterns of at most {MOST_CHARACTERS} characters, with * and ?",
        )
    mistakes.unless(
        all(isinstance(each, str) and each in METHODS[:-1] for each in rule.methods),
        origin,
        f"methods of {told} is {rule.methods!r:.60}",
        f"they are some of {', '.join(METHODS[:-1])}",
    )
    mistakes.unless(
        all(spelled(BLOCK, each) for each in rule.addresses),
        origin,
        f"addresses of {told} is {rule.addresses!r:.60}",
        'addresses are blocks as "192.0.2.0/24"',
    )
    _check_values(rule, told, mistakes)


def _check_values(rule: ListenerRule, told: str, mistakes: Mistakes) -> None:
    """How many values all conditions have together; headers and queries may have some."""
    count = len(rule.paths) + len(rule.hosts) + len(rule.methods) + len(rule.addresses)
    for option, said in {"headers": rule.headers, "query": rule.query}.items():
        like = '{"x-beta": ["on", "1"]}' if option == "headers" else '{"size": "*"}'
        if not mistakes.mapping(rule.origin, f"{option} of {told}", said, like):
            continue
        for name, wanted in said.items():
            values = wanted if isinstance(wanted, (list, tuple)) and option == "headers" else [wanted]
            count += len(values)
            mistakes.unless(
                isinstance(name, str) and bool(values) and are_texts(list(values)),
                rule.origin,
                f"{option} of {told} has {name!r:.40} with {wanted!r:.40}",
                f"it is written as in {like}",
            )
    mistakes.unless(
        0 < count <= MOST_VALUES,
        rule.origin,
        f"{told} has {count} values in its conditions",
        f"a rule has at least one, and at most {MOST_VALUES} together: make several rules",
    )

"""Checks of names of one's own: certificates, zones, and who shares a name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lakon.model.balancers import LoadBalancer
from lakon.model.cloudformation import CloudFormationResource
from lakon.model.gateways import HttpApi, RestApi
from lakon.model.http import Domain
from lakon.model.sites import Site
from lakon.model.sockets import WebSocketApi
from lakon.model.values import MARK
from lakon.synth.checks.mistakes import spelled

if TYPE_CHECKING:
    from lakon.model.service import Service
    from lakon.synth.checks.mistakes import Mistakes

    Named = HttpApi | RestApi | WebSocketApi | LoadBalancer | Site

HOST = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
PATH = re.compile(r"/?[A-Za-z0-9$_.+!*'()-]+(/[A-Za-z0-9$_.+!*'()-]+)*/?|")
CERTIFICATE = re.compile(r"arn:[^:]+:(acm|iam):[^:]*:[0-9]{12}:.+")
ZONE = re.compile(r"Z[A-Z0-9]+")


def check_domains(service: Service, mistakes: Mistakes) -> None:
    """The domain of every front door and site, and those that several have."""
    named: dict[str, Named] = {}
    paths: set[tuple[str, str]] = set()
    for door in (*service.apis, *service.sites):
        domain = getattr(door, "domain", None)
        if not isinstance(door, (HttpApi, RestApi, WebSocketApi, LoadBalancer, Site)) or domain is None:
            continue
        if not isinstance(domain, Domain):
            hint = 'write domain=lakon.Domain("api.example", zone="Z...")'
            mistakes.add(door.origin, f"domain of {door.id!r} is {domain!r:.60}", hint)
        elif _check_domain(service, door, domain, mistakes):
            first = named.setdefault(domain.name, door)
            key = (domain.name, domain.path.strip("/"))
            if first is not door:
                _check_shared(first, door, mistakes)
            mistakes.unless(
                key not in paths,
                door.origin,
                f"{door.id!r} has the domain {'/'.join(filter(None, key))!r}, which another has already",
                'let one begin at another path: lakon.Domain(..., path="v1")',
            )
            paths.add(key)


def _check_domain(service: Service, door: Named, domain: Domain, mistakes: Mistakes) -> bool:
    origin, told = door.origin, f"the domain of {door.id!r}"
    right = spelled(HOST, domain.name)
    mistakes.unless(right, origin, f"{told} is named {domain.name!r:.60}", 'a name is written as in "api.example.com"')
    mistakes.flags(origin, door.id, only=domain.only)
    for what, given, pattern in (("certificate", domain.certificate, CERTIFICATE), ("zone", domain.zone, ZONE)):
        mistakes.unless(
            given is None or is_reference(service, given, pattern),
            origin,
            f"the {what} of {told} is {given!r:.60}",
            "give the ARN of a certificate in ACM, or the id of a hosted zone, or a resource of this program",
        )
    gateway = isinstance(door, (HttpApi, RestApi, WebSocketApi))
    existing = isinstance(door, LoadBalancer) and door.listener is not None
    mistakes.unless(
        existing or domain.zone is not None or _certificate(door, domain) is not None,
        origin,
        f"{told} has neither a certificate nor a zone",
        "give a certificate=, or the hosted zone= in which Lakon can prove one",
    )
    mistakes.unless(
        not (existing and domain.zone is not None),
        origin,
        f"{told} has a zone, and stands on a listener that exists",
        "Lakon does not know that load balancer's address: leave zone= out, and make the record there",
    )
    mistakes.unless(
        gateway or not (domain.path or domain.only),
        origin,
        f"{told} has a path, or only=True",
        "only APIs of API Gateway begin at a path, or have an address of their own to turn off",
    )
    return _check_path(door, domain, told, mistakes) and right


def _certificate(door: Named, domain: Domain) -> object:
    return domain.certificate or (door.certificate if isinstance(door, LoadBalancer) else None)


def _check_path(door: Named, domain: Domain, told: str, mistakes: Mistakes) -> bool:
    right = spelled(PATH, domain.path)
    edge = isinstance(door, RestApi) and door.endpoint == "edge"
    mistakes.unless(
        right and not (edge and "/" in domain.path.strip("/")),
        door.origin,
        f"the path of {told} is {domain.path!r:.60}",
        'a path is written as in "v1"; an API with endpoint="edge" has one part',
    )
    mistakes.unless(
        not (isinstance(door, RestApi) and door.endpoint == "private"),
        door.origin,
        f"{door.id!r} is private and has a domain",
        "private APIs are reached at their VPC endpoints: leave domain= out",
    )
    mistakes.unless(
        not (isinstance(door, Site) and door.cdn is False),
        door.origin,
        f"the site {door.id!r} has a domain, and no cdn",
        "a website bucket has no certificate: leave cdn=False out",
    )
    return right


def _check_shared(first: Named, second: Named, mistakes: Mistakes) -> None:
    """HTTP APIs and regional REST APIs can share a name; nothing else can."""
    sharing = all(
        isinstance(door, HttpApi) or (isinstance(door, RestApi) and door.endpoint == "regional")
        for door in (first, second)
    )
    mistakes.unless(
        sharing,
        second.origin,
        f"{first.id!r} and {second.id!r} have one domain",
        "only HTTP APIs and regional REST APIs can share a name: give one of them another",
    )
    one, other = first.domain, second.domain
    same = one is not None and other is not None and (one.certificate, one.zone) == (other.certificate, other.zone)
    mistakes.unless(
        same,
        second.origin,
        f"{first.id!r} and {second.id!r} share a domain, and say other things of it",
        "give both the same certificate= and zone=",
    )


def is_reference(service: Service, given: object, pattern: re.Pattern[str]) -> bool:
    """Whether it is an id or ARN of that form, an attribute of a handle, or a resource of this program."""
    if isinstance(given, CloudFormationResource):
        return given in service.resources
    return spelled(pattern, given) or (isinstance(given, str) and MARK in given)

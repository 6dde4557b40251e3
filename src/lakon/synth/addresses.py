"""Where front doors and sites are found, in the language of `Fn::Sub`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakon.model.balancers import ListenerRule, LoadBalancer
from lakon.model.gateways import FunctionUrl, HttpApi, RestApi
from lakon.model.routes import Route
from lakon.model.sockets import SocketRoute, WebSocketApi

if TYPE_CHECKING:
    from lakon.model.gateways import AnyApi
    from lakon.model.http import Domain
    from lakon.model.service import Service
    from lakon.model.sites import Site

LIVE = "live"
"""The one stage of REST and WebSocket APIs, which cannot do without a name for it."""

_ROUTES = (Route, SocketRoute, ListenerRule)

HOST = "HostOf"
"""`${HostOf...}` stands for the host of a function URL: CloudFormation tells no more than the whole of it."""


def address(handle: AnyApi | Site, attribute: str) -> str:
    """The attribute of a front door or a site: "url", "arn" or "endpoint"."""
    me = handle.logical_id
    match handle:
        case HttpApi():
            if attribute == "arn":
                return calls_arn(handle)
            return _own(handle.domain) or f"${{{me}.ApiEndpoint}}"
        case RestApi():
            if attribute == "arn":
                return calls_arn(handle)
            return _own(handle.domain) or f"https://{_execute_api(me)}/{LIVE}"
        case WebSocketApi():
            if attribute == "arn":
                return f"{calls_arn(handle)}/{LIVE}/*/@connections/*"
            if attribute == "url":
                return f"wss://{_host(handle.domain) or f'{_execute_api(me)}/{LIVE}'}"
            only = handle.domain if handle.domain is not None and handle.domain.only else None
            return _own(only) or f"https://{_execute_api(me)}/{LIVE}"
        case FunctionUrl():
            if attribute == "arn":
                named = handle.function.physical("${AWS::StackName}") if handle.function else ""
                return f"{_arn('lambda')}function:{named}"
            return url(me)
        case LoadBalancer():
            if attribute == "arn":
                return f"${{{me}}}"
            scheme = "https" if handle.certificate else "http"
            return _own(handle.domain) or f"{scheme}://${{{me}.DNSName}}"
        case _:
            return _of_site(handle)


def opens_doors(service: Service) -> bool:
    """Whether a service has anything that HTTP requests come to, or means to: most have, and the others do not pay."""
    return bool(service.apis or service.sites or service.authorizers) or any(
        function.url is not False or any(isinstance(call, _ROUTES) for call in function.on)
        for function in service.functions
    )


def has_address(handle: AnyApi | Site) -> bool:
    """Whether its address is known: of a load balancer that exists already only where it has a name."""
    return not isinstance(handle, LoadBalancer) or handle.listener is None or handle.domain is not None


def calls_arn(api: HttpApi | RestApi | WebSocketApi) -> str:
    """The ARN of an API, to which stage, method and path are added: the calls that are made of it."""
    return f"{_arn('execute-api')}${{{api.logical_id}}}"


def url(logical_id: str) -> str:
    """The address of a function URL by its logical id."""
    return f"https://${{{HOST}{logical_id}}}"


def host_of(logical_id: str) -> object:
    """What `${HostOf...}` is."""
    return {"Fn::Select": [2, {"Fn::Split": ["/", {"Fn::GetAtt": [logical_id, "FunctionUrl"]}]}]}


def _of_site(site: Site) -> str:
    if site.cdn:
        return _own(site.domain) or f"https://${{{site.logical_id}Distribution.DomainName}}"
    return f"${{{site.logical_id}Bucket.WebsiteURL}}"


def _own(domain: Domain | None) -> str:
    host = _host(domain)
    return host and f"https://{host}"


def _host(domain: Domain | None) -> str:
    if domain is None:
        return ""
    path = domain.path.strip("/")
    return f"{domain.name}/{path}" if path else domain.name


def _arn(service: str) -> str:
    return f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:"


def _execute_api(logical_id: str) -> str:
    return f"${{{logical_id}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}"

"""Checks of front doors: what can be said of them beside their routes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, assert_never

from lakon.model.balancers import ListenerRule, LoadBalancer
from lakon.model.gateways import FunctionUrl, HttpApi, RestApi
from lakon.model.http import Url
from lakon.model.routes import Route
from lakon.model.sockets import SocketRoute, WebSocketApi
from lakon.model.values import MARK
from lakon.synth.checks.authorizers import check_auth, check_authorizers
from lakon.synth.checks.balancers import check_load_balancer
from lakon.synth.checks.cors import check_cors
from lakon.synth.checks.domains import check_domains
from lakon.synth.checks.http_routes import check_routes
from lakon.synth.checks.mistakes import spelled
from lakon.synth.checks.resources import NAME
from lakon.synth.checks.rest import check_rest_api
from lakon.synth.checks.sites import check_sites
from lakon.synth.checks.throttles import check_throttle
from lakon.synth.routing import served

if TYPE_CHECKING:
    from lakon.model.gateways import AnyApi
    from lakon.model.service import Service
    from lakon.synth.checks.mistakes import Mistakes

VARIABLE = re.compile(r"[A-Za-z0-9_]{1,64}")
VARIABLE_TEXT = re.compile(r"[A-Za-z0-9._~:/?#&=,-]{1,512}")
SELECTION = re.compile(r"\$\{?request\.(body|header|querystring)\S*")
_OWN_OPTIONS = {"websocket_api": {"uses"}, "function_url": {"url"}}


def check_front_doors(service: Service, stage: str, mistakes: Mistakes) -> None:
    """Every front door with its routes, every site, and the URLs of functions."""
    for api in service.apis:
        mistakes.unless(
            spelled(NAME, api.id),
            api.origin,
            f"a {api.kind.replace('_', ' ')} is named {api.id!r:.60}",
            "a name is made of letters, digits, hyphens and underscores, begins with a letter, and has at most 40",
        )
        _check_own_function(service, api, mistakes)
        match api:
            case HttpApi():
                _check_gateway(service, api, mistakes)
                check_cors(api.id, api.cors, api.origin, mistakes)
            case RestApi():
                _check_gateway(service, api, mistakes)
                check_cors(api.id, api.cors, api.origin, mistakes)
                check_rest_api(api, mistakes)
            case WebSocketApi():
                _check_gateway(service, api, mistakes)
                _check_sockets(service, api, mistakes)
            case LoadBalancer():
                check_cors(api.id, api.cors, api.origin, mistakes)
                check_load_balancer(service, api, mistakes)
            case FunctionUrl():
                pass  # all that is said of it is said of its function
            case _:
                assert_never(api)
    for function in service.functions:
        if isinstance(function.url, Url):
            check_cors(function.name, function.url.cors, function.origin, mistakes)
    check_authorizers(service, mistakes)
    check_routes(service, mistakes)
    check_domains(service, mistakes)
    check_sites(service, stage, mistakes)


def _check_own_function(service: Service, api: AnyApi, mistakes: Mistakes) -> None:
    mistakes.unless(
        bool(served(service, api, Route) or served(service, api, SocketRoute) or served(service, api, ListenerRule)),
        api.origin,
        f"the {api.kind.replace('_', ' ')} {api.id!r} has no route",
        "put one before a handler, or into on= of a function",
    )
    said = sorted(set(api.function_options) - _OWN_OPTIONS.get(api.kind, set()))
    mistakes.unless(
        api.function is not None or not said,
        api.origin,
        f"{api.id!r} has {', '.join(said)} for a function of its own, which it has not",
        "say it of the functions that serve its routes, or put a route before a handler",
    )


def _check_gateway(service: Service, api: HttpApi | RestApi | WebSocketApi, mistakes: Mistakes) -> None:
    """What all APIs of API Gateway have."""
    check_auth(service, api, api.auth, "auth", api.origin, mistakes)
    check_throttle(repr(api.id), api.throttle, api.origin, mistakes)
    mistakes.flags(api.origin, api.id, access_logs=api.access_logs)
    if not mistakes.mapping(
        api.origin, f"stage_variables of {api.id!r}", api.stage_variables, 'stage_variables={"colour": "blue"}'
    ):
        return
    for name, text in api.stage_variables.items():
        mistakes.unless(
            spelled(VARIABLE, name) and (spelled(VARIABLE_TEXT, text) or (isinstance(text, str) and MARK in text)),
            api.origin,
            f"{api.id!r} has the stage variable {name!r:.40} with the value {text!r:.60}",
            "a name has letters, digits and underscores; a value letters, digits and - . _ ~ : / ? # & = ,",
        )


def _check_sockets(service: Service, api: WebSocketApi, mistakes: Mistakes) -> None:
    mistakes.unless(
        spelled(SELECTION, api.select),
        api.origin,
        f"select of {api.id!r} is {api.select!r:.60}",
        'it says where a message names its route: select="$request.body.action"',
    )
    keys = [route.key for route, _ in served(service, api, SocketRoute)]
    mistakes.unless(
        api.auth is None or "$connect" in keys,
        api.origin,
        f"{api.id!r} has auth=, and no route for new connections, which it guards",
        f"add one: @{api.id}.connect",
    )

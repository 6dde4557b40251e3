"""All front doors of a service: each kind has a module of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from lakon.model.balancers import LoadBalancer
from lakon.model.gateways import FunctionUrl, HttpApi, RestApi
from lakon.model.sockets import WebSocketApi
from lakon.synth.http_api import add_http_api
from lakon.synth.load_balancer import add_load_balancer
from lakon.synth.rest_api import add_rest_api
from lakon.synth.sites import add_site
from lakon.synth.urls import add_urls
from lakon.synth.websocket_api import add_websocket_api

if TYPE_CHECKING:
    from lakon.model.service import Service
    from lakon.synth.template import Template
    from lakon.synth.values import Values


def add_front_doors(template: Template, service: Service, values: Values) -> None:
    """The APIs, function URLs, load balancers and sites of a service, after its functions and resources."""
    for api in service.apis:
        match api:
            case HttpApi():
                add_http_api(template, service, api, values)
            case RestApi():
                add_rest_api(template, service, api, values)
            case WebSocketApi():
                add_websocket_api(template, service, api, values)
            case LoadBalancer():
                add_load_balancer(template, service, api, values)
            case FunctionUrl():
                pass  # it is the URL of its function
            case _:
                assert_never(api)
    add_urls(template, service, values)
    for site in service.sites:
        add_site(template, site, values)

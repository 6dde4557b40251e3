"""Lakon: one Python program is a whole AWS Lambda service. Ships into Lambda.

The public names are resolved when first used: a program pays at import only for what it declares with.
"""

from __future__ import annotations

__version__ = "0.1.0"

__all__ = [
    "Alarm",
    "AllAtOnce",
    "Allow",
    "Bucket",
    "Bus",
    "Cache",
    "Canary",
    "CloudFormationResource",
    "Cors",
    "Domain",
    "File",
    "FunctionUrl",
    "GatewayResponse",
    "GoError",
    "GoLibrary",
    "Grant",
    "HTTPError",
    "HttpApi",
    "Linear",
    "LoadBalancer",
    "LogGroup",
    "Parameter",
    "Queue",
    "Quota",
    "Request",
    "Response",
    "RestApi",
    "Route",
    "Schedule",
    "Secret",
    "SendError",
    "Service",
    "Site",
    "Table",
    "Throttle",
    "Topic",
    "Url",
    "UsagePlan",
    "Vpc",
    "WebSocketApi",
    "allow",
    "at",
    "cognito",
    "cron",
    "duration",
    "errors",
    "event",
    "every",
    "http",
    "iam",
    "invoke",
    "jwt",
    "secret",
    "ssm",
    "throttles",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lakon.model.alarms import Alarm, duration, errors, throttles
    from lakon.model.authorizers import cognito, iam, jwt
    from lakon.model.balancers import LoadBalancer
    from lakon.model.cloudformation import CloudFormationResource
    from lakon.model.function import Vpc
    from lakon.model.gateways import FunctionUrl, HttpApi, RestApi
    from lakon.model.golibrary import GoLibrary
    from lakon.model.grants import Allow, Grant, allow, invoke
    from lakon.model.http import Cache, Cors, Domain, GatewayResponse, Quota, Throttle, Url, UsagePlan
    from lakon.model.messaging import Bus, Queue, Topic
    from lakon.model.references import secret, ssm
    from lakon.model.routes import Route
    from lakon.model.service import Service
    from lakon.model.sites import Site
    from lakon.model.sockets import WebSocketApi
    from lakon.model.stores import Bucket, LogGroup, Parameter, Secret, Table
    from lakon.model.traffic import AllAtOnce, Canary, Linear
    from lakon.model.triggers import Schedule, at, cron, event, every
    from lakon.runtime.http.adapter import http
    from lakon.runtime.http.connections import SendError
    from lakon.runtime.http.request import Request
    from lakon.runtime.http.response import HTTPError, Response
    from lakon.runtime.http.values import File
    from lakon.runtime.raw import GoError
else:
    _HOMES = {
        "model.alarms": ("Alarm", "duration", "errors", "throttles"),
        "model.authorizers": ("cognito", "iam", "jwt"),
        "model.balancers": ("LoadBalancer",),
        "model.cloudformation": ("CloudFormationResource",),
        "model.function": ("Vpc",),
        "model.traffic": ("AllAtOnce", "Canary", "Linear"),
        "model.gateways": ("FunctionUrl", "HttpApi", "RestApi"),
        "model.golibrary": ("GoLibrary",),
        "model.grants": ("Allow", "Grant", "allow", "invoke"),
        "model.http": ("Cache", "Cors", "Domain", "GatewayResponse", "Quota", "Throttle", "Url", "UsagePlan"),
        "model.messaging": ("Bus", "Queue", "Topic"),
        "model.references": ("secret", "ssm"),
        "model.routes": ("Route",),
        "model.service": ("Service",),
        "model.sites": ("Site",),
        "model.sockets": ("WebSocketApi",),
        "model.stores": ("Bucket", "LogGroup", "Parameter", "Secret", "Table"),
        "model.triggers": ("Schedule", "at", "cron", "event", "every"),
        "runtime.http.adapter": ("http",),
        "runtime.http.connections": ("SendError",),
        "runtime.http.request": ("Request",),
        "runtime.http.response": ("HTTPError", "Response"),
        "runtime.http.values": ("File",),
        "runtime.raw": ("GoError",),
    }
    _HOME = {name: home for home, names in _HOMES.items() for name in names}

    def __getattr__(name):
        home = _HOME.get(name)
        if home is None:
            raise AttributeError(f"module 'lakon' has no attribute {name!r}")
        value = globals()[name] = getattr(__import__(f"lakon.{home}", fromlist=[name]), name)
        return value

    def __dir__():
        return sorted([*globals(), *__all__])

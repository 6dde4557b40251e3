"""Requests as API Gateway, function URLs and load balancers hand them over."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lakon.commands.samples.scene import identity

if TYPE_CHECKING:
    from lakon.commands.samples.scene import Json, Scene

_AGENT = "curl/8.0"
_API = "a1b2c3d4e5"
_PARAMETER = re.compile(r"\{([^}+]+)\+?\}")
_VALUE = "1"  # of a parameter of a path: a text, and a number
_WITH_BODY = ("POST", "PUT", "PATCH")


class Asked:
    """A request of a method, by a route's path: what stands in the place of its parameters, and its body."""

    def __init__(self, method: str, template: str) -> None:
        self.method = "GET" if method == "ANY" else method
        self.path = _PARAMETER.sub(_VALUE, template)
        self.parameters = dict.fromkeys(_PARAMETER.findall(template), _VALUE)
        self.body = "{}" if self.method in _WITH_BODY else None

    def headers(self, host: str) -> dict[str, str]:
        """What every client sends, in the order of names."""
        kind = {} if self.body is None else {"content-type": "application/json"}
        return {"accept": "*/*", **kind, "host": host, "user-agent": _AGENT, "x-forwarded-for": "192.0.2.1"}


def http(scene: Scene, method: str = "GET", template: str = "/", *, routed: bool = False) -> Json:
    """A request in payload format 2.0: HTTP APIs, and function URLs, for which nothing is `routed`.

    See "Create AWS Lambda proxy integrations for HTTP APIs".
    """
    asked = Asked(method, template)
    host = f"{_API}.execute-api.{scene.region}.amazonaws.com"
    key = f"{method} {template}" if routed else "$default"
    event: Json = {
        "version": "2.0",
        "routeKey": key,
        "rawPath": asked.path,
        "rawQueryString": "name=example",
        "headers": {**asked.headers(host), "x-forwarded-port": "443", "x-forwarded-proto": "https"},
        "queryStringParameters": {"name": "example"},
        "requestContext": {
            "accountId": scene.account,
            "apiId": _API,
            "domainName": host,
            "domainPrefix": _API,
            "http": {
                "method": asked.method,
                "path": asked.path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": _AGENT,
            },
            "requestId": identity(),
            "routeKey": key,
            "stage": "$default",
            "time": f"{scene.moment:%d/%b/%Y:%H:%M:%S +0000}",
            "timeEpoch": scene.epoch_ms,
        },
    }
    if routed and asked.parameters:
        event["pathParameters"] = asked.parameters
    if asked.body is not None:
        event["body"] = asked.body
    return event | {"isBase64Encoded": False}


def http_v1(scene: Scene, method: str = "GET", template: str = "/{proxy+}") -> Json:
    """A request in payload format 1.0: REST APIs. See "Input format of a Lambda function for proxy integration"."""
    asked = Asked(method, template)
    host = f"{_API}.execute-api.{scene.region}.amazonaws.com"
    headers = {"-".join(map(str.capitalize, name.split("-"))): value for name, value in asked.headers(host).items()}
    return {
        "resource": template,
        "path": asked.path,
        "httpMethod": asked.method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {"name": "example"},
        "multiValueQueryStringParameters": {"name": ["example"]},
        "pathParameters": asked.parameters or None,
        "stageVariables": None,
        "requestContext": {
            "accountId": scene.account,
            "apiId": _API,
            "domainName": host,
            "domainPrefix": _API,
            "extendedRequestId": identity(),
            "httpMethod": asked.method,
            "identity": {"sourceIp": "192.0.2.1", "userAgent": _AGENT},
            "path": f"/live{asked.path}",
            "protocol": "HTTP/1.1",
            "requestId": identity(),
            "requestTime": f"{scene.moment:%d/%b/%Y:%H:%M:%S +0000}",
            "requestTimeEpoch": scene.epoch_ms,
            "resourceId": "abc123",
            "resourcePath": template,
            "stage": "live",
        },
        "body": asked.body,
        "isBase64Encoded": False,
    }


def balancer(scene: Scene, method: str = "GET", template: str = "/") -> Json:
    """A request of a load balancer. See "Receive requests from the load balancer"."""
    asked = Asked(method, template)
    host = f"example-0123456789.{scene.region}.elb.amazonaws.com"
    headers = {**asked.headers(host), "x-forwarded-port": "80", "x-forwarded-proto": "http"}
    target = scene.arn("elasticloadbalancing", "targetgroup/example/0123456789abcdef")
    return {
        "requestContext": {"elb": {"targetGroupArn": target}},
        "httpMethod": asked.method,
        "path": asked.path,
        "multiValueQueryStringParameters": {"name": ["example"]},
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "body": asked.body or "",
        "isBase64Encoded": False,
    }


def websocket(scene: Scene, key: str = "$default") -> Json:
    """A message of a client of a WebSocket API. See "Set up integration requests in API Gateway"."""
    kind = {"$connect": "CONNECT", "$disconnect": "DISCONNECT"}.get(key, "MESSAGE")
    host = f"{_API}.execute-api.{scene.region}.amazonaws.com"
    context: Json = {
        "routeKey": key,
        "eventType": kind,
        "extendedRequestId": identity(),
        "requestTime": f"{scene.moment:%d/%b/%Y:%H:%M:%S +0000}",
        "messageDirection": "IN",
        "stage": "live",
        "connectedAt": scene.epoch_ms,
        "requestTimeEpoch": scene.epoch_ms,
        "identity": {"sourceIp": "192.0.2.1", "userAgent": _AGENT},
        "requestId": identity(),
        "domainName": host,
        "connectionId": "L0SM9cOFvHcCIhw=",
        "apiId": _API,
    }
    if kind == "MESSAGE":
        return {
            "requestContext": context | {"messageId": identity()},
            "body": f'{{"action": "{key}"}}',
            "isBase64Encoded": False,
        }
    headers = {"Host": host}
    told = {"headers": headers, "multiValueHeaders": {name: [value] for name, value in headers.items()}}
    return {**told, "requestContext": context, "isBase64Encoded": False}

"""Requests as API Gateway and function URLs hand them over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakon.commands.samples.scene import identity

if TYPE_CHECKING:
    from lakon.commands.samples.scene import Json, Scene

_AGENT = "curl/8.0"
_API = "a1b2c3d4e5"


def http(scene: Scene) -> Json:
    """A GET request in payload format 2.0: HTTP APIs and function URLs. See "Create AWS Lambda proxy integrations"."""
    host = f"{_API}.execute-api.{scene.region}.amazonaws.com"
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/",
        "rawQueryString": "name=example",
        "headers": {
            "accept": "*/*",
            "host": host,
            "user-agent": _AGENT,
            "x-forwarded-for": "192.0.2.1",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "queryStringParameters": {"name": "example"},
        "requestContext": {
            "accountId": scene.account,
            "apiId": _API,
            "domainName": host,
            "domainPrefix": _API,
            "http": {
                "method": "GET",
                "path": "/",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": _AGENT,
            },
            "requestId": identity(),
            "routeKey": "$default",
            "stage": "$default",
            "time": f"{scene.moment:%d/%b/%Y:%H:%M:%S +0000}",
            "timeEpoch": scene.epoch_ms,
        },
        "isBase64Encoded": False,
    }


def http_v1(scene: Scene) -> Json:
    """A GET request in payload format 1.0: REST APIs. See "Input format of a Lambda function for proxy integration"."""
    host = f"{_API}.execute-api.{scene.region}.amazonaws.com"
    headers = {"Accept": "*/*", "Host": host, "User-Agent": _AGENT, "X-Forwarded-For": "192.0.2.1"}
    return {
        "version": "1.0",
        "resource": "/{proxy+}",
        "path": "/example",
        "httpMethod": "GET",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {"name": "example"},
        "multiValueQueryStringParameters": {"name": ["example"]},
        "pathParameters": {"proxy": "example"},
        "stageVariables": None,
        "requestContext": {
            "accountId": scene.account,
            "apiId": _API,
            "domainName": host,
            "domainPrefix": _API,
            "extendedRequestId": identity(),
            "httpMethod": "GET",
            "identity": {"sourceIp": "192.0.2.1", "userAgent": _AGENT},
            "path": "/prod/example",
            "protocol": "HTTP/1.1",
            "requestId": identity(),
            "requestTime": f"{scene.moment:%d/%b/%Y:%H:%M:%S +0000}",
            "requestTimeEpoch": scene.epoch_ms,
            "resourceId": "abc123",
            "resourcePath": "/{proxy+}",
            "stage": "prod",
        },
        "body": None,
        "isBase64Encoded": False,
    }

"""One request as each front door hands it to Lambda, and one answer as a client would see it.

The shapes are those that AWS documents. HTTP APIs decode paths; REST APIs decode queries; function URLs and load
balancers decode nothing.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """What a client asks: `path` is decoded, and `template` the route that matches it, with its parameters."""

    method: str = "GET"
    template: str = "/"
    parameters: dict[str, str] = field(default_factory=dict)
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: list[tuple[str, str]] = field(default_factory=list)
    cookies: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    client: str = "192.0.2.7"

    @property
    def path(self) -> str:
        return self._path(str)

    @property
    def encoded_path(self) -> str:
        return self._path(lambda part: quote(part, safe=""))

    def _path(self, spell: Callable[[str], str]) -> str:
        path = self.template
        for name, value in self.parameters.items():
            greedy = "/".join(spell(part) for part in value.split("/"))
            path = path.replace(f"{{{name}+}}", greedy).replace(f"{{{name}}}", spell(value))
        return path

    @property
    def raw_query(self) -> str:
        return urlencode(self.query)

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies)

    @property
    def sent(self) -> list[tuple[str, str]]:
        """The headers with those that every client and gateway adds."""
        return [("Host", "shop.example"), ("X-Forwarded-Proto", "https"), *self.headers]

    def body_in(self) -> Json:
        try:
            return {"body": self.body.decode() or None, "isBase64Encoded": False}
        except UnicodeDecodeError:
            return {"body": base64.b64encode(self.body).decode(), "isBase64Encoded": True}


def http_api(asked: Asked, *, key: str | None = None) -> Json:
    """Payload format 2.0 of an HTTP API."""
    event = _format_2(asked, asked.path, "a1b2c3.execute-api.eu-west-1.amazonaws.com")
    event["routeKey"] = event["requestContext"]["routeKey"] = key or f"{asked.method} {asked.template}"
    if asked.parameters:
        event["pathParameters"] = dict(asked.parameters)
    return event


def function_url(asked: Asked) -> Json:
    """Payload format 2.0 of a function URL."""
    return _format_2(asked, asked.encoded_path, "abcdefgh.lambda-url.eu-west-1.on.aws")


def _format_2(asked: Asked, path: str, domain: str) -> Json:
    headers: dict[str, str] = {}
    for name, value in asked.sent:
        headers[name.lower()] = f"{headers[name.lower()]},{value}" if name.lower() in headers else value
    event: Json = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": asked.raw_query,
        "headers": headers,
        "requestContext": {
            "accountId": "111122223333",
            "apiId": domain.partition(".")[0],
            "domainName": domain,
            "domainPrefix": domain.partition(".")[0],
            "http": {
                "method": asked.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": asked.client,
                "userAgent": "test",
            },
            "requestId": "request-1",
            "routeKey": "$default",
            "stage": "$default",
            "time": "31/Jan/2026:18:00:00 +0000",
            "timeEpoch": 1769882400000,
        },
        **asked.body_in(),
    }
    if asked.cookies:
        event["cookies"] = [f"{name}={value}" for name, value in asked.cookies]
    return event


def rest_api(asked: Asked, *, resource: str | None = None) -> Json:
    """Payload format 1.0 of a REST API."""
    event = _format_1(asked, asked.sent, asked.query)
    event["resource"] = resource or asked.template
    event["pathParameters"] = {
        name: "/".join(quote(part, safe="") for part in value.split("/")) for name, value in asked.parameters.items()
    } or None
    event["stageVariables"] = None
    event["requestContext"] = {
        "accountId": "111122223333",
        "apiId": "a1b2c3",
        "domainName": "a1b2c3.execute-api.eu-west-1.amazonaws.com",
        "httpMethod": asked.method,
        "identity": {"sourceIp": asked.client, "userAgent": "test", "userArn": None, "accountId": None},
        "path": asked.encoded_path,  # as behind a custom domain
        "protocol": "HTTP/1.1",
        "requestId": "request-1",
        "requestTimeEpoch": 1769882400000,
        "resourceId": "abc123",
        "resourcePath": event["resource"],
        "stage": "live",
    }
    return event


def balancer(asked: Asked) -> Json:
    """A load balancer whose target group hands headers over as lists."""
    seen = [(name.lower(), value) for name, value in [*asked.sent, ("X-Forwarded-For", asked.client)]]
    encoded = [(quote(name, safe=""), quote(value, safe="")) for name, value in asked.query]
    event = _format_1(asked, seen, encoded)
    del event["headers"], event["queryStringParameters"]
    event["multiValueQueryStringParameters"] = event["multiValueQueryStringParameters"] or {}
    arn = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/shop/0123456789abcdef"
    return event | {"requestContext": {"elb": {"targetGroupArn": arn}}, "body": event["body"] or ""}


def plain_balancer(asked: Asked) -> Json:
    """A load balancer whose target group hands headers over one by one: of repeated ones the last."""
    event = balancer(asked)
    headers = event.pop("multiValueHeaders")
    query = event.pop("multiValueQueryStringParameters")
    event["headers"] = {name: values[-1] for name, values in headers.items()}
    event["queryStringParameters"] = {name: values[-1] for name, values in query.items()}
    return event


def _format_1(asked: Asked, headers: list[tuple[str, str]], query: list[tuple[str, str]]) -> Json:
    several: dict[str, list[str]] = {}
    for name, value in headers:
        several.setdefault(name, []).append(value)
    if asked.cookies:
        several["cookie"] = [asked.cookie]
    parameters: dict[str, list[str]] = {}
    for name, value in query:
        parameters.setdefault(name, []).append(value)
    return {
        "path": asked.encoded_path,
        "httpMethod": asked.method,
        "headers": {name: values[-1] for name, values in several.items()},
        "multiValueHeaders": several,
        "queryStringParameters": {name: values[-1] for name, values in parameters.items()} or None,
        "multiValueQueryStringParameters": parameters or None,
        **asked.body_in(),
    }


DOORS: dict[str, Callable[[Asked], Json]] = {
    "http_api": http_api,
    "rest_api": rest_api,
    "function_url": function_url,
    "balancer": balancer,
}


@dataclass(frozen=True)
class Seen:
    """What a client sees of an answer; repeated headers are joined, as HTTP has it."""

    status: int
    headers: dict[str, str]
    cookies: list[str]
    body: bytes


def seen(answer: Json) -> Seen:
    """An answer of any payload format, as its front door sends it on."""
    headers: dict[str, str] = {}
    cookies = list(answer.get("cookies", ()))
    pairs = [(name, [value]) for name, value in answer.get("headers", {}).items()]
    for name, values in [*pairs, *answer.get("multiValueHeaders", {}).items()]:
        assert all(isinstance(value, str) for value in values)
        if name.lower() == "set-cookie":
            cookies += values
        else:
            headers[name.lower()] = ",".join(values)
    body = answer["body"]
    return Seen(
        answer["statusCode"],
        headers,
        cookies,
        base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode(),
    )

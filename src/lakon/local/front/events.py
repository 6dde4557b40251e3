"""The events that AWS makes of requests, one function for each payload format.

Payload 2.0 (HTTP APIs, function URLs), 1.0 (REST APIs, and authorizers that ask for it), and that of load balancers.
See "Create AWS Lambda proxy integrations for HTTP APIs", "Input format of a Lambda function for proxy integration",
"Invoking Lambda function URLs" and "Receive requests from the load balancer".
"""

from __future__ import annotations

import base64
import time
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from lakon.local.front.requests import is_text, joined, several

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakon.local.front.plan import Plan
    from lakon.local.front.requests import Asked, Pairs

Event = dict[str, Any]  # JSON


def gateway_headers(asked: Asked, trace: str) -> Pairs:
    """The headers as API Gateway and Lambda pass them on: what tells of the way here is added."""
    hidden = ("x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "connection")
    port = (asked.header("host") or "").rpartition(":")[2]
    kept = [pair for pair in asked.headers if pair[0] not in hidden]
    forwarded = asked.header("x-forwarded-for")
    return [
        *kept,
        ("x-amzn-trace-id", trace),
        ("x-forwarded-for", f"{forwarded}, {asked.client}" if forwarded else asked.client),
        ("x-forwarded-port", port if port.isdigit() else "80"),
        ("x-forwarded-proto", "http"),
    ]


def version_2(
    plan: Plan, asked: Asked, trace: str, *, route_key: str, path: str, parameters: Mapping[str, str], domain: str
) -> Event:
    """Payload format 2.0, without an authorizer. What is empty is left out, as AWS leaves it out."""
    headers = joined([pair for pair in gateway_headers(asked, trace) if pair[0] != "cookie"])
    event: Event = {"version": "2.0", "routeKey": route_key, "rawPath": path, "rawQueryString": asked.query}
    cookies = [part.strip() for name, value in asked.headers if name == "cookie" for part in value.split(";")]
    if cookies:
        event["cookies"] = cookies
    event["headers"] = headers
    if query := joined(asked.parameters()):
        event["queryStringParameters"] = query
    event["requestContext"] = {
        "accountId": plan.account,
        "apiId": plan.api_id,
        "domainName": domain,
        "domainPrefix": plan.api_id,
        "http": {
            "method": asked.method,
            "path": path,
            "protocol": asked.protocol,
            "sourceIp": asked.client,
            "userAgent": headers.get("user-agent", ""),
        },
        "requestId": asked.id,
        "routeKey": route_key,
        "stage": plan.stage,
        "time": common_time(asked.time),
        "timeEpoch": int(asked.time * 1000),
    }
    if parameters:
        event["pathParameters"] = dict(parameters)
    if plan.variables:
        event["stageVariables"] = plan.variables
    encoded = not is_text(asked.header("content-type"), asked.header("content-encoding"))
    if asked.body:
        event["body"] = body_of(asked.body, encoded=encoded)
    event["isBase64Encoded"] = bool(asked.body) and encoded
    return event


def version_1(
    plan: Plan,
    asked: Asked,
    trace: str,
    *,
    resource: str,
    path: str,
    parameters: Mapping[str, str],
    encoded: bool,
    version: str | None = None,
) -> Event:
    """Payload format 1.0, without an authorizer; `version` for HTTP APIs, which name it."""
    headers = [(titled(name), value) for name, value in gateway_headers(asked, trace)]
    query = asked.parameters()
    event: Event = {"version": version} if version else {}
    return event | {
        "resource": resource,
        "path": path,
        "httpMethod": asked.method,
        "headers": {name: values[-1] for name, values in several(headers).items()},
        "multiValueHeaders": several(headers),
        "queryStringParameters": {name: values[-1] for name, values in several(query).items()} or None,
        "multiValueQueryStringParameters": several(query) or None,
        "pathParameters": dict(parameters) or None,
        "stageVariables": plan.variables or None,
        "requestContext": context_1(plan, asked, resource=resource, path=path),
        "body": body_of(asked.body, encoded=encoded) if asked.body else None,
        "isBase64Encoded": bool(asked.body) and encoded,
    }


def context_1(plan: Plan, asked: Asked, *, resource: str, path: str) -> Event:
    """The `requestContext` of payload format 1.0."""
    return {
        "accountId": plan.account,
        "apiId": plan.api_id,
        "domainName": asked.header("host") or "",
        "domainPrefix": plan.api_id,
        "extendedRequestId": base64.b64encode(uuid4().bytes[:11]).decode(),
        "httpMethod": asked.method,
        "identity": identity(asked),
        "path": path if plan.stage == "$default" else f"/{plan.stage}{path}",
        "protocol": asked.protocol,
        "requestId": asked.id,
        "requestTime": common_time(asked.time),
        "requestTimeEpoch": int(asked.time * 1000),
        "resourceId": sha256(resource.encode()).hexdigest()[:6],
        "resourcePath": resource,
        "stage": plan.stage,
    }


def identity(asked: Asked) -> Event:
    """Who asks, as far as a request that is not signed tells."""
    nobody = (
        "accessKey", "accountId", "caller", "cognitoAuthenticationProvider", "cognitoAuthenticationType",
        "cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId", "user", "userArn",
    )  # fmt: skip
    known = {"sourceIp": asked.client, "userAgent": asked.header("user-agent")}
    return dict.fromkeys(nobody) | known


def balancer(target: str, asked: Asked, trace: str) -> Event:
    """The event of a load balancer whose target group takes several values of headers and parameters."""
    encoded = not is_text(asked.header("content-type"), asked.header("content-encoding"))
    query: dict[str, list[str]] = {}
    for part in asked.query.split("&") if asked.query else ():
        name, _, value = part.partition("=")
        query.setdefault(name, []).append(value)
    return {
        "requestContext": {"elb": {"targetGroupArn": target}},
        "httpMethod": asked.method,
        "path": asked.path,
        "multiValueQueryStringParameters": query,
        "multiValueHeaders": several(gateway_headers(asked, trace)),
        "body": body_of(asked.body, encoded=encoded),
        "isBase64Encoded": bool(asked.body) and encoded,
    }


def body_of(body: bytes, *, encoded: bool) -> str:
    """A body as events hold it."""
    return base64.b64encode(body).decode() if encoded else body.decode("utf-8", "replace")


def common_time(moment: float) -> str:
    """A time as in the common log format: `12/Mar/2026:19:03:58 +0000`."""
    return time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(moment))


def titled(name: str) -> str:
    """A header's name as it is usually written: `Content-Type`."""
    return "-".join([part.capitalize() for part in name.split("-")])

"""The access logs of API Gateway's APIs: one line of JSON for each request, in a log group of the API's own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lakon.synth.values import arn, substitution

if TYPE_CHECKING:
    from lakon.model.gateways import HttpApi, RestApi
    from lakon.model.service import Service
    from lakon.model.sockets import WebSocketApi
    from lakon.synth.template import Properties, Template

_EVERY = {
    "requestId": "$context.requestId",
    "time": "$context.requestTime",
    "ip": "$context.identity.sourceIp",
    "userAgent": "$context.identity.userAgent",
    "status": "$context.status",
    "error": "$context.error.message",
    "authorizerError": "$context.authorizer.error",
    "integrationLatency": "$context.integrationLatency",
}
_HTTP = {
    **_EVERY,
    "method": "$context.httpMethod",
    "path": "$context.path",
    "protocol": "$context.protocol",
    "latency": "$context.responseLatency",
    "responseLength": "$context.responseLength",
}
FORMATS = {
    "http_api": {**_HTTP, "route": "$context.routeKey", "integrationError": "$context.integrationErrorMessage"},
    "rest_api": {**_HTTP, "route": "$context.resourcePath", "integrationError": "$context.integration.error"},
    "websocket_api": {
        **_EVERY,
        "connectionId": "$context.connectionId",
        "event": "$context.eventType",
        "route": "$context.routeKey",
        "integrationError": "$context.integrationErrorMessage",
    },
}


def access_logs(template: Template, service: Service, api: HttpApi | RestApi | WebSocketApi) -> Properties:
    """Add the log group, and return what the API's stage says of it; nothing where the API is not to be logged.

    Its name is one that AWS need not list in a policy of its own, of which an account has few. See "Enabling logging
    from AWS services".
    """
    if not api.access_logs:
        return {}
    group = f"{api.logical_id}LogGroup"
    name = f"/aws/vendedlogs/${{AWS::StackName}}-{api.id}"
    properties: Properties = {"LogGroupName": {"Fn::Sub": name}, "RetentionInDays": service.log_retention_days}
    template.add(group, "AWS::Logs::LogGroup", properties, api.origin, keep=False)
    return {
        "DestinationArn": substitution(arn("logs", f"log-group:${{{group}}}")),
        "Format": json.dumps(FORMATS[api.kind]),
    }

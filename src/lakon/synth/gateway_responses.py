"""What a REST API itself answers where no function is reached, with the headers that let other origins read it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from lakon.model.http import GatewayResponse

if TYPE_CHECKING:
    from lakon.model.gateways import RestApi
    from lakon.model.http import Cors
    from lakon.synth.template import Properties, Template

_QUOTED_ALREADY = re.compile(r'"(\$context\.error\.messageString)"')
_EVERY = ("DEFAULT_4XX", "DEFAULT_5XX")


def add_gateway_responses(template: Template, api: RestApi) -> None:
    """Those that the user says, and with CORS those for all errors."""
    responses = dict(api.responses)
    if api.cors is not None:
        responses = {**dict.fromkeys(_EVERY, GatewayResponse()), **responses}
    shared = {} if api.cors is None else _cors_headers(api.cors)
    for kind, response in sorted(responses.items()):
        headers = {**shared, **{name: literal(value) for name, value in response.headers.items()}}
        properties: Properties = {"RestApiId": {"Ref": api.logical_id}, "ResponseType": kind}
        if response.status is not None:
            properties["StatusCode"] = str(response.status)
        if headers:
            properties["ResponseParameters"] = {f"gatewayresponse.header.{name}": headers[name] for name in headers}
        if response.body is not None:
            properties["ResponseTemplates"] = {"application/json": body(response.body)}
        words = "".join([word.capitalize() for word in kind.split("_")])
        template.add(f"{api.logical_id}{words}Response", "AWS::ApiGateway::GatewayResponse", properties, api.origin)


def body(said: object) -> str:
    """JSON in which API Gateway's variables stand; its message string brings its own quotation marks."""
    return _QUOTED_ALREADY.sub(r"\1", json.dumps(said, sort_keys=True))


def literal(value: str) -> str:
    """A text that stands for itself in a mapping of headers."""
    return "'" + value.replace("'", "\\'") + "'"


def _cors_headers(cors: Cors) -> dict[str, str]:
    """API Gateway cannot choose among origins in its own answers: with several it names the one that asks."""
    headers = {"Access-Control-Allow-Origin": literal(cors.origins[0])}
    if len(cors.origins) > 1:
        headers = {"Access-Control-Allow-Origin": "method.request.header.Origin", "Vary": literal("Origin")}
    if cors.credentials:
        headers["Access-Control-Allow-Credentials"] = literal("true")
    if cors.expose:
        headers["Access-Control-Expose-Headers"] = literal(",".join(cors.expose))
    return headers

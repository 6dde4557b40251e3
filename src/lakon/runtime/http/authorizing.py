"""Lambda authorizers: the program's own handler decides, AWS gets the answer it asked for. Ships into Lambda.

The function's handler is `handler` below, which finds the program's in `LAKON_AUTHORIZER`, as `module.name`.
See "Control access to HTTP APIs with AWS Lambda authorizers" and "Use API Gateway Lambda authorizers".
"""

from __future__ import annotations

from lakon.runtime.http.fronts import GatewayV1, GatewayV2
from lakon.runtime.http.handlers import Call
from lakon.runtime.http.response import HTTPError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lakon.runtime.http.request import Request

VARIABLE = "LAKON_AUTHORIZER"

_call: Call | None = None


def handler(event: Any, context: Any) -> object:
    """Answer an event of an authorizer by the handler that the environment names."""
    global _call
    if _call is None:
        import os
        from importlib import import_module

        module, _, name = os.environ[VARIABLE].rpartition(".")
        _call = Call("", getattr(import_module(module), name), (), 200)
    return decide(_call, event, context)


def decide(call: Call, event: Any, context: Any) -> object:
    """What the handler says of a request, in the words of the API that asks.

    A refusal that asks the caller to authenticate, `HTTPError(401)`, is AWS's `Unauthorized`.
    """
    request = asked(event, context)
    try:
        said = call.invoke(request)
    except HTTPError as error:
        if error.status == 401:
            raise Exception("Unauthorized") from error
        said = False
    if isinstance(said, dict) and ("policyDocument" in said or "isAuthorized" in said):
        return said
    known = said if isinstance(said, dict) else {}
    allowed = bool(said) or isinstance(said, dict)
    if event.get("version") == "2.0":
        return {"isAuthorized": allowed, "context": known}
    return policy(event["methodArn"], allowed, known)


def asked(event: Any, context: Any) -> Request:
    """The request that an authorizer is asked about; of a token alone, with the token as its only header."""
    if event.get("version") == "2.0":
        return GatewayV2(event, context, event.get("pathParameters") or {})
    if event.get("type") == "TOKEN":
        _, _, method, *path = event["methodArn"].split(":", 5)[-1].split("/")
        headers = {"authorization": event["authorizationToken"]}
        event = {**event, "httpMethod": method, "path": "/" + "/".join(path), "headers": headers, "requestContext": {}}
    return GatewayV1(event, context, event.get("pathParameters") or {})


def policy(arn: str, allowed: bool, known: dict[str, Any]) -> dict[str, object]:
    """An IAM policy for every route of the API's stage: the answer is kept for all routes that ask for it."""
    api, stage = arn.split("/")[:2]
    flat = {name: value if isinstance(value, (str, int, float, bool)) else str(value) for name, value in known.items()}
    statement = {
        "Action": "execute-api:Invoke",
        "Effect": "Allow" if allowed else "Deny",
        "Resource": f"{api}/{stage}/*",
    }
    return {
        "principalId": str(known.get("principalId") or known.get("sub") or "caller"),
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": flat,
    }

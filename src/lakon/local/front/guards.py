"""Who may pass: the authorizers of APIs, really asked.

See "Control and manage access to HTTP APIs", "Use API Gateway Lambda authorizers" and "Control access to REST APIs
using Amazon Cognito user pools as an authorizer".
"""

from __future__ import annotations

import fnmatch
import json
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from lakon.local.front import signatures
from lakon.local.front.functions import RefusedError
from lakon.local.front.refusals import Refusal
from lakon.local.front.tokens import InvalidTokenError, is_meant_for, scopes_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakon.local.front.events import Event
    from lakon.local.front.functions import Functions
    from lakon.local.front.plan import Guard, Plan
    from lakon.local.front.requests import Asked
    from lakon.local.front.tokens import Issuers

_HTTP_LIMIT = 10.0  # seconds that a Lambda authorizer of an HTTP API has; of others, as long as a function
_MOST_KEPT = 1000


class Pass(NamedTuple):
    """What is known of a caller who may pass. `kind` is "lambda", "jwt", "cognito" or "iam"."""

    kind: str
    known: dict[str, Any]
    scopes: list[str] | None = None

    def version_2(self) -> Event:
        """`requestContext.authorizer` of payload format 2.0."""
        if self.kind == "jwt":
            return {"jwt": {"claims": self.known, "scopes": self.scopes}}
        return {self.kind: self.known}

    def put_into(self, context: Event) -> None:
        """Tell it in a `requestContext` of payload format 1.0."""
        if self.kind == "iam":
            context["identity"] |= {
                "accessKey": self.known["accessKey"],
                "accountId": self.known["accountId"],
                "caller": self.known["callerId"],
                "user": self.known["userId"],
                "userArn": self.known["userArn"],
            }
        else:
            context["authorizer"] = {"claims": self.known} if self.kind in ("jwt", "cognito") else self.known


class Guards:
    """The authorizers of one API; what a Lambda authorizer said holds for its time to live."""

    def __init__(self, plan: Plan, functions: Functions, issuers: Issuers) -> None:
        self._plan = plan
        self._functions = functions
        self._issuers = issuers
        self._kept: dict[tuple[str, ...], tuple[float, Event]] = {}

    async def check(
        self, name: str, scopes: tuple[str, ...], asked: Asked, arn: str, ask: Callable[[Guard, list[str]], Event]
    ) -> Pass:
        """Let pass, or raise Refusal. `ask` makes the event of a Lambda authorizer, of its identity sources."""
        guard = self._plan.guards[name]
        match guard.kind:
            case "iam":
                return self._signed(asked, "lambda" if self._plan.kind == "function_url" else "execute-api")
            case "lambda":
                return await self._asked(guard, asked, arn, ask)
            case _:
                return await self._token(guard, scopes or guard.scopes, asked)

    def _signed(self, asked: Asked, service: str) -> Pass:
        if not signatures.is_signed(asked):
            raise Refusal("MISSING_AUTHENTICATION_TOKEN")
        try:
            key = signatures.signer(asked, service)
        except signatures.InvalidSignatureError as error:
            raise Refusal("INVALID_SIGNATURE", str(error)) from error
        account = self._plan.account
        known: dict[str, Any] = {
            "accessKey": key,
            "accountId": account,
            "callerId": account,
            "cognitoIdentity": None,
            "principalOrgId": None,
            "userArn": f"arn:aws:iam::{account}:root",
            "userId": account,
        }
        return Pass("iam", known)

    async def _token(self, guard: Guard, scopes: tuple[str, ...], asked: Asked) -> Pass:
        token = (_source(guard.identity[0], asked, {}, self._plan.variables) or "").strip()
        if token[:7].lower() == "bearer ":
            token = token[7:].strip()
        if not token:
            raise Refusal("UNAUTHORIZED", headers=[("www-authenticate", "Bearer")])
        try:
            claims = await self._issuers.claims(token, guard.issuers)
            if guard.audience and not is_meant_for(claims, guard.audience):
                raise InvalidTokenError("the token does not have a valid audience")
        except InvalidTokenError as error:
            told = f'Bearer scope="" error="invalid_token" error_description="{error}"'
            kind = "EXPIRED_TOKEN" if str(error) == "the token has expired" else "UNAUTHORIZED"
            raise Refusal(kind, headers=[("www-authenticate", told)]) from error
        known = scopes_of(claims)
        if scopes and not set(scopes) & set(known):
            told = 'Bearer scope="" error="insufficient_scope" error_description="the token does not have a scope"'
            kind = "ACCESS_DENIED" if self._plan.kind == "http_api" else "UNAUTHORIZED"
            raise Refusal(kind, headers=[("www-authenticate", told)])
        told_claims = {name: _claim(value) for name, value in claims.items()}
        kind = "cognito" if self._plan.kind == "rest_api" else "jwt"
        return Pass(kind, told_claims, [each for each in known if each in scopes] if scopes else None)

    async def _asked(self, guard: Guard, asked: Asked, arn: str, ask: Callable[[Guard, list[str]], Event]) -> Pass:
        event = ask(guard, [])
        context = event.get("requestContext", {})
        found = [_source(each, asked, context, self._plan.variables) for each in guard.identity]
        values = [each for each in found if each]
        if len(values) < len(found):
            raise Refusal("UNAUTHORIZED")
        key = (guard.name, *values)
        until, answer = self._kept.get(key, (0.0, {}))
        if not found or time.monotonic() > until:
            answer = await self._invoke(guard, asked, ask(guard, values))
            if guard.ttl and found:
                if len(self._kept) >= _MOST_KEPT:
                    self._kept.clear()
                self._kept[key] = time.monotonic() + guard.ttl, answer
        return _judged(answer, arn)

    async def _invoke(self, guard: Guard, asked: Asked, event: Event) -> Event:
        limit = self._plan.timeout if self._plan.kind != "http_api" else min(self._plan.timeout, _HTTP_LIMIT)
        try:
            outcome = await self._functions.call(guard.function, json.dumps(event).encode(), limit=limit, id=asked.id)
            said = json.loads(outcome.answer.body)
        except (RefusedError, TimeoutError, ValueError) as error:
            raise Refusal("AUTHORIZER_FAILURE") from error
        if outcome.answer.error_type is not None:
            unauthorized = isinstance(said, dict) and said.get("errorMessage") == "Unauthorized"
            raise Refusal("UNAUTHORIZED" if unauthorized else "AUTHORIZER_FAILURE")
        if not isinstance(said, dict):
            raise Refusal("AUTHORIZER_CONFIGURATION_ERROR")
        return said


def _judged(answer: Event, arn: str) -> Pass:
    """What an authorizer's answer means for one call: a simple one, or an IAM policy."""
    known = answer.get("context") or {}
    if "isAuthorized" in answer:
        if answer["isAuthorized"] is not True:
            raise Refusal("ACCESS_DENIED")
        return Pass("lambda", known)
    statements = (answer.get("policyDocument") or {}).get("Statement")
    if not statements or "principalId" not in answer:
        raise Refusal("AUTHORIZER_CONFIGURATION_ERROR")
    statements = statements if isinstance(statements, list) else [statements]
    effects = {str(each.get("Effect")) for each in statements if _covers(each, arn)}
    if "Deny" in effects:
        raise Refusal("ACCESS_DENIED", "User is not authorized to access this resource with an explicit deny")
    if "Allow" not in effects:
        raise Refusal("ACCESS_DENIED", "User is not authorized to access this resource")
    return Pass("lambda", {"principalId": str(answer["principalId"]), "integrationLatency": 0, **known})


def _covers(statement: dict[str, Any], arn: str) -> bool:
    actions, resources = (_list(statement.get(name, [])) for name in ("Action", "Resource"))
    named = any(fnmatch.fnmatchcase("execute-api:invoke", str(each).lower()) for each in actions)
    return named and any(fnmatch.fnmatchcase(arn, str(each)) for each in resources)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _source(source: str, asked: Asked, context: Event, variables: dict[str, str]) -> str | None:
    """The value of an identity source: `header.NAME`, `query.NAME`, `context.NAME` or `variable.NAME`."""
    place, _, name = source.partition(".")
    match place:
        case "header":
            return asked.header(name.lower())
        case "query":
            return next((value for each, value in asked.parameters() if each == name), None)
        case "variable":
            return variables.get(name)
    found: Any = context
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return None if found is None else str(found)


def _claim(value: object) -> str:
    """A claim as events tell it: a text."""
    if isinstance(value, list):
        return f"[{' '.join(str(each) for each in value)}]"
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, dict) else str(value)

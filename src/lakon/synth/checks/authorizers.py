"""Checks of who may call: what stands in `auth=`, and authorizers themselves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lakon.model.authorizers import Cognito, Iam, Jwt, LambdaAuthorizer
from lakon.model.cloudformation import CloudFormationResource
from lakon.model.gateways import HttpApi, RestApi
from lakon.model.resource import Resource
from lakon.model.routes import Inherited
from lakon.model.values import MARK
from lakon.synth.checks.mistakes import are_texts, spelled

if TYPE_CHECKING:
    from lakon.model.origin import Origin
    from lakon.model.service import Service
    from lakon.model.sockets import WebSocketApi
    from lakon.synth.checks.mistakes import Mistakes

IDENTITY = re.compile(r"(header|query|context|variable)\.[A-Za-z0-9_.-]+")
TOKEN_IDENTITY = re.compile(r"(header|query)\.[A-Za-z0-9_.-]+")
ISSUER = re.compile(r"https://\S+")
POOL = re.compile(r"arn:[^:]+:cognito-idp:[^:]+:[0-9]{12}:userpool/[A-Za-z0-9_-]+")
_KINDS: dict[str, tuple[type, ...]] = {
    "http_api": (Jwt, Cognito, Iam, LambdaAuthorizer),
    "rest_api": (Cognito, Iam, LambdaAuthorizer),
    "websocket_api": (Iam, LambdaAuthorizer),
}
_NAMES = {"http_api": "an HTTP API", "rest_api": "a REST API", "websocket_api": "a WebSocket API"}
_MADE_BY: dict[type, str] = {
    Jwt: "lakon.jwt(...)",
    Cognito: "lakon.cognito(...)",
    Iam: "lakon.iam()",
    LambdaAuthorizer: "an authorizer of this service",
}


def check_authorizers(service: Service, mistakes: Mistakes) -> None:
    """The Lambda authorizers of the service."""
    for authorizer in service.authorizers:
        origin, told = authorizer.origin, f"the authorizer {authorizer.name!r}"
        mistakes.unless(
            authorizer.kind in ("request", "token"),
            origin,
            f"the kind of {told} is {authorizer.kind!r:.40}",
            'it is "request" or "token"',
        )
        mistakes.unless(
            authorizer.answers in ("simple", "iam"),
            origin,
            f"answers of {told} is {authorizer.answers!r:.40}",
            'it is "simple" or "iam"',
        )
        cached = mistakes.within(origin, f"ttl of {told} in seconds", authorizer.ttl, 0, 3600) and authorizer.ttl > 0
        mistakes.unless(
            all(spelled(IDENTITY, each) for each in authorizer.identity),
            origin,
            f"identity of {told} is {authorizer.identity!r:.80}",
            'it is written as in "header.authorization" or "query.token"',
        )
        mistakes.unless(
            bool(authorizer.identity) or not cached,
            origin,
            f"the answers of {told} are kept for {authorizer.ttl!r} s, and nothing tells callers apart",
            "say identity=, or ttl=0",
        )
        mistakes.unless(
            authorizer.kind != "token"
            or (len(authorizer.identity) == 1 and str(authorizer.identity[0]).startswith("header.")),
            origin,
            f'{told} has kind="token" and the identity {authorizer.identity!r:.80}',
            "a token stands in one header",
        )


def check_auth(
    service: Service,
    api: HttpApi | RestApi | WebSocketApi,
    auth: object,
    what: str,
    origin: Origin,
    mistakes: Mistakes,
) -> None:
    """What `auth=` says is something that decides, and of a kind that the API can ask."""
    if auth is None or isinstance(auth, Inherited):
        return
    decider = next((each for each in service.authorizers if each.call is auth), auth)
    known = _KINDS[api.kind]
    mistakes.unless(
        isinstance(decider, known),
        origin,
        f"{what} of {api.id!r} is {_spoken(decider):.60}",
        f"{_NAMES[api.kind]} asks {', '.join([_MADE_BY[kind] for kind in known])}, or nobody: None",
    )
    match decider:
        case LambdaAuthorizer():
            mistakes.unless(
                decider in service.authorizers,
                origin,
                f"{what} of {api.id!r} is {decider.name!r}, which is not of the service {service.name!r}",
                "declare the authorizer on this service",
            )
            mistakes.unless(
                decider.kind != "token" or isinstance(api, RestApi),
                origin,
                f'{what} of {api.id!r} is {decider.name!r}, of kind="token"',
                'only REST APIs hand over a token alone: write kind="request"',
            )
        case Jwt():
            _check_jwt(decider, f"{what} of {api.id!r}", origin, mistakes)
        case Cognito():
            _check_cognito(service, api, decider, f"{what} of {api.id!r}", origin, mistakes)
        case _:
            pass


def _check_jwt(decider: Jwt, told: str, origin: Origin, mistakes: Mistakes) -> None:
    mistakes.unless(
        spelled(ISSUER, decider.issuer) or _has_token(decider.issuer),
        origin,
        f"{told} has the issuer {decider.issuer!r:.60}",
        'an issuer is a URL: "https://login.example"',
    )
    mistakes.unless(
        bool(decider.audience) and are_texts(decider.audience),
        origin,
        f"{told} has the audience {decider.audience!r:.60}",
        "say for whom tokens are meant: one text or several",
    )
    _check_token(decider, told, origin, mistakes)


def _check_cognito(
    service: Service,
    api: HttpApi | RestApi | WebSocketApi,
    decider: Cognito,
    told: str,
    origin: Origin,
    mistakes: Mistakes,
) -> None:
    mistakes.unless(
        bool(decider.pools) and all(_is_pool(service, pool) for pool in decider.pools),
        origin,
        f"{told} has the pools {decider.pools!r:.80}",
        "a pool is given by its ARN, or as a resource of this program, whose type is AWS::Cognito::UserPool",
    )
    mistakes.unless(
        not isinstance(api, HttpApi) or (len(decider.pools) == 1 and bool(decider.clients)),
        origin,
        f"{told} has {len(decider.pools)} pools and {len(decider.clients)} clients",
        "an HTTP API takes tokens of one pool, and must know for which clients they are made: clients=[...]",
    )
    mistakes.unless(
        not isinstance(api, RestApi) or str(decider.identity).startswith("header."),
        origin,
        f"{told} finds the token in {decider.identity!r:.60}",
        "a REST API looks for tokens of user pools in headers alone",
    )
    mistakes.unless(
        are_texts(decider.clients), origin, f"{told} has the clients {decider.clients!r:.60}", "a client's id is a text"
    )
    _check_token(decider, told, origin, mistakes)


def _check_token(decider: Jwt | Cognito, told: str, origin: Origin, mistakes: Mistakes) -> None:
    mistakes.unless(
        spelled(TOKEN_IDENTITY, decider.identity),
        origin,
        f"{told} finds the token in {decider.identity!r:.60}",
        'it is written as in "header.authorization" or "query.token"',
    )
    mistakes.unless(
        are_texts(decider.scopes), origin, f"{told} asks for the scopes {decider.scopes!r:.60}", "a scope is a text"
    )


def _is_pool(service: Service, pool: object) -> bool:
    if isinstance(pool, CloudFormationResource):
        return pool in service.resources and pool.type == "AWS::Cognito::UserPool"
    return spelled(POOL, pool)


def _has_token(value: object) -> bool:
    return isinstance(value, str) and MARK in value


def _spoken(decider: object) -> str:
    return repr(decider) if isinstance(decider, Resource) else _MADE_BY.get(type(decider), repr(decider))

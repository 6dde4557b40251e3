"""Who may call a route. Ships into Lambda: plain values that become authorizers of the API."""

from __future__ import annotations

from lakon.model.names import several

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from lakon.model.cloudformation import CloudFormationResource
    from lakon.model.origin import Origin


class Jwt:
    """Bearers of a JSON Web Token that an OpenID Connect issuer signed; made by `lakon.jwt`."""

    __slots__ = ("audience", "identity", "issuer", "scopes")

    def __init__(self, issuer: str, audience: tuple[str, ...], scopes: tuple[str, ...], identity: str) -> None:
        self.issuer = issuer
        self.audience = audience
        self.scopes = scopes
        self.identity = identity


class Cognito:
    """Users of Cognito user pools; made by `lakon.cognito`."""

    __slots__ = ("clients", "identity", "pools", "scopes")

    def __init__(
        self,
        pools: tuple[str | CloudFormationResource, ...],
        clients: tuple[str, ...],
        scopes: tuple[str, ...],
        identity: str,
    ) -> None:
        self.pools = pools
        self.clients = clients
        self.scopes = scopes
        self.identity = identity


class Iam:
    """Callers whose signed requests IAM lets pass; made by `lakon.iam`."""

    __slots__ = ()


class LambdaAuthorizer:
    """A function of this service that decides; made by `service.authorizer`. Stands in `auth=`, as its handler does."""

    __slots__ = ("answers", "call", "identity", "kind", "name", "origin", "ttl")

    def __init__(
        self,
        call: Callable[..., object],
        name: str,
        origin: Origin,
        *,
        kind: str,
        answers: str,
        identity: tuple[str, ...],
        ttl: int,
    ) -> None:
        self.call = call
        self.name = name
        self.origin = origin
        self.kind = kind
        self.answers = answers
        self.identity = identity
        self.ttl = ttl

    def __repr__(self) -> str:
        return f"<authorizer {self.name!r}>"


if TYPE_CHECKING:
    Authorizer: TypeAlias = Jwt | Cognito | Iam | LambdaAuthorizer
    Auth: TypeAlias = Authorizer | Callable[..., object] | None


def jwt(
    issuer: str,
    audience: str | Sequence[str],
    *,
    scopes: str | Sequence[str] = (),
    identity: str = "header.authorization",
) -> Jwt:
    """Let pass who brings a JSON Web Token of `issuer` that is meant for one of `audience`.

    `issuer` is the URL whose `/.well-known/openid-configuration` tells the keys; `audience` is matched with `aud`, or
    `client_id` where there is none. A token must carry one of `scopes`, where there are any. `identity` says where the
    token stands: `"header.NAME"` or `"query.NAME"`. For HTTP APIs; see "Control access to HTTP APIs with JWT
    authorizers".
    """
    return Jwt(issuer, several(audience), several(scopes), identity)


def cognito(
    pools: str | CloudFormationResource | Sequence[str | CloudFormationResource],
    *,
    clients: str | Sequence[str] = (),
    scopes: str | Sequence[str] = (),
    identity: str = "header.authorization",
) -> Cognito:
    """Let pass who brings a token of a Cognito user pool, given by its ARN or as a resource of this program.

    An HTTP API takes one pool, and the ids of its app `clients`; a REST API takes several pools, and any client.
    With `scopes` access tokens are asked for, without them identity tokens are enough.
    """
    return Cognito(several(pools), several(clients), several(scopes), identity)


def iam() -> Iam:
    """Let pass whose requests are signed with AWS credentials that may call the API: `uses=[api.call]`."""
    return Iam()

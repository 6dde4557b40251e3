"""Tokens of a user pool of the embedded AWS, at an API that asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lakon.local.front.plan import Guard

from .fronts import ECHO, opened, plan, route

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    import boto3

    from lakon.local.daemon import Running

NAME, PASSWORD = "ada", "Analytical-1843"


@pytest.fixture(scope="module")
def pool(aws: Running, session: boto3.Session) -> tuple[str, str, dict[str, Any]]:
    """A user pool, a client of it, and what its one user gets by logging in."""
    cognito = session.client("cognito-idp", endpoint_url=aws.endpoint_url)
    made = cognito.create_user_pool(PoolName="readers")["UserPool"]["Id"]
    flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    client = cognito.create_user_pool_client(UserPoolId=made, ClientName="shop", ExplicitAuthFlows=flows)
    client_id = client["UserPoolClient"]["ClientId"]
    cognito.admin_create_user(UserPoolId=made, Username=NAME)
    cognito.admin_set_user_password(UserPoolId=made, Username=NAME, Password=PASSWORD, Permanent=True)
    answers = {"USERNAME": NAME, "PASSWORD": PASSWORD}
    entered = cognito.initiate_auth(ClientId=client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=answers)
    return made, client_id, entered["AuthenticationResult"]


@pytest.mark.parametrize(("kind", "stage"), [("http_api", ""), ("rest_api", "/live")])
def test_users_of_a_pool_pass(
    aws: Running, deploy: Callable[..., str], pool: tuple[str, str, dict[str, Any]], kind: str, stage: str
) -> None:
    made, client, tokens = pool
    issuer = f"https://cognito-idp.{made.partition('_')[0]}.amazonaws.com/{made}"
    guard = Guard("cognito", "readers", (issuer,), (client,), (), ("header.authorization",))
    with opened(aws, plan(kind, route("GET /", deploy(ECHO), guard="readers"), guards={"readers": guard})) as front:
        passed = front.get(f"{stage}/", authorization=f"Bearer {tokens['IdToken']}")
        forged = front.get(f"{stage}/", authorization=f"Bearer {tokens['IdToken'][:-8]}AAAAAAAA")
        front.change(guards={"readers": Guard("cognito", "readers", (issuer,), ("other",), (), guard.identity)})
        other = front.get(f"{stage}/", authorization=tokens["IdToken"])
    authorizer = passed.json["requestContext"]["authorizer"]
    claims = authorizer["jwt"]["claims"] if kind == "http_api" else authorizer["claims"]
    assert claims["cognito:username"] == NAME
    assert (forged.status, other.status) == (401, 401)

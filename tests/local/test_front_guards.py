"""Authorizers, really asked: Lambda's, tokens of an issuer, signatures."""

from __future__ import annotations

import base64
import json
import threading
import time
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from lakon.local.front.plan import Guard

from .fronts import ECHO, arn, opened, plan, route

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lakon.local.daemon import Running

SIMPLE = """
count = 0

def handler(event, context):
    global count
    count += 1
    token = event["headers"].get("authorization")
    if token == "raise":
        raise Exception("Unauthorized")
    if token == "break":
        raise ValueError
    if token == "odd":
        return "yes"
    return {"isAuthorized": token == "let me in", "context": {"count": count, "kind": event["type"]}}
"""
POLICY = """
def handler(event, context):
    token = event.get("authorizationToken") or event["headers"].get("Authorization") or ""
    if token == "raise":
        raise Exception("Unauthorized")
    api, stage = event["methodArn"].split("/")[:2]
    resource = f"{api}/{stage}/GET/allowed*" if token == "some" else event["methodArn"]
    effect = "Deny" if token == "deny" else "Allow"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
    return {"principalId": "me", "policyDocument": {"Statement": [statement]}, "context": {"type": event["type"]}}
"""

# A key of 1,024 bits for tests alone: modulus, and the secret exponent to 65537.
MODULUS = int(
    "c5703cc101a5f0d9f710573a3f3245f1aa1bb45c3d36de1b9622e58cec494b7ea03f764a19d88dea4078dfb7469aa5c1b8a7"
    "9c145f72169ebeceef0acb921e9bc4a33c91d887644108506319825471fbe710d643d96315d1237f2062527aff86d2a906d7"
    "367501365c45454afa5004bf60e635cb6fc93fce70a2adbe604d80df",
    16,
)
SECRET = int(
    "1117f88a9543f2a84c55a3d7ad25031d3b270ee475804c9682d71e9ca6d069b2dad8e3bae2a5f71372e58428eff9efa3e802"
    "cae690a4e604746ca21183327167d00db74634d37d69620f8a6a74c68f1d7598212fe837bddc075047c12a802c64a98cfa55"
    "7f91535a826bc4329387f7244ca6a94630b7ea8ed50a8f1b91bc3e01",
    16,
)


@pytest.fixture
def echo(deploy: Callable[..., str]) -> str:
    return deploy(ECHO)


def lambda_guard(function: str, **more: Any) -> dict[str, Guard]:
    identity = more.pop("identity", ("header.authorization",))
    return {"check": Guard("lambda", "check", identity=identity, function=arn(function), **more)}


def test_a_simple_authorizer_of_an_http_api(aws: Running, echo: str, deploy: Callable[..., str]) -> None:
    guards = lambda_guard(deploy(SIMPLE), ttl=60)
    routes = (route("GET /{x}", echo, guard="check"), route("GET /open/{x}", echo))
    with opened(aws, plan("http_api", *routes, guards=guards)) as front:
        said = {token: front.get("/a", authorization=token) for token in ("no", "raise", "break", "odd")}
        without = front.get("/a")
        first, second = (front.get(path, authorization="let me in").json for path in ("/a", "/b"))
        assert front.get("/open/a").status == 200
    assert {token: (answer.status, answer.message) for token, answer in said.items()} == {
        "no": (403, "Forbidden"),
        "raise": (401, "Unauthorized"),
        "break": (500, "Internal Server Error"),
        "odd": (500, "Internal Server Error"),
    }
    assert (without.status, without.message) == (401, "Unauthorized")
    known = first["requestContext"]["authorizer"]
    assert known["lambda"]["kind"] == "REQUEST"
    assert second["requestContext"]["authorizer"] == known  # the answer was kept


def test_an_answer_that_is_not_kept(aws: Running, echo: str, deploy: Callable[..., str]) -> None:
    wanted = plan("http_api", route("GET /", echo, guard="check"), guards=lambda_guard(deploy(SIMPLE), ttl=0))
    with opened(aws, wanted) as front:
        counts = [
            front.get("/", authorization="let me in").json["requestContext"]["authorizer"]["lambda"]["count"]
            for _ in range(2)
        ]
    assert counts[1] > counts[0]


def test_a_policy_covers_what_it_names(aws: Running, echo: str, deploy: Callable[..., str]) -> None:
    guards = lambda_guard(deploy(POLICY), answers="iam", ttl=60)
    routes = [route(f"GET /{path}", echo, guard="check") for path in ("allowed", "other")]
    with opened(aws, plan("rest_api", *routes, guards=guards)) as front:
        allowed = front.get("/live/allowed", authorization="some")
        other = front.get("/live/other", authorization="some")
        denied = front.get("/live/allowed", authorization="deny")
        unauthorized = front.get("/live/allowed", authorization="raise")
    assert allowed.json["requestContext"]["authorizer"]["principalId"] == "me"
    assert allowed.json["requestContext"]["authorizer"]["type"] == "REQUEST"
    assert (other.status, other.json["Message"]) == (403, "User is not authorized to access this resource")
    assert (denied.status, "explicit deny" in denied.json["Message"]) == (403, True)
    assert unauthorized.status == 401


def test_an_authorizer_that_is_asked_about_a_token(aws: Running, echo: str, deploy: Callable[..., str]) -> None:
    guards = lambda_guard(deploy(POLICY), answers="iam", token=True)
    with opened(aws, plan("rest_api", route("GET /", echo, guard="check"), guards=guards)) as front:
        assert front.get("/live/", authorization="any").json["requestContext"]["authorizer"]["type"] == "TOKEN"
        assert front.get("/live/").status == 401


def test_an_http_api_takes_policies_too(aws: Running, echo: str, deploy: Callable[..., str]) -> None:
    guards = lambda_guard(deploy(POLICY), answers="iam", identity=("query.token",))
    with opened(aws, plan("http_api", route("GET /", echo, guard="check"), guards=guards)) as front:
        event = front.get("/?token=x").json
        assert event["requestContext"]["authorizer"]["lambda"]["type"] == "REQUEST"
        assert front.get("/").status == 401


def test_tokens_of_an_issuer(aws: Running, echo: str) -> None:
    with _issuer() as issuer:
        guard = Guard("jwt", "jwt", (issuer,), ("shop",), ("read",), ("header.authorization",))
        routes = (route("GET /", echo, guard="jwt"), route("GET /write", echo, guard="jwt", scopes=("write",)))
        now = int(time.time())
        good: dict[str, Any] = {"iss": issuer, "aud": "shop", "exp": now + 60, "scope": "read x", "sub": "me", "n": 1}
        with opened(aws, plan("http_api", *routes, guards={"jwt": guard})) as front:
            passed = front.get("/", authorization=f"Bearer {_token(good)}")
            plain = front.get("/", authorization=_token(good))
            scope = front.get("/write", authorization=f"Bearer {_token(good)}")
            refused = {
                "none": front.get("/"),
                "no token": front.get("/", authorization="Bearer x.y.z"),
                "expired": front.get("/", authorization=f"Bearer {_token({**good, 'exp': now - 1})}"),
                "early": front.get("/", authorization=f"Bearer {_token({**good, 'nbf': now + 60})}"),
                "audience": front.get("/", authorization=f"Bearer {_token({**good, 'aud': 'other'})}"),
                "issuer": front.get("/", authorization=f"Bearer {_token({**good, 'iss': 'http://evil'})}"),
                "unsigned": front.get("/", authorization=f"Bearer {_token(good, algorithm='none')}"),
                "forged": front.get("/", authorization=f"Bearer {_token(good, secret=3)}"),
                "key": front.get("/", authorization=f"Bearer {_token(good, kid='unknown')}"),
            }
    authorizer = passed.json["requestContext"]["authorizer"]["jwt"]
    assert (authorizer["claims"]["sub"], authorizer["claims"]["n"], authorizer["scopes"]) == ("me", "1", ["read"])
    assert plain.status == 200
    assert (scope.status, scope.message) == (403, "Forbidden")
    assert "insufficient_scope" in scope.headers["www-authenticate"]
    assert {name: answer.status for name, answer in refused.items()} == dict.fromkeys(refused, 401)
    assert all(answer.headers["www-authenticate"].startswith("Bearer") for answer in refused.values())


def test_an_issuer_that_is_not_there(aws: Running, echo: str) -> None:
    guard = Guard("jwt", "jwt", ("http://127.0.0.1:9",), ("shop",), (), ("header.authorization",))
    with opened(aws, plan("http_api", route("GET /", echo, guard="jwt"), guards={"jwt": guard})) as front:
        answer = front.get("/", authorization=_token({"iss": "http://127.0.0.1:9", "aud": "shop"}))
    assert answer.status == 401
    assert "keys of the issuer" in answer.headers["www-authenticate"]


@pytest.mark.parametrize(("kind", "stage"), [("http_api", ""), ("rest_api", "/live")])
def test_signed_requests(aws: Running, echo: str, kind: str, stage: str) -> None:
    with opened(aws, plan(kind, route("POST /x", echo, guard="iam"), guards={"iam": Guard("iam")})) as front:

        def signed(key: str, service: str = "execute-api") -> Any:
            request = AWSRequest("POST", f"{front.url}{stage}/x?b=1&a=%20", data=b"{}")
            SigV4Auth(Credentials(key, "test"), service, "eu-west-1").add_auth(request)
            return front.ask("POST", f"{stage}/x?b=1&a=%20", b"{}", dict(request.headers.items()))

        answer, stranger, service = signed("test"), signed("somebody"), signed("test", "s3")
        unsigned = front.ask("POST", f"{stage}/x")
    context = answer.json["requestContext"]
    who = context["authorizer"]["iam"] if kind == "http_api" else context["identity"]
    assert (who["accessKey"], who["accountId"]) == ("test", "000000000000")
    assert [stranger.status, service.status, unsigned.status] == [403, 403, 403]
    assert unsigned.message == ("Forbidden" if kind == "http_api" else "Missing Authentication Token")


@contextmanager
def _issuer() -> Iterator[str]:
    """An OpenID Connect issuer with one key."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said: object = {"issuer": issuer, "jwks_uri": f"{issuer}/keys"}
            if self.path == "/keys":
                key = {"kty": "RSA", "kid": "one", "n": _text(MODULUS.to_bytes(128)), "e": "AQAB"}
                said = {"keys": [key, {"kty": "EC", "kid": "other"}]}
            body = json.dumps(said).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield issuer
        server.shutdown()
        thread.join()


def _token(claims: dict[str, Any], *, algorithm: str = "RS256", kid: str = "one", secret: int = 0) -> str:
    head = {"alg": algorithm, "kid": kid, "typ": "JWT"}
    signed = ".".join(_text(json.dumps(part).encode()) for part in (head, claims))
    info = bytes.fromhex("3031300d060960864801650304020105000420") + sha256(signed.encode()).digest()
    padded = b"\x00\x01" + b"\xff" * (128 - len(info) - 3) + b"\x00" + info
    signature = pow(int.from_bytes(padded), secret or SECRET, MODULUS).to_bytes(128)
    return f"{signed}.{'' if algorithm == 'none' else _text(signature)}"


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

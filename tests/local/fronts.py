"""Front doors in the tests' embedded AWS, and a client that sees everything of an answer."""

from __future__ import annotations

import http.client
import json
import socket
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from lakon.local import daemon
from lakon.local.front.plan import Plan, Route

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakon.local.daemon import Running

ACCOUNT, REGION = "000000000000", "eu-west-1"
ECHO = """
import json

def handler(event, context):
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(event)}
"""


def arn(function: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}"


def route(key: str, function: str, **more: Any) -> Route:
    """A route of an HTTP or REST API: `route("GET /x", "name of a function")`."""
    method, path = key.split(" ")
    return Route(method, path, arn(function), **more)


def plan(kind: str, *routes: Route, **more: Any) -> Plan:
    """A front door on a port that is free."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    stage = {"http_api": "$default", "function_url": "$default", "load_balancer": ""}.get(kind, "live")
    return Plan(kind, "door", port, "a1b2c3", stage, ACCOUNT, REGION, routes=routes, **more)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    cookies: list[str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def message(self) -> object:
        return self.json["message"]


@dataclass
class Front:
    """An open door."""

    plan: Plan
    folder: Any
    stack: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.plan.port}"

    def ask(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.plan.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            cookies = answer.headers.get_all("set-cookie") or []
            return Answer(
                answer.status, {name.lower(): value for name, value in answer.getheaders()}, cookies, answer.read()
            )
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def change(self, **more: Any) -> None:
        """Open the same door with another plan."""
        self.plan = replace(self.plan, **more)
        daemon.open_doors(self.folder, self.stack, [self.plan])


@contextmanager
def opened(aws: Running, wanted: Plan) -> Iterator[Front]:
    """A door for the time of a block."""
    front = Front(wanted, aws.folder, f"stack-{uuid4().hex[:8]}")
    daemon.open_doors(aws.folder, front.stack, [wanted])
    try:
        yield front
    finally:
        daemon.open_doors(aws.folder, front.stack, [])

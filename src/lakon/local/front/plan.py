"""What a front door is to be: plain values, which a command sends to the supervisor as JSON."""

from __future__ import annotations

import types
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from typing import Any, get_args, get_origin, get_type_hints

LONGEST = 15 * 60.0 + 5
"""Seconds after which every function has ended by its own timeout."""


@dataclass(frozen=True, slots=True)
class Cors:
    """Who may read answers from pages of other origins: as `lakon.Cors`."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...]
    expose: tuple[str, ...]
    credentials: bool
    max_age: int


@dataclass(frozen=True, slots=True)
class Limit:
    """How many requests pass: `rate` a second in the long run, `burst` at once."""

    rate: float
    burst: int


@dataclass(frozen=True, slots=True)
class Guard:
    """An authorizer. `kind` is "jwt", "cognito", "iam" or "lambda".

    `issuers` (of which the tokens may be), `audience` and the ones of `identity` ("header.authorization") are for
    tokens; `function` is the ARN of a Lambda authorizer, whose `answers` are "simple" or "iam" and hold for `ttl`
    seconds; `token` marks those that are asked about a token alone.
    """

    kind: str
    name: str = ""
    issuers: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    identity: tuple[str, ...] = ()
    function: str = ""
    answers: str = "simple"
    token: bool = False
    ttl: int = 0


@dataclass(frozen=True, slots=True)
class Route:
    """A route and the function behind it, by its ARN; `guard` names one of the door's guards.

    An empty one stands for a preflight that the API answers itself. `requires` names parameters, as "query.page" does;
    `replies` tells that what the function answers to a message goes to the client, `streams` that what it answers to a
    request does so while it is made.
    """

    method: str
    path: str
    function: str
    guard: str | None = None
    scopes: tuple[str, ...] = ()
    limit: Limit | None = None
    api_key: bool = False
    requires: tuple[str, ...] = ()
    replies: bool = False
    streams: bool = False

    @property
    def key(self) -> str:
        """The route as HTTP APIs spell it: `GET /photos/{key}`."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a load balancer's listener: a request meets every condition that is not empty."""

    function: str
    paths: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    headers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GatewayResponse:
    """What a REST API itself answers to one type of failure."""

    status: int | None
    body: str | None
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class UsagePlan:
    """The API keys of a plan, by their values, and what their holders may do: `quota` requests in `period`."""

    name: str
    keys: tuple[str, ...]
    limit: Limit | None = None
    quota: int | None = None
    period: str = "month"


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of a site; `manifest` is the text of `/manifest.json`; `reload` lets pages reload when files change."""

    path: str
    index: str
    error: str | None
    clean_urls: bool
    single_page: bool
    cache: dict[str, str]
    exclude: tuple[str, ...]
    manifest: str
    reload: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """One front door. `kind` is that of the model ("http_api"); `default` is the ARN of what takes everything else.

    `timeout` is how many seconds a function has for its answer. `log_group` is where access logs go, None for none;
    `openapi` is the document that describes it, as JSON.
    """

    kind: str
    name: str
    port: int
    api_id: str
    stage: str
    account: str
    region: str
    timeout: float = LONGEST
    routes: tuple[Route, ...] = ()
    rules: tuple[Rule, ...] = ()
    default: str | None = None
    guards: dict[str, Guard] = field(default_factory=dict)
    cors: Cors | None = None
    limit: Limit | None = None
    variables: dict[str, str] = field(default_factory=dict)
    log_group: str | None = None
    streaming: bool = False
    binary: tuple[str, ...] = ()
    responses: dict[str, GatewayResponse] = field(default_factory=dict)
    usage_plans: tuple[UsagePlan, ...] = ()
    select: str = ""
    folder: Folder | None = None
    openapi: str | None = None

    @property
    def arn(self) -> str:
        """The beginning of the ARNs of calls: `arn:aws:execute-api:REGION:ACCOUNT:API/STAGE`."""
        return f"arn:aws:execute-api:{self.region}:{self.account}:{self.api_id}/{self.stage}"


def to_json(plan: Plan) -> dict[str, Any]:
    """The plan as JSON has it."""
    return asdict(plan)


def from_json(told: object) -> Plan:
    """The plan that `to_json` made."""
    plan: Plan = _read(Plan, told)
    return plan


def _read(kind: Any, told: Any) -> Any:
    """`told` as a value of the type `kind`, which is made of what stands above."""
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        return kind(**{each.name: _read(hints[each.name], told[each.name]) for each in fields(kind)})
    origin, parts = get_origin(kind), get_args(kind)
    if origin is types.UnionType:
        return None if told is None else _read(next(part for part in parts if part is not types.NoneType), told)
    if origin is tuple:
        return tuple(_read(parts[0], each) for each in told)
    if origin is dict:
        return {name: _read(parts[1], each) for name, each in told.items()}
    return told

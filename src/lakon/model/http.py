"""What can be said of front doors beside their routes: origins, limits, names, plans. Ships into Lambda."""

from __future__ import annotations

from lakon.model.names import several

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lakon.model.cloudformation import CloudFormationResource


class Cors:
    """Which pages of other origins a browser lets read the answers, errors included.

    `origins` are whole ("https://photos.example"), or `"*"` for all; `methods` and `headers` are those that a page may
    send, `"*"` for all; `expose` are the headers that it may read. With `credentials` browsers send cookies, and the
    origins must be named. `max_age`: how long a browser remembers, in seconds, 0 to 86,400.
    See "Cross-Origin Resource Sharing" in the Fetch standard.
    """

    __slots__ = ("credentials", "expose", "headers", "max_age", "methods", "origins")

    def __init__(
        self,
        *,
        origins: str | Sequence[str],
        methods: str | Sequence[str] = "*",
        headers: str | Sequence[str] = ("authorization", "content-type", "x-api-key"),
        expose: str | Sequence[str] = (),
        credentials: bool = False,
        max_age: int = 600,
    ) -> None:
        self.origins = several(origins)
        self.methods = several(methods)
        self.headers = several(headers)
        self.expose = several(expose)
        self.credentials = credentials
        self.max_age = max_age


class Throttle:
    """How many requests are let through: `rate` a second in the long run, `burst` at once.

    What comes beyond is answered 429 before any function runs.
    """

    __slots__ = ("burst", "rate")

    def __init__(self, *, rate: float, burst: int) -> None:
        self.rate = rate
        self.burst = burst


class Domain:
    """A name of one's own for a front door or a site.

    `certificate` is the ARN of a certificate in ACM, or a resource of this program; for a site, and for an API with
    `endpoint="edge"`, it must lie in us-east-1. Without one, Lakon asks ACM for a certificate and proves it in `zone`.
    `zone` is the id of the Route 53 hosted zone that the name's records are put into; without one no record is made,
    and the name's target is among the outputs. `path` is where below the name the API begins ("v1"); sites have none.
    `only` turns the API's own address off.
    """

    __slots__ = ("certificate", "name", "only", "path", "zone")

    def __init__(
        self,
        name: str,
        *,
        certificate: str | CloudFormationResource | None = None,
        zone: str | CloudFormationResource | None = None,
        path: str = "",
        only: bool = False,
    ) -> None:
        self.name = name
        self.certificate = certificate
        self.zone = zone
        self.path = path
        self.only = only


class Url:
    """A function URL: an address of the function's own, without an API in front of it.

    `auth` is `"iam"` (requests are signed, and the caller may `lambda:InvokeFunctionUrl`) or `"public"` (anybody).
    With `streaming` an answer reaches the client while the handler still makes it, up to 200 MB instead of 6; see the
    page on HTTP for what Python needs for it. `cors` is answered by Lambda itself.
    See "Lambda function URLs".
    """

    __slots__ = ("auth", "cors", "streaming")

    def __init__(self, *, auth: str = "iam", streaming: bool = False, cors: Cors | None = None) -> None:
        self.auth = auth
        self.streaming = streaming
        self.cors = cors


class Cache:
    """A REST API's cache of answers to GET: its `size` in GB and how long it keeps them, in seconds (0 to 3,600).

    `size` is one of "0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237", and is paid by the hour.
    Only routes with a `cache=` of their own, or all with `every_route`, answer from it.
    """

    __slots__ = ("every_route", "size", "ttl")

    def __init__(self, size: str = "0.5", *, ttl: int = 300, every_route: bool = False) -> None:
        self.size = size
        self.ttl = ttl
        self.every_route = every_route


class Quota:
    """How many requests a client of a usage plan may make: `limit` in a "day", "week" or "month"."""

    __slots__ = ("limit", "period")

    def __init__(self, limit: int, period: str = "month") -> None:
        self.limit = limit
        self.period = period


class UsagePlan:
    """What the holders of some API keys may do: made for a REST API, asked for by routes with `api_key=True`.

    `keys` names the API keys that are made and belong to the plan; their values are AWS's, and stand in no template.
    """

    __slots__ = ("keys", "name", "quota", "throttle")

    def __init__(
        self,
        name: str,
        *,
        keys: str | Sequence[str] = (),
        throttle: Throttle | None = None,
        quota: Quota | None = None,
    ) -> None:
        self.name = name
        self.keys = several(keys)
        self.throttle = throttle
        self.quota = quota


class GatewayResponse:
    """What a REST API itself answers where no function is reached: a route that is not there, a key that is wrong.

    `body` is JSON, in which API Gateway's variables such as `$context.error.messageString` may stand; `headers` are
    literal. See "Gateway response types for API Gateway" for the names they go by.
    """

    __slots__ = ("body", "headers", "status")

    def __init__(
        self,
        status: int | None = None,
        *,
        body: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.body = body
        self.headers = {} if headers is None else headers

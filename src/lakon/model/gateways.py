"""HTTP APIs, REST APIs, function URLs. Ships into Lambda."""

from __future__ import annotations

from lakon.model.routes import HttpFrontDoor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias, TypedDict, Unpack

    from lakon.model.authorizers import Auth
    from lakon.model.balancers import LoadBalancer
    from lakon.model.function import FunctionOptions
    from lakon.model.functions import Functions
    from lakon.model.grants import Grant
    from lakon.model.http import Cache, Cors, Domain, GatewayResponse, Throttle, UsagePlan
    from lakon.model.origin import Origin
    from lakon.model.sockets import WebSocketApi

    class GatewayOptions(TypedDict):
        """What HTTP APIs and REST APIs have in common."""

        cors: Cors | None
        auth: Auth
        throttle: Throttle | None
        access_logs: bool
        domain: Domain | None
        stage_variables: Mapping[str, str]


class HttpGateway(HttpFrontDoor):
    """What HTTP APIs and REST APIs of API Gateway have in common."""

    __slots__ = ("access_logs", "auth", "domain", "stage_variables", "throttle")

    told = ("url",)

    def __init__(
        self,
        id: str,
        origin: Origin,
        service: Functions,
        scope: Mapping[str, object],
        options: FunctionOptions,
        *,
        cors: Cors | None,
        auth: Auth,
        throttle: Throttle | None,
        access_logs: bool,
        domain: Domain | None,
        stage_variables: Mapping[str, str],
    ) -> None:
        super().__init__(id, origin, service, scope, options, cors)
        self.auth = auth
        self.throttle = throttle
        self.access_logs = access_logs
        self.domain = domain
        self.stage_variables = stage_variables

    @property
    def arn(self) -> str:
        """The ARN of calls to the API, for use in a declaration."""
        return self._answer("arn")

    @property
    def call(self) -> Grant:
        """Call routes that `lakon.iam()` guards, with signed requests; tells the address."""
        from lakon.model.grants import Grant

        return Grant(self, "call")


class HttpApi(HttpGateway):
    """An HTTP API of API Gateway."""

    __slots__ = ()

    kind = "http_api"

    @property
    def url(self) -> str:
        """The API's address, without a slash at its end; inside Lambda from `<ID>_HTTP_API_URL`."""
        return self._answer("url")


class RestApi(HttpGateway):
    """A REST API of API Gateway."""

    __slots__ = (
        "binary",
        "cache",
        "endpoint",
        "policy",
        "responses",
        "streaming",
        "usage_plans",
        "validate",
        "vpc_endpoints",
    )

    kind = "rest_api"

    def __init__(
        self,
        id: str,
        origin: Origin,
        service: Functions,
        scope: Mapping[str, object],
        options: FunctionOptions,
        *,
        streaming: bool,
        validate: bool,
        usage_plans: tuple[UsagePlan, ...],
        cache: Cache | None,
        endpoint: str,
        vpc_endpoints: tuple[str, ...],
        policy: Mapping[str, object] | None,
        responses: Mapping[str, GatewayResponse],
        binary: tuple[str, ...],
        **common: Unpack[GatewayOptions],
    ) -> None:
        super().__init__(id, origin, service, scope, options, **common)
        self.streaming = streaming
        self.validate = validate
        self.usage_plans = usage_plans
        self.cache = cache
        self.endpoint = endpoint
        self.vpc_endpoints = vpc_endpoints
        self.policy = policy
        self.responses = responses
        self.binary = binary

    @property
    def url(self) -> str:
        """The API's address with its stage, without a slash at its end; inside Lambda from `<ID>_REST_API_URL`."""
        return self._answer("url")

    def _answered_cors(self) -> Cors | None:
        return self.cors


class FunctionUrl(HttpFrontDoor):
    """A function URL with routes: one function, and no API in front of it."""

    __slots__ = ()

    kind = "function_url"
    told = ("url",)

    @property
    def url(self) -> str:
        """The address, without a slash at its end; inside other functions from `<ID>_FUNCTION_URL_URL`."""
        return self._answer("url")

    @property
    def arn(self) -> str:
        """The ARN of the function behind it, for use in a declaration."""
        return self._answer("arn")

    @property
    def call(self) -> Grant:
        """Call it with signed requests, where its `auth` is `"iam"`; tells the address."""
        from lakon.model.grants import Grant

        return Grant(self, "call")


if TYPE_CHECKING:
    AnyApi: TypeAlias = HttpApi | RestApi | FunctionUrl | LoadBalancer | WebSocketApi

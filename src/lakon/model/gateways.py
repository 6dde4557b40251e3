"""Handles of what stands before functions: APIs, function URLs, load balancers. Ships into Lambda."""

from __future__ import annotations

from lakon.model.grants import Grant
from lakon.model.names import several
from lakon.model.origin import caller
from lakon.model.routes import FrontDoor, HttpFrontDoor, ListenerRule, SocketRoute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeAlias, TypedDict, Unpack

    from lakon.model.authorizers import Auth
    from lakon.model.cloudformation import CloudFormationResource
    from lakon.model.function import FunctionOptions
    from lakon.model.functions import Functions
    from lakon.model.http import Cache, Cors, Domain, GatewayResponse, Throttle, UsagePlan
    from lakon.model.origin import Origin
    from lakon.model.routes import Serve
    from lakon.model.stores import Bucket
    from lakon.runtime.http.connections import Connections

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
        return Grant(self, "call")


class LoadBalancer(HttpFrontDoor):
    """An Application Load Balancer whose targets are functions, or rules on a listener of one that exists already."""

    __slots__ = ("access_logs", "certificate", "domain", "internal", "listener", "security_groups", "subnets")

    kind = "load_balancer"
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
        subnets: tuple[str, ...],
        security_groups: tuple[str, ...],
        internal: bool,
        certificate: str | CloudFormationResource | None,
        domain: Domain | None,
        listener: str | None,
        access_logs: Bucket | None,
    ) -> None:
        super().__init__(id, origin, service, scope, options, cors)
        self.subnets = subnets
        self.security_groups = security_groups
        self.internal = internal
        self.certificate = certificate
        self.domain = domain
        self.listener = listener
        self.access_logs = access_logs

    @property
    def url(self) -> str:
        """The address, without a slash at its end; inside Lambda from `<ID>_LOAD_BALANCER_URL`."""
        return self._answer("url")

    @property
    def arn(self) -> str:
        """The load balancer's ARN, for use in a declaration."""
        return self._answer("arn")

    def rule(
        self,
        *,
        paths: str | Sequence[str] = (),
        methods: str | Sequence[str] = (),
        hosts: str | Sequence[str] = (),
        headers: Mapping[str, str | Sequence[str]] | None = None,
        query: Mapping[str, str] | None = None,
        addresses: str | Sequence[str] = (),
        priority: int | None = None,
    ) -> ListenerRule:
        """Requests that meet all the conditions, for `on=`; each condition is met by one of its values.

        `paths`, `hosts`, `headers` and `query` are patterns with `*` and `?`; `addresses` are blocks such as
        "192.0.2.0/24". Of several rules that fit, the one with the lowest `priority` (1 to 50,000) takes the request;
        without numbers, the order of the program holds. See "Listener rules for your Application Load Balancer".
        """
        return ListenerRule(
            self,
            caller(),
            paths=several(paths),
            methods=several(methods),
            hosts=several(hosts),
            headers={} if headers is None else headers,
            query={} if query is None else query,
            addresses=several(addresses),
            priority=priority,
        )

    def _answered_cors(self) -> Cors | None:
        return self.cors


class WebSocketApi(FrontDoor):
    """A WebSocket API of API Gateway."""

    __slots__ = ("_connections", "access_logs", "auth", "domain", "select", "stage_variables", "throttle")

    kind = "websocket_api"
    told = ("url", "endpoint")

    def __init__(
        self,
        id: str,
        origin: Origin,
        service: Functions,
        scope: Mapping[str, object],
        options: FunctionOptions,
        *,
        select: str,
        auth: Auth,
        throttle: Throttle | None,
        access_logs: bool,
        domain: Domain | None,
        stage_variables: Mapping[str, str],
    ) -> None:
        super().__init__(id, origin, service, scope, options)
        self.select = select
        self.auth = auth
        self.throttle = throttle
        self.access_logs = access_logs
        self.domain = domain
        self.stage_variables = stage_variables
        self._connections: Connections | None = None

    @property
    def url(self) -> str:
        """The address that clients connect to, `wss://...`; inside Lambda from `<ID>_WEBSOCKET_API_URL`."""
        return self._answer("url")

    @property
    def endpoint(self) -> str:
        """The address that messages to clients are posted to; inside Lambda from `<ID>_WEBSOCKET_API_ENDPOINT`."""
        return self._answer("endpoint")

    @property
    def arn(self) -> str:
        """The ARN of the API's connections, for use in a declaration."""
        return self._answer("arn")

    @property
    def manage(self) -> Grant:
        """Send to clients, close their connections, ask about them; the API's own function may without saying so."""
        return Grant(self, "manage")

    @property
    def connect(self) -> SocketRoute:
        """The route of new connections, which are refused by an answer of status 400 or more: `@chat.connect`."""
        return SocketRoute(self, "$connect", caller(), replies=False)

    @property
    def disconnect(self) -> SocketRoute:
        """The route of connections that have ended: `@chat.disconnect`."""
        return SocketRoute(self, "$disconnect", caller(), replies=False)

    @property
    def default(self) -> SocketRoute:
        """The route of messages that have no other: `@chat.default`."""
        return SocketRoute(self, "$default", caller(), replies=False)

    def message(self, key: str, *, replies: bool = False) -> SocketRoute:
        """The route of messages whose `select` gives `key`: a decorator, or a value for `on=`.

        With `replies` what the handler returns goes back to the client; without it only what is sent does.
        `key` may be `"$default"`, for replies to all messages that have no other route.
        """
        return SocketRoute(self, key, caller(), replies=replies)

    def send(self, connection_id: str, data: object) -> bool:
        """Send `data` to a client: text and bytes as they are, all else as JSON. False when the client is gone.

        Works in any function that says `uses=[chat.manage]`, and in the API's own. Raises `lakon.SendError` when
        API Gateway refuses.
        """
        return self._manager().send(connection_id, data)

    def close(self, connection_id: str) -> bool:
        """Close a connection. False when the client was gone. Raises `lakon.SendError` when API Gateway refuses."""
        return self._manager().close(connection_id)

    def connection(self, connection_id: str) -> Mapping[str, object] | None:
        """What API Gateway knows of a connection (`ConnectedAt`, `Identity`, `LastActiveAt`), or None when it is gone.

        Raises `lakon.SendError` when API Gateway refuses.
        """
        return self._manager().get(connection_id)

    def _manager(self) -> Connections:
        if self._connections is None:
            from lakon.runtime.http.connections import Connections

            self._connections = Connections(self.endpoint)
        return self._connections

    def _server(self) -> Serve:
        from lakon.runtime.http.sockets import sockets

        return sockets([(route.key, route.handler) for route in self.routes])


if TYPE_CHECKING:
    AnyApi: TypeAlias = HttpApi | RestApi | FunctionUrl | LoadBalancer | WebSocketApi

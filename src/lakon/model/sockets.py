"""WebSocket APIs, and their routes. Ships into Lambda."""

from __future__ import annotations

from lakon.model.grants import Grant
from lakon.model.origin import caller
from lakon.model.routes import FrontDoor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lakon.model.authorizers import Auth
    from lakon.model.function import FunctionOptions
    from lakon.model.functions import Functions
    from lakon.model.http import Domain, Throttle
    from lakon.model.origin import Origin
    from lakon.model.routes import Handler, Serve
    from lakon.runtime.http.connections import Connections


class SocketRoute:
    """A kind of message of a WebSocket API: a decorator and a trigger, as a `Route` is; made by `chat.message(...)`."""

    __slots__ = ("api", "handler", "key", "origin", "replies")

    def __init__(self, api: WebSocketApi, key: str, origin: Origin, *, replies: bool) -> None:
        self.api = api
        self.key = key
        self.origin = origin
        self.replies = replies
        self.handler: Callable[..., object] | None = None

    def __call__(self, handler: Handler) -> Handler:
        """Serve the messages by the API's own function."""
        self.handler = handler
        self.api.add(self)
        return handler

    def __repr__(self) -> str:
        return f"<route {self.key!r} of {self.api.id!r}>"


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

"""Application Load Balancers, and rules of their listeners. Ships into Lambda."""

from __future__ import annotations

from lakon.model.names import several
from lakon.model.origin import caller
from lakon.model.routes import HttpFrontDoor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lakon.model.cloudformation import CloudFormationResource
    from lakon.model.function import FunctionOptions
    from lakon.model.functions import Functions
    from lakon.model.http import Cors, Domain
    from lakon.model.origin import Origin
    from lakon.model.stores import Bucket


class ListenerRule:
    """Requests to a load balancer that meet conditions; made by `balancer.rule(...)`, for `on=`."""

    __slots__ = ("addresses", "balancer", "headers", "hosts", "methods", "origin", "paths", "priority", "query")

    def __init__(
        self,
        balancer: LoadBalancer,
        origin: Origin,
        *,
        paths: tuple[str, ...],
        methods: tuple[str, ...],
        hosts: tuple[str, ...],
        headers: Mapping[str, str | Sequence[str]],
        query: Mapping[str, str],
        addresses: tuple[str, ...],
        priority: int | None,
    ) -> None:
        self.balancer = balancer
        self.origin = origin
        self.paths = paths
        self.methods = methods
        self.hosts = hosts
        self.headers = headers
        self.query = query
        self.addresses = addresses
        self.priority = priority

    def __repr__(self) -> str:
        return f"<rule of {self.balancer.id!r}>"


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

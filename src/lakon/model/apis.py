"""Declaring front doors: the methods of `service` that make APIs, authorizers and sites. Ships into Lambda.

What they make is imported when it is first made: a service without APIs does not pay for them.
"""

from __future__ import annotations

import sys

from lakon.model.functions import Functions
from lakon.model.names import several
from lakon.model.origin import caller

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeVar, Unpack

    from lakon.model.authorizers import Auth
    from lakon.model.balancers import LoadBalancer
    from lakon.model.cloudformation import CloudFormationResource
    from lakon.model.function import FunctionOptions, Use
    from lakon.model.gateways import FunctionUrl, HttpApi, RestApi
    from lakon.model.http import Cache, Cors, Domain, GatewayResponse, Throttle, UsagePlan
    from lakon.model.sites import Site, SiteApi
    from lakon.model.sockets import WebSocketApi
    from lakon.model.stores import Bucket

    Handler = TypeVar("Handler", bound=Callable[..., object])


class Apis(Functions):
    """The front doors of a service."""

    __slots__ = ()

    def http_api(
        self,
        name: str,
        *,
        cors: Cors | None = None,
        auth: Auth = None,
        throttle: Throttle | None = None,
        access_logs: bool = True,
        domain: Domain | None = None,
        stage_variables: Mapping[str, str] | None = None,
        **options: Unpack[FunctionOptions],
    ) -> HttpApi:
        """An HTTP API of API Gateway: the fast and cheap one.

        `cors` is answered by API Gateway, for errors too. `auth` says who may call the routes that do not say it
        themselves: `lakon.jwt(...)`, `lakon.cognito(...)`, `lakon.iam()`, or an authorizer of this service.
        `throttle` holds for each route; without one, 1,000 a second and 2,000 at once. `access_logs` go to a log group
        of the API's own. `stage_variables` are what handlers find in `request.stage_variables`.

        `options` are those of `service.function`, for the API's own function: it serves the routes that stand before
        handlers, and mounted applications. It is named as the API. See "Amazon API Gateway HTTP APIs".
        """
        from lakon.model.gateways import HttpApi

        api = HttpApi(
            name,
            caller(),
            self,
            sys._getframe(1).f_globals,
            options,
            cors=cors,
            auth=auth,
            throttle=throttle,
            access_logs=access_logs,
            domain=domain,
            stage_variables={} if stage_variables is None else stage_variables,
        )
        self.apis.append(api)
        return api

    def rest_api(
        self,
        name: str,
        *,
        cors: Cors | None = None,
        auth: Auth = None,
        throttle: Throttle | None = None,
        access_logs: bool = True,
        domain: Domain | None = None,
        stage_variables: Mapping[str, str] | None = None,
        streaming: bool = False,
        validate: bool = False,
        usage_plans: UsagePlan | Sequence[UsagePlan] = (),
        cache: Cache | None = None,
        endpoint: str = "regional",
        vpc_endpoints: str | Sequence[str] = (),
        policy: Mapping[str, object] | None = None,
        responses: Mapping[str, GatewayResponse] | None = None,
        binary: str | Sequence[str] = "*/*",
        **options: Unpack[FunctionOptions],
    ) -> RestApi:
        """A REST API of API Gateway: the one with API keys, request validation, a cache and private endpoints.

        cors, auth, throttle, access_logs, domain, variables, options: as for `http_api`; CORS headers of answers are
        made by the API's own function, so a function with a route of its own (`on=`) makes them itself, as
        `lakon.http(handler, cors=...)` does.
        streaming: answers of the API's own function reach the client while they are made, beyond 10 MB, and for as long
        as the function's `timeout` allows instead of 29 seconds; they are not cached.
        validate: as a route's, for all routes. usage_plans: `lakon.UsagePlan(...)` with the keys that routes with
        `api_key=True` ask for. cache: `lakon.Cache(...)`.
        endpoint: `"regional"`, `"edge"` (behind AWS's own CloudFront) or `"private"` (reached through
        `vpc_endpoints`, ids of interface endpoints, alone). policy: a resource policy; without one a private API lets
        its endpoints call it.
        responses: what API Gateway itself answers, by the type of response:
        `{"MISSING_AUTHENTICATION_TOKEN": lakon.GatewayResponse(404, body={"title": "Not Found"})}`.
        binary: media types that are handed over as they are. See "API Gateway REST APIs".
        """
        from lakon.model.gateways import RestApi

        api = RestApi(
            name,
            caller(),
            self,
            sys._getframe(1).f_globals,
            options,
            cors=cors,
            auth=auth,
            throttle=throttle,
            access_logs=access_logs,
            domain=domain,
            stage_variables={} if stage_variables is None else stage_variables,
            streaming=streaming,
            validate=validate,
            usage_plans=several(usage_plans),
            cache=cache,
            endpoint=endpoint,
            vpc_endpoints=several(vpc_endpoints),
            policy=policy,
            responses={} if responses is None else responses,
            binary=several(binary),
        )
        self.apis.append(api)
        return api

    def function_url(
        self,
        name: str,
        *,
        auth: str = "iam",
        streaming: bool = False,
        cors: Cors | None = None,
        **options: Unpack[FunctionOptions],
    ) -> FunctionUrl:
        """A function with routes and an address of its own, without an API in front of it: the cheapest front door.

        auth, streaming, cors: as of `lakon.Url`, and for the whole of it. Its routes are matched by the function
        itself, so that none can have a function of its own. options: as of `service.function`.
        """
        from lakon.model.gateways import FunctionUrl
        from lakon.model.http import Url

        options["url"] = Url(auth=auth, streaming=streaming, cors=cors)
        api = FunctionUrl(name, caller(), self, sys._getframe(1).f_globals, options, cors)
        self.apis.append(api)
        return api

    def load_balancer(
        self,
        name: str,
        *,
        subnets: str | Sequence[str] = (),
        security_groups: str | Sequence[str] = (),
        internal: bool = False,
        certificate: str | CloudFormationResource | None = None,
        domain: Domain | None = None,
        listener: str | None = None,
        access_logs: Bucket | None = None,
        cors: Cors | None = None,
        **options: Unpack[FunctionOptions],
    ) -> LoadBalancer:
        """An Application Load Balancer with functions as targets.

        It stands in `subnets`, two or more, and carries `security_groups`; `internal` ones have no public address.
        With a `certificate`, or a `domain` that has one, it speaks HTTPS on port 443 and port 80 leads there; without
        it speaks HTTP. Or it is not made at all, and rules are added to the `listener`, by its ARN, of one that exists
        already. `access_logs` go to a bucket of the service. What no rule takes goes to the own function where there
        is one, and is answered 404 where there is none. `cors` is answered by the own function.
        options: as of `service.function`, for the own function, which matches its routes itself.
        See "Use Lambda functions as targets of an Application Load Balancer".
        """
        from lakon.model.balancers import LoadBalancer

        api = LoadBalancer(
            name,
            caller(),
            self,
            sys._getframe(1).f_globals,
            options,
            cors=cors,
            subnets=several(subnets),
            security_groups=several(security_groups),
            internal=internal,
            certificate=certificate,
            domain=domain,
            listener=listener,
            access_logs=access_logs,
        )
        self.apis.append(api)
        return api

    def websocket_api(
        self,
        name: str,
        *,
        select: str = "$request.body.action",
        auth: Auth = None,
        throttle: Throttle | None = None,
        access_logs: bool = True,
        domain: Domain | None = None,
        stage_variables: Mapping[str, str] | None = None,
        **options: Unpack[FunctionOptions],
    ) -> WebSocketApi:
        """A WebSocket API of API Gateway: clients stay connected, and any function may send to them.

        `select` is the route selection expression: where a message names its route. `auth` guards new connections:
        `lakon.iam()` or an authorizer of this service. The rest is as for `http_api`. The own function may
        `chat.send(...)` by itself, others say `uses=[chat.manage]`. See "API Gateway WebSocket APIs".
        """
        from lakon.model.sockets import WebSocketApi

        api = WebSocketApi(
            name,
            caller(),
            self,
            sys._getframe(1).f_globals,
            options,
            select=select,
            auth=auth,
            throttle=throttle,
            access_logs=access_logs,
            domain=domain,
            stage_variables={} if stage_variables is None else stage_variables,
        )
        uses: tuple[Use, ...] = several(options.get("uses", ()))
        options["uses"] = (*uses, api.manage)
        self.apis.append(api)
        return api

    def authorizer(
        self,
        *,
        name: str | None = None,
        kind: str = "request",
        answers: str = "simple",
        identity: str | Sequence[str] = "header.authorization",
        ttl: int = 300,
        **options: Unpack[FunctionOptions],
    ) -> Callable[[Handler], Handler]:
        """Declare the decorated `handler(request)` as a function that decides who may call; it is returned unchanged.

        It stands in `auth=` of an API or a route: `auth=check`. It returns whether to let the caller pass: True or
        False, or a dict, which lets it pass and is what handlers find in `request.auth`; or the answer of a Lambda
        authorizer in AWS's own words (with `policyDocument` or `isAuthorized`), which goes out as it is. Raising
        `lakon.HTTPError(401)` asks the caller to authenticate.

        name: as in `service.function`. kind: `"request"`, or `"token"` for REST APIs: the handler gets only the token,
        as the header `authorization`. answers: what an HTTP API is answered, `"simple"` or `"iam"`; REST and
        WebSocket APIs are always answered with an IAM policy.
        identity: what the caller brings, without which it is answered 401 before the function runs: `"header.NAME"`,
        `"query.NAME"`, `"context.NAME"`, `"variable.NAME"`; a `"token"` has one header.
        ttl: seconds, 0 to 3,600, that an answer holds for the same identity, on all routes that ask for it.
        options: as of `service.function`. See "Control access to HTTP APIs with AWS Lambda authorizers".
        """
        from lakon.model.authorizers import LambdaAuthorizer
        from lakon.model.code import AuthorizerHandler

        origin = caller()

        def declare(handler: Handler) -> Handler:
            named = str(getattr(handler, "__name__", "")) if name is None else name
            self._declare(AuthorizerHandler(handler), named, origin, options)
            self.authorizers.append(
                LambdaAuthorizer(
                    handler, named, origin, kind=kind, answers=answers, identity=several(identity), ttl=ttl
                )
            )
            return handler

        return declare

    def site(
        self,
        folder: str,
        *,
        name: str = "site",
        api: SiteApi | Sequence[SiteApi] = (),
        cdn: bool = True,
        index: str = "index.html",
        error: str | None = "404.html",
        clean_urls: bool = True,
        single_page: bool = False,
        cache: Mapping[str, str] | None = None,
        manifest: Mapping[str, object] | None = None,
        exclude: str | Sequence[str] = (),
        domain: Domain | None = None,
        keep: bool = False,
    ) -> Site:
        """A static site: the files of `folder`, which is relative to the program's file.

        They lie in a private bucket behind CloudFront, or, without `cdn`, in a public website bucket. `index` answers
        for folders, `error` for what is not there, where the folder has such a file. With `clean_urls`, `/about`
        answers from `about.html`; with `single_page`, every path without a file from `index`.
        `cache` maps patterns of paths to Cache-Control headers; otherwise pages are asked for anew each time, files
        with a hash in their name are kept for a year, and all else for an hour.
        `/manifest.json` tells pages the addresses of `api` under `"apis"`, and what `manifest` adds to it, in which
        attributes of handles may stand. `exclude` are patterns of files that stay at home. `keep` leaves the bucket
        and its files when the stack is deleted.
        """
        from lakon.model.sites import Site

        site = Site(
            name,
            caller(),
            folder,
            apis=several(api),
            cdn=cdn,
            index=index,
            error=error,
            clean_urls=clean_urls,
            single_page=single_page,
            cache={} if cache is None else cache,
            manifest={} if manifest is None else manifest,
            exclude=several(exclude),
            domain=domain,
            keep=keep,
        )
        self.sites.append(site)
        return site

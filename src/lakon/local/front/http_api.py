"""HTTP APIs of API Gateway. See "Working with HTTP APIs"."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from lakon.local.front import answers, cors, events
from lakon.local.front.functions import RefusedError
from lakon.local.front.gateway import MAX_EVENT, Gateway, new_trace
from lakon.local.front.refusals import Refusal, http
from lakon.local.front.requests import Answer, joined
from lakon.local.front.routing import Match, Routes

if TYPE_CHECKING:
    from lakon.local.front.access import AccessLog
    from lakon.local.front.events import Event
    from lakon.local.front.functions import Functions
    from lakon.local.front.plan import Guard, Plan
    from lakon.local.front.requests import Asked
    from lakon.local.front.tokens import Issuers


class HttpApiDoor(Gateway):
    """An HTTP API: payload format 2.0, its stage `$default`."""

    def __init__(self, plan: Plan, functions: Functions, issuers: Issuers, log: AccessLog | None) -> None:
        super().__init__(plan, functions, issuers, log)
        self._routes = Routes(plan.routes, strict=False)

    async def answer(self, asked: Asked) -> Answer:
        """Answer a request: preflights here, all else by the route's function."""
        rules = self.plan.cors
        if rules and (early := cors.preflight(rules, asked)):
            return early
        match = self._routes.find(asked.method, asked.path)
        try:
            answer = await self._answered(asked, match)
        except Refusal as refusal:
            answer = http(refusal)
        if rules:
            cors.allow(rules, asked, answer)
        answer.headers.append(("apigw-requestid", asked.id))
        return self.note(asked, answer, match.route if match else None)

    async def _answered(self, asked: Asked, match: Match | None) -> Answer:
        if match is None:
            raise Refusal("NOT_FOUND")
        route = match.route
        if len(asked.body) > self.max_body:
            raise Refusal("REQUEST_TOO_LARGE")
        trace = new_trace()
        event = self._event(asked, match, trace)
        if route.guard:
            arn = f"{self.plan.arn}/{asked.method}{asked.decoded_path}"
            asking = _Asking(self.plan, asked, match, event, trace, arn)
            passed = await self.guards.check(route.guard, route.scopes, asked, arn, asking.event)
            event["requestContext"]["authorizer"] = passed.version_2()
        if not self.passes(route.limit or self.plan.limit, route.key):
            raise Refusal("THROTTLED")
        if len(event.get("body", "")) > MAX_EVENT:
            raise Refusal("REQUEST_TOO_LARGE")
        try:
            outcome = await self.call(route.function, event, asked, trace)
        except RefusedError as error:
            raise Refusal("OVERLOADED" if error.throttled else "INTEGRATION_FAILURE") from error
        except TimeoutError as error:
            raise Refusal("INTEGRATION_TIMEOUT") from error
        if outcome.answer.error_type is not None:
            raise Refusal("INTEGRATION_FAILURE")
        try:
            return answers.version_2(outcome.answer.body)
        except answers.MalformedError as error:
            raise Refusal("INTEGRATION_FAILURE") from error

    def _event(self, asked: Asked, match: Match, trace: str) -> Event:
        return events.version_2(
            self.plan,
            asked,
            trace,
            route_key=match.route.key,
            path=asked.decoded_path,
            parameters={name: unquote(value) for name, value in match.parameters.items()},
            domain=asked.header("host") or "",
        )


class _Asking:
    """Makes the events of Lambda authorizers for one request."""

    def __init__(self, plan: Plan, asked: Asked, match: Match, event: Event, trace: str, arn: str) -> None:
        self._plan = plan
        self._asked = asked
        self._match = match
        self._event = event
        self._trace = trace
        self._arn = arn

    def event(self, guard: Guard, identity: list[str]) -> Event:
        """The event, in the payload format that belongs to the answers of the authorizer."""
        if guard.answers == "simple":
            rest = {name: value for name, value in self._event.items() if name not in ("body", "isBase64Encoded")}
            return {
                "version": "2.0",
                "type": "REQUEST",
                "routeArn": self._arn,
                "identitySource": identity or None,
                **{name: value for name, value in rest.items() if name != "version"},
            }
        event = events.version_1(
            self._plan,
            self._asked,
            self._trace,
            resource=self._match.route.path,
            path=self._asked.decoded_path,
            parameters=self._match.parameters,
            encoded=False,
            version="1.0",
        )
        source = ",".join(identity)
        told = {"type": "REQUEST", "methodArn": self._arn, "identitySource": source, "authorizationToken": source}
        plain = {"headers": joined(events.gateway_headers(self._asked, self._trace))}
        return {
            name: value for name, value in (event | told | plain).items() if name not in ("body", "isBase64Encoded")
        }

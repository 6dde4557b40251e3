"""REST APIs of API Gateway. See "API Gateway REST APIs"."""

from __future__ import annotations

import datetime
import fnmatch
import json
import re
from typing import TYPE_CHECKING

from lakon.local.front import answers, events, refusals
from lakon.local.front.functions import RefusedError
from lakon.local.front.gateway import MAX_EVENT, Gateway, new_trace
from lakon.local.front.refusals import Refusal
from lakon.local.front.requests import Answer, told
from lakon.local.front.routing import Match, Routes
from lakon.local.front.streaming import streamed

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakon.local.front.access import AccessLog
    from lakon.local.front.events import Event
    from lakon.local.front.functions import Functions
    from lakon.local.front.plan import Cors, Guard, Plan, Route, UsagePlan
    from lakon.local.front.requests import Asked, Pairs
    from lakon.local.front.tokens import Issuers
    from lakon.local.runs import Outcome

_VARIABLE = re.compile(r'"?\$context\.error\.messageString"?|\$context\.([A-Za-z.]+)')
_METHODS = "DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT"


class RestApiDoor(Gateway):
    """A REST API: payload format 1.0, below the name of its stage."""

    def __init__(self, plan: Plan, functions: Functions, issuers: Issuers, log: AccessLog | None) -> None:
        super().__init__(plan, functions, issuers, log)
        self._routes = Routes(plan.routes, strict=True)
        self._used: dict[tuple[str, str], int] = {}

    async def answer(self, asked: Asked) -> Answer:
        """Answer a request, by the route's function or by a gateway response."""
        stage, _, rest = asked.path[1:].partition("/")
        path = "/" + rest
        if stage != self.plan.stage:
            return self.note(asked, told(403, "Forbidden"), None)
        match = self._routes.find(asked.method, path)
        trace = new_trace()
        try:
            answer = await self._answered(asked, match, path, trace)
        except Refusal as refusal:
            answer = self._refused(asked, refusal)
        answer.headers += [("x-amzn-requestid", asked.id), ("x-amzn-trace-id", trace)]
        return self.note(asked, answer, match.route if match else None)

    async def _answered(self, asked: Asked, match: Match | None, path: str, trace: str) -> Answer:
        if match is None:
            raise Refusal("MISSING_AUTHENTICATION_TOKEN")
        route = match.route
        if not route.function and self.plan.cors:
            return _mocked(self.plan.cors, asked)
        if len(asked.body) > self.max_body:
            raise Refusal("REQUEST_TOO_LARGE")
        event = self._event(asked, match, path, trace)
        if route.guard:
            arn = f"{self.plan.arn}/{asked.method}{path}"
            passed = await self.guards.check(route.guard, route.scopes, asked, arn, _asking(event, arn))
            passed.put_into(event["requestContext"])
        self._admit(asked, route, event)
        _check_required(asked, route)
        if len(event["body"] or "") > MAX_EVENT:
            raise Refusal("REQUEST_TOO_LARGE")
        try:
            if route.streams:
                return await streamed(lambda sink: self.call(route.function, event, asked, trace, sink), _unstreamed)
            outcome = await self.call(route.function, event, asked, trace)
            if outcome.answer.error_type is not None:
                raise Refusal("INTEGRATION_FAILURE")
            return answers.version_1(outcome.answer.body, decodes=lambda: self._accepts_binary(asked))
        except RefusedError as error:
            raise Refusal("API_CONFIGURATION_ERROR" if error.throttled else "INTEGRATION_FAILURE") from error
        except TimeoutError as error:
            raise Refusal("INTEGRATION_TIMEOUT") from error
        except answers.MalformedError as error:
            raise Refusal("INTEGRATION_FAILURE") from error

    def _event(self, asked: Asked, match: Match, path: str, trace: str) -> Event:
        return events.version_1(
            self.plan,
            asked,
            trace,
            resource=match.route.path,
            path=path,
            parameters=match.parameters,
            encoded=self._is_binary(asked.header("content-type") or "application/json"),
        )

    def _admit(self, asked: Asked, route: Route, event: Event) -> None:
        """Throttles and API keys. A key is asked for by routes that say so; with it come the limits of its plan."""
        key = asked.header("x-api-key")
        found = next((each for each in self.plan.usage_plans if key in each.keys), None)
        if route.api_key:
            if found is None or key is None:
                raise Refusal("INVALID_API_KEY")
            event["requestContext"]["identity"] |= {"apiKey": key, "apiKeyId": key[:10]}
            self._count(found, key)
        if not self.passes(route.limit or self.plan.limit, route.key):
            raise Refusal("THROTTLED")

    def _count(self, plan: UsagePlan, key: str) -> None:
        if not self.passes(plan.limit, (plan.name, key)):
            raise Refusal("THROTTLED")
        today = datetime.datetime.now(datetime.UTC).date()
        week, day = today.isocalendar()[:2], today.isoformat()
        period = {"day": day, "week": str(week), "month": day[:7]}[plan.period.lower()]
        used = self._used[key, period] = self._used.get((key, period), 0) + 1
        if plan.quota is not None and used > plan.quota:
            raise Refusal("QUOTA_EXCEEDED")

    def _is_binary(self, content_type: str) -> bool:
        essence = content_type.partition(";")[0].strip().lower()
        return any(fnmatch.fnmatchcase(essence, each.lower()) for each in self.plan.binary)

    def _accepts_binary(self, asked: Asked) -> bool:
        """Whether the first type that the client accepts is a binary one of the API."""
        return self._is_binary((asked.header("accept") or "*/*").partition(",")[0]) or "*/*" in self.plan.binary

    def _refused(self, asked: Asked, refusal: Refusal) -> Answer:
        """A gateway response: the one that the program says for its type, or for all of its class, or AWS's own."""
        status, message = refusals.REST[refusal.kind]
        message = refusal.message or message
        said = self.plan.responses.get(refusal.kind) or self.plan.responses.get(f"DEFAULT_{status // 100}XX")
        headers: Pairs = [("content-type", "application/json"), ("x-amzn-errortype", _error_type(refusal.kind))]
        name = "Message" if refusal.kind == "ACCESS_DENIED" else "message"
        body = json.dumps({name: message}, separators=(",", ":"))
        if said:
            status = said.status or status
            headers += [(header.lower(), value) for header, value in said.headers.items()]
            if said.body is not None:
                known = {"requestId": asked.id, "stage": self.plan.stage, "error.responseType": refusal.kind}
                body = _filled(said.body, message, known)
        if self.plan.cors:
            headers += _cors_of_errors(self.plan.cors, asked)
        return Answer(status, headers, body.encode())


def _unstreamed(_: Outcome) -> Answer:
    """Where answers are to stream, what does not is none."""
    raise Refusal("INTEGRATION_FAILURE")


def _asking(event: Event, arn: str) -> Callable[[Guard, list[str]], Event]:
    """Makes the events of Lambda authorizers for one request."""

    def ask(guard: Guard, identity: list[str]) -> Event:
        if guard.token:
            return {"type": "TOKEN", "methodArn": arn, "authorizationToken": identity[0] if identity else ""}
        rest = {name: value for name, value in event.items() if name not in ("body", "isBase64Encoded")}
        return {"type": "REQUEST", "methodArn": arn, **rest}

    return ask


def _check_required(asked: Asked, route: Route) -> None:
    query = {name for name, _ in asked.parameters()}
    missing = [
        name
        for where, _, name in (each.partition(".") for each in route.requires)
        if (name not in query if where == "query" else asked.header(name.lower()) is None)
    ]
    if missing:
        raise Refusal("BAD_REQUEST_PARAMETERS", f"Missing required request parameters: [{', '.join(missing)}]")


def _mocked(cors: Cors, asked: Asked) -> Answer:
    """A preflight's answer without a function."""
    origin = asked.header("origin") or ""
    headers = [
        ("access-control-allow-methods", _METHODS if "*" in cors.methods else ",".join(cors.methods)),
        ("access-control-allow-headers", ",".join(cors.headers)),
        ("access-control-max-age", str(cors.max_age)),
    ]
    if cors.credentials:
        headers.append(("access-control-allow-credentials", "true"))
    if len(cors.origins) == 1:
        headers.append(("access-control-allow-origin", cors.origins[0]))
    elif origin in cors.origins:
        headers += [("access-control-allow-origin", origin), ("vary", "Origin")]
    return Answer(204, headers)


def _cors_of_errors(cors: Cors, asked: Asked) -> Pairs:
    """What lets a page of another origin read a gateway response: with several origins, the one that asks."""
    if len(cors.origins) == 1:
        headers = [("access-control-allow-origin", cors.origins[0])]
    else:
        headers = [("access-control-allow-origin", asked.header("origin") or ""), ("vary", "Origin")]
    if cors.credentials:
        headers.append(("access-control-allow-credentials", "true"))
    if cors.expose:
        headers.append(("access-control-expose-headers", ",".join(cors.expose)))
    return headers


def _filled(template: str, message: str | None, known: dict[str, str]) -> str:
    """The body of a gateway response: API Gateway's variables in it stand for what is so in this case."""

    def fill(variable: re.Match[str]) -> str:
        name = variable[1]
        if name is None:
            return json.dumps(message)
        return (message or "") if name == "error.message" else known.get(name, "")

    return _VARIABLE.sub(fill, template)


def _error_type(kind: str) -> str:
    return "".join([word.capitalize() for word in kind.split("_")]) + "Exception"

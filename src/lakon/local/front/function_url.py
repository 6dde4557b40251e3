"""Function URLs. See "Creating and managing Lambda function URLs"."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lakon.local.front import answers, cors, events
from lakon.local.front.functions import RefusedError
from lakon.local.front.gateway import Gateway, new_trace
from lakon.local.front.refusals import Refusal
from lakon.local.front.requests import Answer, told
from lakon.local.front.streaming import streamed

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from lakon.local.front.events import Event
    from lakon.local.front.requests import Asked
    from lakon.local.front.streaming import Sink
    from lakon.local.runs import Outcome

_MAX_BODY = 6 * 1024 * 1024


class FunctionUrlDoor(Gateway):
    """The address of one function: payload format 2.0, buffered or streamed."""

    max_body = _MAX_BODY

    async def answer(self, asked: Asked) -> Answer:
        """Answer a request: preflights here, all else by the function."""
        rules = self.plan.cors
        if rules and (early := cors.preflight(rules, asked)):
            return early
        answer = await self._answered(asked)
        if rules:
            cors.allow(rules, asked, answer)
        answer.headers.append(("x-amzn-requestid", asked.id))
        return answer

    async def _answered(self, asked: Asked) -> Answer:
        trace = new_trace()
        if len(asked.body) > self.max_body:
            return told(
                413, "Request must be smaller than 6291456 bytes for the InvokeFunction operation", name="Message"
            )
        event = events.version_2(
            self.plan,
            asked,
            trace,
            route_key="$default",
            path=asked.path,
            parameters={},
            domain=f"{self.plan.api_id}.lambda-url.{self.plan.region}.on.aws",
        )
        if "iam" in self.plan.guards:
            try:
                passed = await self.guards.check("iam", (), asked, "", lambda _guard, _identity: {})
            except Refusal:
                return told(403, "Forbidden", name="Message", headers=[("x-amzn-errortype", "AccessDeniedException")])
            event["requestContext"]["authorizer"] = passed.version_2()
        try:
            return await (self._streamed if self.plan.streaming else self._buffered)(event, asked, trace)
        except RefusedError as error:
            if not error.throttled:
                return told(502, "Internal Server Error")
            body = json.dumps({"Reason": str(error), "Type": "User", "message": "Rate Exceeded."}).encode()
            return Answer(429, [("content-type", "application/json")], body)

    async def _buffered(self, event: Event, asked: Asked, trace: str) -> Answer:
        return _whole(await self.call(self.plan.default or "", event, asked, trace))

    async def _streamed(self, event: Event, asked: Asked, trace: str) -> Answer:
        def call(sink: Sink) -> Awaitable[Outcome]:
            return self.call(self.plan.default or "", event, asked, trace, sink)

        try:
            return await streamed(call, _whole)
        except answers.MalformedError:
            return _failed()


def _whole(outcome: Outcome) -> Answer:
    """The answer of a function that has not streamed it."""
    if outcome.answer.error_type is not None:
        return _failed()
    try:
        return answers.version_2(outcome.answer.body)
    except answers.MalformedError:
        return _failed()


def _failed() -> Answer:
    return Answer(502, [("content-type", "application/json")], b"Internal Server Error")

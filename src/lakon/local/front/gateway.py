"""What HTTP APIs and REST APIs have in common: routes, guards, throttles, access logs, and calling the function."""

from __future__ import annotations

import json
import time
from random import getrandbits
from typing import TYPE_CHECKING

from lakon.local.front import throttle
from lakon.local.front.events import common_time
from lakon.local.front.guards import Guards
from lakon.local.front.plan import LONGEST

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable

    from lakon.local.front.access import AccessLog
    from lakon.local.front.events import Event
    from lakon.local.front.functions import Functions
    from lakon.local.front.plan import Limit, Plan, Route
    from lakon.local.front.requests import Answer, Asked
    from lakon.local.front.streaming import Sink
    from lakon.local.front.tokens import Issuers
    from lakon.local.runs import Outcome

MAX_BODY = 10 * 1024 * 1024
MAX_EVENT = 6 * 1024 * 1024


class Gateway:
    """The base of the doors that are API Gateway's."""

    max_body = MAX_BODY

    def __init__(self, plan: Plan, functions: Functions, issuers: Issuers, log: AccessLog | None) -> None:
        self.plan = plan
        self._functions = functions
        self._log = log
        self.guards = Guards(plan, functions, issuers)
        self._buckets: dict[object, throttle.Bucket] = {}

    async def answer(self, asked: Asked) -> Answer:
        """Answer a request."""
        raise NotImplementedError

    async def connect(self, asked: Asked, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:  # noqa: ARG002
        """Here no WebSockets are spoken."""
        await send({"type": "websocket.close", "code": 1000, "reason": None})

    def saved(self) -> None:
        """Nothing here is made of files."""

    def take_over(self, before: Gateway) -> None:
        """Go on with what the door that this one replaces has begun."""

    def passes(self, limit: Limit | None, of: object) -> bool:
        """Whether one more request is within the limit that holds for `of`."""
        if limit is None:
            return True
        bucket = self._buckets.get(of)
        if bucket is None:
            bucket = self._buckets[of] = throttle.Bucket(limit)
        return bucket.take()

    async def call(self, arn: str, event: Event, asked: Asked, trace: str, sink: Sink | None = None) -> Outcome:
        """Invoke a function with an event. RefusedError when it does not run, TimeoutError when it is too slow.

        A response that streams goes to `sink`; then only the function's own timeout holds.
        """
        body = json.dumps(event, separators=(",", ":")).encode()
        limit = self.plan.timeout if sink is None else LONGEST
        return await self._functions.call(arn, body, limit=limit, trace=trace, sink=sink, id=asked.id)

    def note(self, asked: Asked, answer: Answer, route: Route | None) -> Answer:
        """Write a line into the access log; the answer goes on."""
        if self._log:
            line = {
                **_common(asked, asked.id, str(answer.status)),
                "method": asked.method,
                "path": asked.path,
                "protocol": asked.protocol,
                "latency": str(int((time.time() - asked.time) * 1000)),
                "responseLength": str(len(answer.body)) if isinstance(answer.body, bytes) else "-",
                "route": route.key if route else "-",
            }
            self._log.write(line)
        return answer

    def note_event(self, asked: Asked, context: Event, status: str) -> None:
        """Write a line of a WebSocket API into the access log."""
        if self._log:
            line = {
                **_common(asked, context["requestId"], status),
                "connectionId": context["connectionId"],
                "event": context["eventType"],
                "route": context["routeKey"],
            }
            self._log.write(line)


def _common(asked: Asked, request_id: str, status: str) -> dict[str, str]:
    """What every line of an access log tells."""
    return {
        "requestId": request_id,
        "time": common_time(time.time()),
        "ip": asked.client,
        "userAgent": asked.header("user-agent") or "-",
        "status": status,
    }


def new_trace() -> str:
    """The X-Ray header that a request gets."""
    return f"Root=1-{int(time.time()):08x}-{getrandbits(96):024x}"

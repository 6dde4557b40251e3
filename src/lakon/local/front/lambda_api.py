"""Invoke of the Lambda API, on connections that the emulator passes on: functions run here, so it is answered here.

Only what needs nobody else: an invocation that is waited for, with nothing but an event. With any other request the
connection goes back, to be answered there. See "Invoke" of the Lambda API reference.
"""

from __future__ import annotations

import json
import re
import weakref
from typing import TYPE_CHECKING
from uuid import uuid4

from lakon.local.front.functions import RefusedError
from lakon.local.functions import Call
from lakon.local.inside.door import Door, failed
from lakon.local.inside.invoke_api import MAX_PAYLOAD, throttled
from lakon.local.inside.invoker import trace_header
from lakon.local.inside.passing import Passing

if TYPE_CHECKING:
    import asyncio
    import socket
    from collections.abc import Mapping

    from lakon.local.front.functions import Entry, Functions
    from lakon.local.inside.door import Asking, Done
    from lakon.local.runs import Outcome

_PATH = re.compile(r"/2015-03-31/functions/([\w-]+)/invocations", re.ASCII)
_CREDENTIAL = re.compile(r"AWS4-HMAC-SHA256 Credential=(?!ASIA)([^/]+)/\d{8}/([a-z0-9-]+)/lambda/")
_QUALIFIER = re.compile(r"\$LATEST|[\w-]+", re.ASCII)
_PAUSE = 0.01  # while the emulator does not keep up
_DEFAULT_ACCOUNT = "000000000000"
_MORE = frozenset({"x-amz-client-context", "x-amz-log-type", "x-amz-tenant-id", "x-amzn-requestid"})


class LambdaApi:
    """Answers on the connections that come by `ours`, one end of a Unix socket."""

    def __init__(self, loop: asyncio.AbstractEventLoop, functions: Functions, ours: socket.socket) -> None:
        self._closed = False
        self._loop = loop
        self._functions = functions
        self._asking: set[asyncio.Task[None]] = set()
        self._doors: weakref.WeakSet[Door] = weakref.WeakSet()
        self._passing = Passing(loop, ours, self._door)

    def close(self) -> None:
        """Hear no more; who waits for an answer still gets it."""
        self._closed = True
        self._passing.end()
        for door in list(self._doors):
            door.close()

    def _door(self, read: bytes) -> Door:
        door = Door(self._answer, self._leave, read)
        self._doors.add(door)
        return door

    def _leave(self, transport: asyncio.Transport, read: bytes, ended: bool) -> None:
        """Give a connection back, once the emulator keeps up. The other end sees for itself whether it has `ended`."""
        if self._passing.send(transport, read):
            return
        if self._closed:
            transport.abort()
        elif not transport.is_closing():
            self._loop.call_later(_PAUSE, self._leave, transport, read, ended)

    def _answer(self, asking: Asking, done: Done) -> None:
        arn = _plain(asking)
        if arn is None:
            done(None)
        elif (entry := self._functions.leased(arn)) is not None:
            self._invoke(asking, arn, entry, done)
        else:
            task = self._loop.create_task(self._ask(asking, arn, done))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    async def _ask(self, asking: Asking, arn: str, done: Done) -> None:
        try:
            entry = await self._functions.enter(arn)
        except RefusedError as refused:
            done(throttled(str(refused)).reply({"x-amzn-requestid": str(uuid4())}) if refused.throttled else None)
        except Exception as error:  # noqa: BLE001 - the connection must not hang
            done(failed(error))
        else:
            self._invoke(asking, arn, entry, done)

    def _invoke(self, asking: Asking, arn: str, entry: Entry, done: Done) -> None:
        if not entry.plain:
            self._functions.leave(entry)
            done(None)
            return
        function = entry.function
        trace = trace_header(asking.headers.get("x-amzn-trace-id", ""), active=function.tracing)
        call = Call(str(uuid4()), arn, asking.body or b"{}", trace_id=trace)

        def tell(outcome: Outcome) -> None:
            told = {
                "Content-Type": "application/json",
                "x-amzn-requestid": call.request_id,
                "X-Amzn-Trace-Id": trace,
                "X-Amz-Executed-Version": function.version,
            }
            if outcome.answer.error_type is not None:
                told["X-Amz-Function-Error"] = "Unhandled"
            done((200, told, outcome.answer.body))

        self._functions.invoke(entry, call, tell)


def _plain(asking: Asking) -> str | None:
    """The ARN of what is invoked with an event alone; None where more is said, or it may have to be refused."""
    path, headers, body, query = asking
    qualifier = _qualifier(query)
    match, credential = _PATH.fullmatch(path), _CREDENTIAL.match(headers.get("authorization", ""))
    waits = headers.get("x-amz-invocation-type", "RequestResponse") == "RequestResponse"
    if not (match and credential and waits) or qualifier is None or _MORE & headers.keys() or len(body) > MAX_PAYLOAD:
        return None
    try:
        json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return None
    key, region = credential.groups()
    account = key if len(key) == len(_DEFAULT_ACCOUNT) and key.isdecimal() else _DEFAULT_ACCOUNT
    return f"arn:aws:lambda:{region}:{account}:function:{match[1]}{qualifier}"


def _qualifier(query: Mapping[str, object]) -> str | None:
    match query:
        case {"Qualifier": [str(name)]} if len(query) == 1 and _QUALIFIER.fullmatch(name):
            return f":{name}"
        case _:
            return None if query else ""

"""The Runtime API as a state machine: whatever a runtime asks, in whatever order, gets the status of the table."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lakon.local.runtime_api import Ending, Invocation, RuntimeApi, State

from .hosting import Client, serving

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

BASE = "/2018-06-01/runtime"


class Runtime(RuleBasedStateMachine):
    """A runtime that obeys no order, and a host that hands it events whenever it is Ready."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.model = State.STARTED
        self.number = 0
        self.answered: tuple[bytes, bool] | None = None
        self.poller: Client | None = None
        self.run(self.open())

    async def open(self) -> None:
        self.api = RuntimeApi()
        self.server: AbstractAsyncContextManager[str] = serving(self.api)
        self.address = await self.server.__aenter__()
        self.client = await Client.connect(self.address)

    def run(self, work: object) -> object:
        assert asyncio.iscoroutine(work)
        return self.loop.run_until_complete(asyncio.wait_for(work, 10))

    def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, str]:
        async def asking() -> tuple[int, str]:
            status, told = await self.client.ask(method, f"{BASE}/{path}", body)
            return status, json.loads(told).get("errorType", "") if status >= 400 else ""

        answer = self.run(asking())
        assert isinstance(answer, tuple)
        return answer

    @property
    def request_id(self) -> str:
        return f"id-{self.number}"

    @rule()
    def next(self) -> None:
        if self.model is State.INIT_ERROR or self.model is State.READY:
            assert self.ask("GET", "invocation/next") == (403, "InvalidStateTransition")
        elif self.model is State.RUNNING:
            assert self.ask("GET", "invocation/next")[0] == 200
        else:
            self.run(self.poll())
            self.model = State.READY

    async def poll(self) -> None:
        self.poller = await Client.connect(self.address)
        await self.poller.send("GET", f"{BASE}/invocation/next")
        assert await self.api.ended is Ending.DONE
        if self.answered:
            body, failed = self.answered
            assert self.api.answer is not None
            assert (self.api.answer.body, self.api.answer.error_type is not None) == (body, failed)
            self.answered = None

    @precondition(lambda self: self.model is State.READY)
    @rule(payload=st.binary(max_size=50))
    def submit(self, payload: bytes) -> None:
        self.number += 1

        async def submitting() -> None:
            self.api.submit(Invocation(self.request_id, payload, "arn", 1))
            assert self.poller is not None
            assert await self.poller.receive() == (200, payload)
            await self.poller.close()

        self.run(submitting())
        self.model = State.RUNNING

    @rule(kind=st.sampled_from(["response", "error"]), body=st.binary(max_size=50), age=st.integers(0, 2))
    def answer(self, kind: str, body: bytes, age: int) -> None:
        path = f"invocation/id-{self.number - age}/{kind}"
        if self.model in (State.STARTED, State.INIT_ERROR):
            assert self.ask("POST", path, body) == (403, "InvalidStateTransition")
        elif age or self.model is State.READY:  # the id is looked at before the state
            assert self.ask("POST", path, body) == (400, "InvalidRequestID")
        elif self.model is State.RUNNING:
            assert self.ask("POST", path, body)[0] == 202
            self.model = State.RESPONSE_SENT
            self.answered = body, kind == "error"
        else:
            assert self.ask("POST", path, body) == (403, "InvalidStateTransition")

    @rule()
    def init_error(self) -> None:
        status, _ = self.ask("POST", "init/error", b"{}")
        assert status == (202 if self.model is State.STARTED else 403)
        if self.model is State.STARTED:
            self.model = State.INIT_ERROR

    @invariant()
    def agrees(self) -> None:
        assert self.api.state is self.model

    def teardown(self) -> None:
        async def close() -> None:
            await self.client.close()
            if self.poller:
                await self.poller.close()
            await self.server.__aexit__(None, None, None)

        self.run(close())
        self.loop.close()


TestStates = Runtime.TestCase
TestStates.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)

"""The Runtime API on the wire, without any client in between: statuses, headers, bodies, states, and hostile input."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakon.local.answers import MAX_PAYLOAD
from lakon.local.runtime_api import Ending, Invocation, RuntimeApi, State

from .hosting import Client, run, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

BASE = "/2018-06-01/runtime"
OK = (202, b'{"status":"OK"}\n')


@asynccontextmanager
async def connecting(
    *, snap_start: bool = False
) -> AsyncIterator[tuple[RuntimeApi, Callable[[], Coroutine[None, None, Client]]]]:
    api = RuntimeApi(snap_start=snap_start)
    clients: list[Client] = []
    async with serving(api) as address:

        async def connect() -> Client:
            clients.append(await Client.connect(address))
            return clients[-1]

        try:
            yield api, connect
        finally:
            for client in clients:
                await client.close()


def event(request_id: str = "id-1", *, trace_id: str = "", client_context: str = "", tenant_id: str = "") -> Invocation:
    return Invocation(
        request_id,
        b'{"a":1}',
        "arn:aws:lambda:x",
        1_700_000_000_123,
        trace_id=trace_id,
        client_context=client_context,
        tenant_id=tenant_id,
    )


async def refused(answer: tuple[int, bytes], status: int, error_type: str) -> None:
    assert answer[0] == status
    assert json.loads(answer[1])["errorType"] == error_type


def test_one_invocation() -> None:
    async def scenario() -> None:
        async with connecting() as (api, connect):
            client = await connect()
            await client.send("GET", f"{BASE}/invocation/next")
            assert await api.ended is Ending.DONE
            ended = api.submit(event(trace_id="Root=1", client_context='{"custom":{}}', tenant_id="t"))
            status, headers, body = await client.receive_all()
            assert (status, body) == (200, b'{"a":1}')
            del headers["content-length"]
            assert headers == {
                "content-type": "application/json",
                "lambda-runtime-aws-request-id": "id-1",
                "lambda-runtime-deadline-ms": "1700000000123",
                "lambda-runtime-invoked-function-arn": "arn:aws:lambda:x",
                "lambda-runtime-trace-id": "Root=1",
                "lambda-runtime-client-context": '{"custom":{}}',
                "lambda-runtime-aws-tenant-id": "t",
            }
            assert await client.ask("POST", f"{BASE}/invocation/id-1/response", b"[]") == OK
            assert not ended.done()  # it ends when the runtime asks for more
            await client.send("GET", f"{BASE}/invocation/next")
            assert await ended is Ending.DONE
            assert api.answer and (api.answer.body, api.answer.error_type) == (b"[]", None)

    run(scenario)


def test_states() -> None:
    async def scenario() -> None:
        async with connecting() as (api, connect):
            one, two = await connect(), await connect()
            respond, error = f"{BASE}/invocation/id-1/response", f"{BASE}/invocation/id-1/error"
            await refused(await one.ask("POST", respond), 403, "InvalidStateTransition")
            await one.send("GET", f"{BASE}/invocation/next")
            await api.ended
            await refused(await two.ask("GET", f"{BASE}/invocation/next"), 403, "InvalidStateTransition")
            await refused(await two.ask("POST", f"{BASE}/init/error"), 403, "InvalidStateTransition")
            api.submit(event())
            await one.receive()
            assert (await one.ask("GET", f"{BASE}/invocation/next"))[0] == 200  # the same event again
            for kind in ("response", "error"):
                await refused(await one.ask("POST", f"{BASE}/invocation/other/{kind}"), 400, "InvalidRequestID")
            assert await one.ask("POST", error, b"{}") == OK
            status, body = await one.ask("POST", respond)
            assert status == 403
            assert json.loads(body)["errorMessage"] == (
                "State transition from RuntimeResponseSentState to InvocationResponse failed for runtime. "
                "Error: State transition is not allowed"
            )
            await refused(await one.ask("POST", error), 403, "InvalidStateTransition")
            await one.send("GET", f"{BASE}/invocation/next")
            await api.ended
            api.submit(event("id-2"))
            await one.receive()
            await refused(await one.ask("POST", respond), 400, "InvalidRequestID")  # a replay

    run(scenario)


def test_init_error() -> None:
    async def scenario() -> None:
        async with connecting() as (api, connect):
            client = await connect()
            header = "Lambda-Runtime-Function-Error-Type: Runtime.ImportModuleError"
            assert await client.ask("POST", f"{BASE}/init/error", b'{"errorMessage":"no"}', header) == OK
            assert await api.ended is Ending.DONE
            assert api.state is State.INIT_ERROR
            assert api.answer and api.answer.error_type == "Runtime.ImportModuleError"
            await refused(await client.ask("GET", f"{BASE}/invocation/next"), 403, "InvalidStateTransition")

    run(scenario)


def test_unknown_paths_and_methods() -> None:
    async def scenario() -> None:
        async with connecting() as (_, connect):
            client = await connect()
            assert await client.ask("GET", "/2018-06-01/ping") == (200, b"pong")
            assert await client.ask("GET", f"{BASE}/restore/next") == (404, b"404 page not found\n")
            assert await client.ask("POST", f"{BASE}/restore/error") == (404, b"404 page not found\n")
            assert await client.ask("GET", "/nowhere") == (404, b"404 page not found\n")
            assert await client.ask("POST", f"{BASE}/invocation/next") == (405, b"")
            assert await client.ask("GET", f"{BASE}/invocation/id/response") == (405, b"")
            assert await client.ask("GET", f"{BASE}/init/error") == (405, b"")

    run(scenario)


@asynccontextmanager
async def running() -> AsyncIterator[tuple[RuntimeApi, Client]]:
    async with connecting() as (api, connect):
        client = await connect()
        await client.send("GET", f"{BASE}/invocation/next")
        await api.ended
        api.submit(event())
        await client.receive()
        yield api, client


@pytest.mark.parametrize(
    ("sent", "understood"),
    [
        ("Runtime.Oops", "Runtime.Oops"),
        ("Function.Oops", "Function.Oops"),
        ("Function.oops", "Function.Unknown"),
        ("unhandled", "Runtime.Unknown"),
    ],
)
def test_error_types_are_sanitised(sent: str, understood: str) -> None:
    async def scenario() -> None:
        async with running() as (api, client):
            header = f"lambda-runtime-FUNCTION-error-type: {sent}"
            assert await client.ask("POST", f"{BASE}/invocation/id-1/error", b"not json", header) == OK
            assert api.answer and api.answer.error_type == understood
            assert api.answer.body == b"not json"

    run(scenario)


def test_error_cause_is_not_shown_to_the_invoker() -> None:
    async def scenario() -> None:
        async with running() as (api, client):
            body = json.dumps({"errorMessage": "m", "errorType": "t", "errorCause": {"x": 1}}).encode()
            header = "Content-Type: application/vnd.aws.lambda.error.cause+json"
            assert await client.ask("POST", f"{BASE}/invocation/id-1/error", body, header) == OK
            assert api.answer and json.loads(api.answer.body) == {"errorMessage": "m", "errorType": "t"}

    run(scenario)


def test_sizes() -> None:
    async def scenario() -> None:
        for size, status in ((MAX_PAYLOAD, 202), (MAX_PAYLOAD + 1, 413)):
            async with running() as (api, client):
                answer = await client.ask("POST", f"{BASE}/invocation/id-1/response", b"x" * size)
                assert answer[0] == status
                assert (api.answer and len(api.answer.body) == size) or status == 413
                if status == 413:
                    assert api.answer and api.answer.error_type == "Function.ResponseSizeTooLarge"

    run(scenario)


def test_chunks_and_trailers() -> None:
    async def scenario() -> None:
        async with running() as (api, client):
            client.writer.write(
                f"POST {BASE}/invocation/id-1/response HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                "Lambda-Runtime-Function-Response-Mode: streaming\r\n"
                "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n\r\n"
                "4\r\npart\r\n0\r\n"
                "Lambda-Runtime-Function-Error-Type: Function.Broken\r\n"
                "Lambda-Runtime-Function-Error-Body: eyJlcnJvck1lc3NhZ2UiOiJ4In0=\r\n\r\n".encode()
            )
            assert await client.receive() == OK
            assert api.answer and api.answer.error_type == "Function.Broken"
            assert api.answer.body == b'{"errorMessage":"x"}'

    run(scenario)


def test_unknown_response_mode() -> None:
    async def scenario() -> None:
        async with running() as (api, client):
            header = "Lambda-Runtime-Function-Response-Mode: other"
            answer = await client.ask("POST", f"{BASE}/invocation/id-1/response", b"x", header)
            await refused(answer, 400, "InvalidFunctionResponseMode")
            assert api.answer and api.answer.error_type == "Runtime.InvalidResponseModeHeader"

    run(scenario)


def test_expect_continue_and_pipelining() -> None:
    async def scenario() -> None:
        async with running() as (_, client):
            head = f"POST {BASE}/invocation/id-1/response HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
            client.writer.write(f"{head}Expect: 100-continue\r\n\r\n".encode())
            assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            client.writer.write(b"{}" + b"GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n")
            assert [(await client.receive())[0] for _ in range(3)] == [202, 404, 404]

    run(scenario)


def test_next_of_a_client_that_went_away() -> None:
    async def scenario() -> None:
        async with connecting() as (api, connect):
            gone = await connect()
            await gone.send("GET", f"{BASE}/invocation/next")
            await api.ended
            gone.writer.close()
            await gone.writer.wait_closed()
            again = await connect()
            api.submit(event())
            assert (await again.ask("GET", f"{BASE}/invocation/next"))[0] == 200

    run(scenario)


def test_restore_from_a_snapshot() -> None:
    async def scenario() -> None:
        async with connecting(snap_start=True) as (api, connect):
            client = await connect()
            await refused(await client.ask("POST", f"{BASE}/restore/error"), 403, "InvalidStateTransition")
            assert await client.ask("GET", f"{BASE}/restore/next") == (200, b"")
            await refused(await client.ask("GET", f"{BASE}/restore/next"), 403, "InvalidStateTransition")
            await client.send("GET", f"{BASE}/invocation/next")
            assert await api.ended is Ending.DONE
        async with connecting(snap_start=True) as (api, connect):
            client = await connect()
            await client.ask("GET", f"{BASE}/restore/next")
            header = "Lambda-Runtime-Function-Error-Type: Runtime.AfterRestoreError"
            assert await client.ask("POST", f"{BASE}/restore/error", b"{}", header) == OK
            assert api.answer and api.answer.error_type == "Runtime.AfterRestoreError"
            await refused(await client.ask("GET", f"{BASE}/invocation/next"), 403, "InvalidStateTransition")

    run(scenario)


def test_too_large_is_refused_before_it_is_sent() -> None:
    async def scenario() -> None:
        async with running() as (api, client):
            client.writer.write(
                f"POST {BASE}/invocation/id-1/response HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                f"Content-Length: {MAX_PAYLOAD + 1}\r\n\r\n".encode()
            )
            status, headers, body = await client.receive_all()
            assert (status, headers["connection"]) == (413, "close")
            assert json.loads(body) == {
                "errorType": "RequestEntityTooLarge",
                "errorMessage": f"Exceeded maximum allowed payload size ({MAX_PAYLOAD} bytes).",
            }
            assert await client.reader.read() == b""
            assert api.answer and f"({MAX_PAYLOAD + 1} bytes)" in api.answer.body.decode()

    run(scenario)


@pytest.mark.parametrize("framing", ["Content-Length: 10\r\n\r\n12", "Transfer-Encoding: chunked\r\n\r\n4\r\n12"])
def test_truncated_request(framing: str) -> None:
    async def scenario() -> None:
        async with running() as (api, client):
            client.writer.write(f"POST {BASE}/invocation/id-1/response HTTP/1.1\r\nHost: x\r\n{framing}".encode())
            client.writer.write_eof()
            await refused(await client.receive(), 400, "TruncatedHTTPRequest")
            assert api.state is State.RUNNING  # it may ask again, and gets the same event

    run(scenario)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=200), min_size=1, max_size=5))
def test_hostile_input_never_harms_the_next_client(parts: list[bytes]) -> None:
    async def scenario() -> None:
        async with running() as (_, client):
            hostile = await asyncio.open_connection(*client.writer.get_extra_info("peername"))
            for part in parts:
                hostile[1].write(part)
            hostile[1].close()
            assert await client.ask("POST", f"{BASE}/invocation/id-1/response", b"{}") == OK

    run(scenario)

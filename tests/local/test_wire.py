"""Bytes that no runtime sends: the server neither breaks nor loses the next client's answer."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import pytest

from lakon.local.runtime_api import Invocation, RuntimeApi

from .hosting import Client, run, serving

if TYPE_CHECKING:
    from collections.abc import Callable

BASE = "/2018-06-01/runtime"
WHOLE = (
    f"GET {BASE}/nowhere HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
    f"POST {BASE}/invocation/other/response HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody".encode(),
    f"POST {BASE}/invocation/other/error HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    "Trailer: Lambda-Runtime-Function-Error-Type\r\n\r\n4\r\nbody\r\n0\r\n"
    "Lambda-Runtime-Function-Error-Type: Function.X\r\n\r\n".encode(),
    b"POST /2020-01-01/extension/register HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n{",
    b"PUT /2022-07-01/telemetry HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
)


def truncated(chance: random.Random) -> bytes:
    whole = chance.choice(WHOLE)
    return whole[: chance.randrange(len(whole))]


def flipped(chance: random.Random) -> bytes:
    data = bytearray(chance.choice(WHOLE))
    for _ in range(chance.randint(1, 8)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def pipelined(chance: random.Random) -> bytes:
    return b"".join(chance.choice(WHOLE) for _ in range(chance.randint(2, 40)))


def oversized(chance: random.Random) -> bytes:
    path = b"/" + b"x" * chance.choice((10, 100_000, 3_000_000))
    header = b"X-Big: " + b"y" * chance.choice((10, 100_000, 3_000_000))
    return b"GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n" % (path, header)


def binary(chance: random.Random) -> bytes:
    return chance.randbytes(chance.randint(1, 4000))


def lying(chance: random.Random) -> bytes:
    length = chance.choice(("-1", "99999999999999999999", "4, 5", "four", ""))
    size = chance.choice(("ffffffffffffffffff", "-4", "zz", ""))
    return chance.choice(
        (
            f"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\nbody".encode(),
            f"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{size}\r\nbody".encode(),
            b"POST /x HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"CONNECT /x HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET /x HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
            b"GET /x HTTP/9.9\r\n\r\n",
        )
    )


@pytest.mark.parametrize("hostile", [truncated, flipped, pipelined, oversized, binary, lying])
def test_hostile_input(hostile: Callable[[random.Random], bytes]) -> None:
    async def scenario() -> None:
        chance = random.Random(20_261_121)
        api = RuntimeApi()
        async with serving(api) as address:
            good = await Client.connect(address)
            for number in range(60):
                await good.send("GET", f"{BASE}/invocation/next")
                await api.ended
                ended = api.submit(Invocation(f"id-{number}", b"{}", "arn", 1))
                assert await good.receive() == (200, b"{}")
                await attack(address, hostile(chance), chance)
                answer = await good.ask("POST", f"{BASE}/invocation/id-{number}/response", str(number).encode())
                assert answer == (202, b'{"status":"OK"}\n')
                assert api.answer is not None and api.answer.body == str(number).encode()
                assert not ended.done()
            await good.close()

    run(scenario)


async def attack(address: str, data: bytes, chance: random.Random) -> None:
    """Send what no runtime would: at once or in pieces; wait for an answer, or hang up."""
    client = await Client.connect(address)
    pieces = (
        [data] if chance.random() < 0.5 or len(data) > 10_000 else [data[i : i + 7] for i in range(0, len(data), 7)]
    )
    try:
        for piece in pieces[:50]:
            client.writer.write(piece)
            await client.writer.drain()
            if len(pieces) > 1:
                await asyncio.sleep(0)
        if chance.random() < 0.5:
            client.writer.write_eof()
            await asyncio.wait_for(client.reader.read(), 5)  # the server hangs up by itself
    except OSError:
        pass  # it may hang up at any time
    finally:
        await client.close()

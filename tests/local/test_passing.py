"""Connections passed on by their descriptors."""

from __future__ import annotations

import subprocess
import sys

import pytest

SHORT_OF_DESCRIPTORS = """
import asyncio
import resource
import socket

from lakon.local.inside.passing import Passing


class Taken(asyncio.Protocol):
    def __init__(self, read):
        self.read = read

    def connection_made(self, transport):
        taken.set_result(self.read)


async def main():
    global taken
    loop = asyncio.get_running_loop()
    taken, ended = loop.create_future(), []
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    giver = Passing(loop, one, Taken)
    Passing(loop, other, Taken, lambda: ended.append(True))

    async def give(read):
        client, server = socket.socketpair()
        client.setblocking(False)
        transport, _ = await loop.create_connection(asyncio.Protocol, sock=server)
        return client, transport, read

    gone, *lost = await give(READ)
    _, *kept = await give(READ)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if len(READ) < 1024:
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
        assert giver.send(*lost)
        assert await loop.sock_recv(gone, 1) == b"", "the client is cut off"
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert not ended, "the other has not said that it takes no more"
    assert giver.send(*kept)
    assert await taken == READ
    giver.end()
    while not ended:
        await asyncio.sleep(0.01)


asyncio.run(asyncio.wait_for(main(), 20))
"""


@pytest.mark.parametrize("read", ["b'short'", "b'long' * 100_000"])
def test_who_has_no_descriptors_left_is_not_taken_for_gone(read: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"READ = {read}\n{SHORT_OF_DESCRIPTORS}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr

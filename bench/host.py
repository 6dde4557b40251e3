"""A program of its own: the Lambda host alone behind the address that AWS's emulator answers on, for the same client.

`python -m bench.host FOLDER HANDLER_ARCHIVE PYTHON` prints its port and serves until its standard input closes.
"""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from lakon.local.archives import Archives
from lakon.local.functions import Call, parse_function
from lakon.local.host import LambdaHost
from lakon.local.http import Body, HttpConnection, Reply, Request
from lakon.local.inside.pace import tune
from lakon.local.log_writer import LogWriter
from lakon.local.processes import ProcessGuard

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakon.local.functions import Function

_PAYLOAD = 6_291_556


class Front:
    """Answers every POST by one invocation of the function that its path names; all have the same code."""

    def __init__(self, host: LambdaHost, named: Callable[[str], Function]) -> None:
        self._host = host
        self._named = named

    def accept(self, request: Request) -> Body | Reply | None:
        """Every body is kept."""

    def handle(self, request: Request, connection: HttpConnection) -> Reply | None:
        """Invoke; the reply comes when the function has answered."""
        function = self._named(request.path.split("/")[3])
        arn = f"arn:aws:lambda:us-east-1:000000000000:function:{function.name}"
        call = Call(str(uuid.uuid4()), arn, request.body)
        self._host.submit(function, call, lambda outcome: connection.send(Reply(200, outcome.answer.body)))
        return None

    def truncated(self) -> Reply:
        """A client that breaks off."""
        return Reply(400)


def function(digest: str, runtime: str, handler: str, name: str) -> Function:
    """A function under test."""
    config = {"FunctionName": name, "Runtime": runtime, "Handler": handler, "Timeout": 60, "MemorySize": 512}
    message: dict[str, object] = {
        "config": config, "code": digest, "layers": [], "account": "000000000000", "region": "us-east-1"
    }  # fmt: skip
    return parse_function(message)


async def _serve(folder: Path, digest: str, runtime: str, handler: str) -> None:
    archives = Archives(folder)
    (folder / f"{digest}.zip").replace(archives.uploads / f"{digest}.zip")

    host = LambdaHost(archives, "http://127.0.0.1:9", LogWriter(), ProcessGuard())
    front, connections = Front(host, lru_cache(partial(function, digest, runtime, handler))), set[HttpConnection]()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: HttpConnection(front, connections, _PAYLOAD), "127.0.0.1", 0)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()
    await host.close()


if __name__ == "__main__":
    tune()
    uvloop.run(_serve(Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]))

"""Who calls: one connection that is kept, with as little work of its own as a caller can have."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

EVENT = b'"hello, world"'
"""What every function under test answers, byte for byte."""

_PATIENCE = 30.0


def warm(port: int, calls: int, name: str = "function") -> float:
    """The median seconds of one call over a connection that is kept. RuntimeError when another answer comes."""
    head = f"POST /2015-03-31/functions/{name}/invocations HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(EVENT)}\r\n\r\n"
    request = head.encode() + EVENT
    took = []
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(calls):
            begun = time.perf_counter()
            connection.sendall(request)
            _receive(connection)
            took.append(time.perf_counter() - begun)
    return median(took)


def parallel(port: int, callers: int, calls: int) -> float:
    """The seconds that one call takes of the whole, with so many callers at once."""
    with ThreadPoolExecutor(callers) as pool:
        begun = time.perf_counter()
        list(pool.map(lambda _: warm(port, calls // callers), range(callers)))
        return (time.perf_counter() - begun) / (calls // callers * callers)


def _receive(connection: socket.socket) -> None:
    answer = b""
    while not answer.endswith(EVENT):
        part = connection.recv(65536)
        answer += part
        head, found, body = answer.partition(b"\r\n\r\n")
        if not part or (found and len(body) >= len(EVENT) and body != EVENT) or not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"the function answered {answer!r}")

"""A Runtime API that does nothing of its own: what a call takes there is the function's own time."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from bench.clock import BrokenContender

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Launch:
    """How a function is started: a command in the folder of its code."""

    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]


class Api:
    """Takes one environment's requests, on one connection after the other."""

    def __init__(self, server: socket.socket) -> None:
        self._server = server
        self._connection: socket.socket | None = None
        self._rest = b""
        self._deadline = int((time.time() + 600) * 1000)

    def await_next(self) -> None:
        """Until the function asks for an event."""
        while self._request()[0] != "GET":
            self._send(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")

    def call(self, event: bytes) -> float:
        """The seconds from the event that was asked for to the whole answer."""
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(event)}\r\n"
        head += f"Lambda-Runtime-Aws-Request-Id: 1\r\nLambda-Runtime-Deadline-Ms: {self._deadline}\r\n"
        head += "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:000000000000:function:bench\r\n"
        told = f"{head}Lambda-Runtime-Trace-Id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700\r\n\r\n".encode() + event
        begun = time.perf_counter()
        self._send(told)
        method, path, body = self._request()
        took = time.perf_counter() - begun
        if method != "POST" or not path.endswith("/response"):
            raise BrokenContender(f"{method} {path}: {body[:500]!r}")
        self._send(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
        return took

    def close(self) -> None:
        """Break the connection."""
        if self._connection:
            self._connection.close()

    def _send(self, data: bytes) -> None:
        assert self._connection
        self._connection.sendall(data)

    def _request(self) -> tuple[str, str, bytes]:
        while b"\r\n\r\n" not in self._rest:
            self._read()
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:])
        method, path, _ = lines[0].split(" ")
        if headers.get("expect") == "100-continue":
            self._send(b"HTTP/1.1 100 Continue\r\n\r\n")
        if headers.get("transfer-encoding") == "chunked":
            return method, path, self._chunks()
        return method, path, self._exactly(int(headers.get("content-length", "0")))

    def _chunks(self) -> bytes:
        body = []
        while size := int(self._line(), 16):
            body.append(self._exactly(size + 2)[:-2])
        while self._line():
            pass
        return b"".join(body)

    def _line(self) -> str:
        while b"\r\n" not in self._rest:
            self._read()
        line, _, self._rest = self._rest.partition(b"\r\n")
        return line.decode()

    def _exactly(self, size: int) -> bytes:
        if len(self._rest) < size:
            assert self._connection
            whole = bytearray(size)
            at = len(self._rest)
            whole[:at] = self._rest
            view = memoryview(whole)
            while at < size:
                count = self._connection.recv_into(view[at:])
                if not count:
                    raise BrokenContender("the function broke off its answer")
                at += count
            self._rest = b""
            return bytes(whole)
        body, self._rest = self._rest[:size], self._rest[size:]
        return body

    def _read(self) -> None:
        while True:
            if self._connection is None:
                self._connection, _ = self._server.accept()
                self._connection.settimeout(_PATIENCE)
                self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            part = self._connection.recv(65536)
            if part:
                self._rest += part
                return
            self._connection.close()
            self._connection = None


@contextmanager
def running(launch: Launch) -> Iterator[Api]:
    """The function, started; nothing of it has been awaited."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(_PATIENCE)
        environment = {
            "PATH": os.environ["PATH"],
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.getsockname()[1]}",
            "AWS_LAMBDA_FUNCTION_NAME": "bench",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "LAMBDA_TASK_ROOT": str(launch.folder),
            **launch.environment,
        }
        process = subprocess.Popen(
            launch.command,
            cwd=launch.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # what it has started ends with it
        )
        api = Api(server)
        try:
            yield api
        except TimeoutError as error:
            raise BrokenContender(f"{' '.join(launch.command)} does not answer") from error
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            api.close()


def first_answer(launch: Launch, event: bytes) -> float:
    """The seconds from the start of the function to its first answer."""
    begun = time.perf_counter()
    with running(launch) as api:
        api.await_next()
        api.call(event)
        return time.perf_counter() - begun


def warm(launches: Mapping[str, Launch], event: bytes, calls: int, rounds: int) -> dict[str, float]:
    """The median seconds of a call of each, which take turns in rounds of so many calls."""
    took: dict[str, list[float]] = {name: [] for name in launches}
    for _ in range(rounds):
        for name, launch in launches.items():
            with running(launch) as api:
                for number in range(calls + 5):
                    api.await_next()
                    seconds = api.call(event)
                    if number >= 5:
                        took[name].append(seconds)
    return {name: median(each) for name, each in took.items()}

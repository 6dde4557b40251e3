"""A Lambda host inside the test, with the logs kept in memory instead of CloudWatch."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import stat
import time
import zipfile
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

import uvloop

from lakon.local.archives import Archives
from lakon.local.endpoint import Endpoint
from lakon.local.extensions_api import ExtensionsApi
from lakon.local.functions import Call, parse_function
from lakon.local.host import LambdaHost, Limits
from lakon.local.log_writer import LogWriter
from lakon.local.processes import ProcessGuard
from lakon.local.telemetry import Telemetry
from lakon.local.telemetry_api import TelemetryApi

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
    from pathlib import Path

    from lakon.local.functions import Function
    from lakon.local.log_writer import LogEvent, StreamName
    from lakon.local.runs import Outcome
    from lakon.local.runtime_api import RuntimeApi
    from lakon.local.streams import ResponseSink


class Logs:
    """Keeps what is written, by stream."""

    def __init__(self) -> None:
        self.streams: dict[str, list[str]] = {}

    @property
    def lines(self) -> list[str]:
        return [line for stream in self.streams.values() for line in stream]

    def put(self, stream: StreamName, events: Sequence[LogEvent]) -> None:
        self.streams.setdefault(stream.stream, []).extend(event["message"] for event in events)


def pack(files: Mapping[str, str | bytes]) -> bytes:
    """An archive; what begins with a hash-bang or is a binary can be executed."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            entry = zipfile.ZipInfo(name)
            mode = 0o755 if data.startswith((b"#!", b"\x7fELF")) else 0o644
            entry.external_attr = (stat.S_IFREG | mode) << 16
            archive.writestr(entry, data)
    return packed.getvalue()


@dataclass
class Hosting:
    host: LambdaHost
    archives: Archives
    logs: Logs
    writer: LogWriter
    made: list[str] = field(default_factory=list)

    def function(
        self,
        files: Mapping[str, str | bytes],
        *,
        layers: Sequence[Mapping[str, str | bytes]] = (),
        **config: object,
    ) -> Function:
        """A function as the plug would tell of it. `config` is what CreateFunction takes."""
        defaults = {"FunctionName": f"f-{uuid4().hex[:8]}", "Runtime": "python3.11", "Handler": "app.handler"}
        message = {
            "config": {**defaults, "Timeout": 10, **config},
            "code": self._store(files),
            "layers": [self._store(layer) for layer in layers],
            "account": "000000000000",
            "region": "eu-west-1",
        }
        return parse_function(message)

    async def call(
        self,
        function: Function,
        event: object = None,
        sink: ResponseSink | None = None,
        *,
        client_context: str = "",
        cognito_identity: str = "",
        trace_id: str = "",
        tenant_id: str = "",
    ) -> Outcome:
        call = self.calling(function, event)._replace(
            client_context=client_context, cognito_identity=cognito_identity, trace_id=trace_id, tenant_id=tenant_id
        )
        return await self.host.invoke(function, call, sink)

    def calling(self, function: Function, event: object = None, *, tail: bool = True) -> Call:
        """A call; who wants the `tail` of the log has the answer when the invocation is over."""
        arn = f"arn:aws:lambda:eu-west-1:000000000000:function:{function.name}"
        return Call(str(uuid4()), arn, json.dumps(event).encode(), tail=tail)

    async def ask(self, function: Function, event: object = None) -> object:
        """The answer of an invocation that must succeed."""
        outcome = await self.call(function, event)
        assert outcome.answer.error_type is None, (outcome.answer, outcome.log_tail)
        return json.loads(outcome.answer.body)

    async def fail(self, function: Function, event: object = None) -> dict[str, str]:
        """The error of an invocation that must fail."""
        outcome = await self.call(function, event)
        assert outcome.answer.error_type is not None, outcome
        told: dict[str, str] = json.loads(outcome.answer.body)
        return told

    async def written(self, condition: Callable[[list[str]], object]) -> list[str]:
        """All log lines, once `condition` holds for them."""
        await until(lambda: condition(self.logs.lines))
        return self.logs.lines

    def _store(self, files: Mapping[str, str | bytes]) -> str:
        data = pack(files)
        digest = hashlib.sha256(data).hexdigest()
        (self.archives.uploads / f"{digest}.zip").write_bytes(data)
        return digest


class Client:
    """One raw connection to an API."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, address: str) -> Client:
        host, _, port = address.partition(":")
        return cls(*await asyncio.open_connection(host, int(port)))

    async def close(self) -> None:
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()

    async def send(self, method: str, path: str, body: bytes = b"", *headers: str) -> None:
        lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *headers]
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        await self.writer.drain()

    async def receive(self) -> tuple[int, bytes]:
        status, _, body = await self.receive_all()
        return status, body

    async def receive_all(self) -> tuple[int, dict[str, str], bytes]:
        status = int((await self.reader.readline()).split()[1])
        headers = {}
        while line := (await self.reader.readline()).strip():
            name, _, value = line.decode().partition(": ")
            headers[name.lower()] = value
        body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return status, headers, body

    async def ask(self, method: str, path: str, body: bytes = b"", *headers: str) -> tuple[int, bytes]:
        await self.send(method, path, body, *headers)
        return await self.receive()


async def until(condition: Callable[[], object]) -> None:
    """Wait until something is true, for at most 20 seconds."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def hosting(folder: Path, limits: Limits | None = None) -> AsyncIterator[Hosting]:
    logs = Logs()
    writer = LogWriter(logs)
    guard = ProcessGuard()
    archives = Archives(folder)
    host = LambdaHost(archives, "http://127.0.0.1:1", writer, guard, limits)
    try:
        yield Hosting(host, archives, logs, writer)
    finally:
        await host.close()
        await asyncio.to_thread(writer.close)
        guard.close()


def run(scenario: Callable[[], Coroutine[None, None, None]], limit: float = 60) -> None:
    """Run an asynchronous test, for at most `limit` seconds."""

    async def limited() -> None:
        await asyncio.wait_for(scenario(), limit)

    uvloop.run(limited())  # as the supervisor does


@asynccontextmanager
async def serving(api: RuntimeApi) -> AsyncIterator[str]:
    """A Runtime API on a port of its own, without extensions; its address."""
    extensions = ExtensionsApi(
        [], {}, closed=lambda: False, progress=lambda: None, failed=lambda *_: None, registered=lambda: None
    )
    endpoint = Endpoint(api, extensions, TelemetryApi(extensions, Telemetry(), lambda: False, lambda *_: None))
    try:
        yield await endpoint.start()
    finally:
        await endpoint.close()

"""What subscribers of the Telemetry API get, over HTTP and TCP, and what is refused."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from lakon.local.extensions_api import ExtensionsApi
from lakon.local.http import Request
from lakon.local.telemetry import Buffering, Destination, Subscription, Telemetry
from lakon.local.telemetry_api import TelemetryApi

from .hosting import hosting, run, until

if TYPE_CHECKING:
    from pathlib import Path

# Subscribes over the protocol that it is named after, and writes down every batch it gets.
LISTENER = """#!/usr/bin/env python3
import http.client, http.server, json, os, socket, socketserver, threading
told, name = os.environ["TOLD"], os.path.basename(__file__)
def note(data):
    with open(told, "ab") as file:
        file.write(data + b"\\n")
class Batch(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        note(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
class Lines(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            note(b"[" + line.strip() + b"]")
if name == "http":
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Batch)
    destination = {"protocol": "HTTP", "URI": f"http://sandbox.localdomain:{server.server_address[1]}/here"}
else:
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Lines)
    destination = {"protocol": "TCP", "port": server.server_address[1]}
threading.Thread(target=server.serve_forever, daemon=True).start()
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
def ask(method, path, body=None, **headers):
    api.request(method, path, body, {"Lambda-Extension-" + key: value for key, value in headers.items()})
    answer = api.getresponse()
    answer.body = json.loads(answer.read() or b"null")
    return answer
events = json.dumps({"events": ["INVOKE", "SHUTDOWN"]})
answer = ask("POST", "/2020-01-01/extension/register", events, Name=name)
identifier = answer.getheader("Lambda-Extension-Identifier")
wanted = {"schemaVersion": "2022-07-01", "types": ["platform", "function", "extension"], "destination": destination,
          "buffering": {"maxItems": 1000, "maxBytes": 262144, "timeoutMs": 25}}
answer = ask("PUT", "/2022-07-01/telemetry", json.dumps(wanted), Identifier=identifier)
assert (answer.status, answer.body) == (200, "OK"), answer.body
print("listening", flush=True)
while ask("GET", "/2020-01-01/extension/event/next", Identifier=identifier).body["eventType"] != "SHUTDOWN":
    pass
"""
HANDLER = {"app.py": "def handler(event, context):\n    print('working')\n    return event\n"}


def read(told: Path) -> list[dict[str, object]]:
    batches = told.read_text().splitlines() if told.exists() else []
    return [event for batch in batches for event in json.loads(batch)]


@pytest.mark.parametrize("protocol", ["http", "tcp"])
def test_subscriber(tmp_path: Path, protocol: str) -> None:
    async def scenario() -> None:
        told = tmp_path / "told"
        async with hosting(tmp_path) as hosted:
            function = hosted.function(
                HANDLER, layers=[{f"extensions/{protocol}": LISTENER}], Environment={"Variables": {"TOLD": str(told)}}
            )
            await hosted.ask(function, 1)
            await until(lambda: any(event["type"] == "platform.report" for event in read(told)))
            assert f"TELEMETRY\tName: {protocol}\tState: Subscribed\tTypes: [platform, function, extension]" in (
                await hosted.written(lambda lines: any(line.startswith("TELEMETRY") for line in lines))
            )
        events = read(told)
        kinds = [str(event["type"]) for event in events]
        assert [kind for kind in kinds if kind.startswith("platform.")] == [
            "platform.initStart",
            "platform.telemetrySubscription",
            "platform.extension",
            "platform.initRuntimeDone",
            "platform.initReport",
            "platform.start",
            "platform.runtimeDone",
            "platform.report",
        ]
        assert {"function", "extension"} <= set(kinds)
        records = {str(event["type"]): event["record"] for event in events}
        assert (records["function"], records["extension"]) == ("working", "listening")
        report = records["platform.report"]
        assert isinstance(report, dict)
        assert report["status"] == "success"
        assert {"durationMs", "billedDurationMs", "memorySizeMB", "initDurationMs"} <= set(report["metrics"])
        assert all(str(event["time"]).endswith("Z") for event in events)

    run(scenario)


def test_what_is_not_taken_is_dropped_and_told() -> None:
    async def scenario() -> None:
        got: list[str] = []

        async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            got.extend(line.decode() for line in (await reader.read()).splitlines())
            writer.close()

        server = await asyncio.start_server(take, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        subscription = Subscription(["function"], Destination(port, None), Buffering(max_items=2))
        telemetry = Telemetry()
        telemetry.subscribe("one", subscription)
        telemetry.tell("platform.start", {})  # not subscribed to
        for number in range(2):  # nobody listens
            telemetry.tell("function", str(number))
        await asyncio.sleep(0.1)
        server = await asyncio.start_server(take, "127.0.0.1", port)
        telemetry.tell("function", "2")
        await telemetry.deliver()
        await telemetry.close()
        await until(lambda: len(got) == 2)
        server.close()
        dropped, kept = (json.loads(line) for line in got)
        assert dropped["type"] == "platform.logsDropped"
        assert dropped["record"]["droppedRecords"] == 2
        assert kept["record"] == "2"

    run(scenario)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"schemaVersion": "1999-01-01"}, "schemaVersion"),
        ({"types": []}, "types"),
        ({"types": ["everything"]}, "types"),
        ({"destination": {"protocol": "UDP"}}, "protocol"),
        ({"destination": {"protocol": "HTTP", "URI": "http://example.com:80"}}, "sandbox.localdomain"),
        ({"destination": {"protocol": "TCP", "port": 70000}}, "port"),
        ({"buffering": {"maxItems": 1}}, "maxItems"),
        ({"buffering": {"timeoutMs": "soon"}}, "timeoutMs"),
    ],
)
def test_requests_that_are_refused(change: dict[str, object], word: str) -> None:
    async def scenario() -> None:
        closed = False
        extensions = ExtensionsApi(
            [], {}, closed=lambda: False, progress=lambda: None, failed=lambda *_: None, registered=lambda: None
        )
        api = TelemetryApi(extensions, Telemetry(), lambda: closed, lambda *_: None)
        body: dict[str, object] = {"types": ["platform"], "destination": {"protocol": "TCP", "port": 9}}
        request = Request("PUT", "/2022-07-01/telemetry", body=json.dumps(body | change).encode())
        assert json.loads(api.handle(request).body)["errorType"] == "Extension.MissingExtensionIdentifier"
        register = Request("POST", "/2020-01-01/extension/register", {"lambda-extension-name": "x"}, b'{"events":[]}')
        extensions.register(register)
        [identifier] = extensions.extensions
        request.headers["lambda-extension-identifier"] = identifier
        refused = api.handle(request)
        told = json.loads(refused.body)
        assert (refused.status, told["errorType"]) == (400, "ValidationError")
        assert word in told["errorMessage"]
        closed = True
        assert json.loads(api.handle(request).body)["errorType"] == "Telemetry.SubscriptionClosed"

    run(scenario)

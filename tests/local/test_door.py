"""The connections of those who invoke, byte by byte: whatever comes on them is answered, by us or by the emulator."""

from __future__ import annotations

import json
import socket
import struct
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import boto3
    from mypy_boto3_lambda import LambdaClient

CREDENTIALS = "AWS4-HMAC-SHA256 Credential=test/20260101/{region}/lambda/aws4_request, SignedHeaders=host, Signature=0"


class Wire:
    """A connection to the emulator."""

    def __init__(self, client: LambdaClient) -> None:
        address = urlsplit(client.meta.endpoint_url)
        self._socket = socket.create_connection((address.hostname or "", address.port or 0), timeout=20)
        self._file = self._socket.makefile("rb")
        self._authorization = CREDENTIALS.format(region=client.meta.region_name)

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def reset(self) -> None:
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def head(self, line: str, *headers: str) -> bytes:
        return "\r\n".join(
            [f"{line} HTTP/1.1", "Host: x", f"Authorization: {self._authorization}", *headers, "", ""]
        ).encode()

    def invoke(self, name: str, body: bytes, *headers: str) -> bytes:
        length = f"Content-Length: {len(body)}"
        return self.head(f"POST /2015-03-31/functions/{name}/invocations", length, *headers) + body

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def receive(self) -> tuple[int, bytes]:
        status = int(self._file.readline().split()[1])
        length = 0
        while line := self._file.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        return status, self._file.read(length)

    def ended(self) -> bool:
        return self._file.read(1) == b""


@pytest.fixture
def wire(lambda_client: LambdaClient) -> Iterator[Wire]:
    opened = Wire(lambda_client)
    yield opened
    opened.close()


@pytest.fixture
def name(deploy: Callable[..., str]) -> str:
    return deploy("def handler(event, context):\n    return event\n")


def test_pieces_pipelines_and_the_end(wire: Wire, name: str) -> None:
    asked = wire.invoke(name, b'"one"')
    for byte in asked:
        wire.send(bytes([byte]))
    assert wire.receive() == (200, b'"one"')
    wire.send(wire.invoke(name, b'"two"') + wire.invoke(name, b'"three"'))
    assert [wire.receive(), wire.receive()] == [(200, b'"two"'), (200, b'"three"')]
    wire.send(wire.invoke(name, b'"four"', "Connection: close"))
    assert wire.receive() == (200, b'"four"')
    assert wire.ended()


def test_what_else_is_asked_is_the_emulators_to_answer(wire: Wire, name: str) -> None:
    wire.send(wire.invoke(name, b"1"))
    assert wire.receive() == (200, b"1")
    wire.send(wire.head(f"GET /2015-03-31/functions/{name}/configuration"))
    status, told = wire.receive()
    assert (status, json.loads(told)["FunctionName"]) == (200, name)
    wire.send(wire.invoke(name, b"2"))
    assert wire.receive() == (200, b"2")


def test_bodies_that_need_more_understanding(wire: Wire, name: str) -> None:
    path = f"POST /2015-03-31/functions/{name}/invocations"
    wire.send(wire.head(path, "Transfer-Encoding: chunked") + b'2\r\n"c\r\n2\r\nd"\r\n0\r\n\r\n')
    assert wire.receive() == (200, b'"cd"')


def test_no_request_at_all(wire: Wire) -> None:
    wire.send(b"nonsense\r\n\r\n")
    status, _ = wire.receive()
    assert status == 400


def test_refusals_keep_the_connection(wire: Wire, name: str) -> None:
    wire.send(wire.invoke("nobody", b"{}"))
    status, told = wire.receive()
    assert (status, b"Function not found" in told) == (404, True)
    wire.send(
        wire.head(f"POST /2015-03-31/functions/{name}/invocations?Qualifier=%24LATEST", "Content-Length: 1") + b"3"
    )
    assert wire.receive() == (200, b"3")
    wire.send(wire.head(f"POST /2015-03-31/functions/{name}/invocations?Qualifier=8", "Content-Length: 1") + b"3")
    assert wire.receive()[0] == 404


def test_what_was_read_goes_along(wire: Wire, name: str) -> None:
    long = json.dumps("x" * 300_000).encode()
    wire.send(wire.invoke(name, b"1"))
    assert wire.receive() == (200, b"1")
    wire.send(wire.invoke(name, long, "X-Amz-Log-Type: Tail"))
    assert wire.receive() == (200, long)
    wire.send(wire.head(f"GET /2015-03-31/functions/{name}/configuration") + wire.invoke(name, long))
    assert wire.receive()[0] == 200
    assert wire.receive() == (200, long)


def test_many_at_once(lambda_client: LambdaClient, name: str) -> None:
    wires = [Wire(lambda_client) for _ in range(60)]
    try:
        for body in (b"1", b"2"):
            for each in wires:
                each.send(each.invoke(name, body))
            assert [each.receive() for each in wires] == [(200, body)] * len(wires)
        for each in wires:
            each.send(each.head(f"GET /2015-03-31/functions/{name}/configuration"))
        assert {each.receive()[0] for each in wires} == {200}
    finally:
        for each in wires:
            each.close()


def test_lengths_that_nobody_means(wire: Wire, name: str) -> None:
    path = f"POST /2015-03-31/functions/{name}/invocations"
    wire.send(wire.invoke(name, b"1"))
    assert wire.receive() == (200, b"1")
    wire.send(wire.head(path, f"Content-Length: {'9' * 5000}"))
    assert wire.receive()[0] == 400


def test_who_resets_has_invoked(
    lambda_client: LambdaClient, deploy: Callable[..., str], shared_path: Path, wait_for: Callable[..., None]
) -> None:
    name = deploy(f"def handler(event, context):\n    open(f'{shared_path}/{{event}}', 'w').close()\n")
    lambda_client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=20)
    for number in range(10):
        wire = Wire(lambda_client)
        wire.send(wire.invoke(name, str(number).encode()))
        wire.reset()
    wait_for(lambda: len(list(shared_path.iterdir())) == 10)


def test_each_throttle_is_counted_once(
    session: boto3.Session, lambda_client: LambdaClient, wire: Wire, name: str, wait_for: Callable[..., None]
) -> None:
    metrics = session.client("cloudwatch", endpoint_url=lambda_client.meta.endpoint_url)

    def throttles() -> float:
        now = datetime.now(UTC)
        told = metrics.get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName="Throttles",
            Dimensions=[{"Name": "FunctionName", "Value": name}],
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(minutes=5),
            Period=3600,
            Statistics=["Sum"],
        )
        return sum(float(point["Sum"]) for point in told["Datapoints"])

    wire.send(wire.invoke(name, b"1"))
    assert wire.receive() == (200, b"1")
    lambda_client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    for _ in range(3):
        wire.send(wire.invoke(name, b"1"))
        assert wire.receive()[0] == 429
    wait_for(lambda: throttles() == 3)


def test_what_changes_beside_requests_is_seen(
    session: boto3.Session, lambda_client: LambdaClient, wire: Wire, wait_for: Callable[..., None]
) -> None:
    """A stack's work goes on after its request was answered; and not every request says what it is for."""
    stacks = session.client("cloudformation", endpoint_url=lambda_client.meta.endpoint_url)
    name = f"test-{uuid4().hex[:12]}"

    def template(number: int) -> str:
        code = {"ZipFile": f"def handler(event, context):\n    return {number}\n"}
        settings = {
            "FunctionName": name,
            "Runtime": "python3.11",
            "Handler": "index.handler",
            "Role": "arn:aws:iam::000000000000:role/x",
        }
        return json.dumps(
            {"Resources": {"F": {"Type": "AWS::Lambda::Function", "Properties": {**settings, "Code": code}}}}
        )

    def answer() -> tuple[int, bytes]:
        wire.send(wire.invoke(name, b"{}"))
        return wire.receive()

    stacks.create_stack(StackName=name, TemplateBody=template(1))
    stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    assert answer() == (200, b"1")
    stacks.update_stack(StackName=name, TemplateBody=template(2))
    wait_for(lambda: answer() == (200, b"2"))
    stacks.delete_stack(StackName=name)
    wait_for(lambda: answer()[0] == 404)

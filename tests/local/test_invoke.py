"""Functions under AWS's own Python client, called through boto3 on the embedded AWS."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from lakon import interpreters

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mypy_boto3_lambda import LambdaClient

ECHO = """
import os
def handler(event, context):
    return {
        "event": event,
        "environment": dict(os.environ),
        "pid": os.getpid(),
        "request": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "name": context.function_name,
        "memory": context.memory_limit_in_mb,
        "stream": context.log_stream_name,
        "left": context.get_remaining_time_in_millis(),
        "folder": os.getcwd(),
    }
"""


def call(client: LambdaClient, name: str, event: object = None) -> dict[str, object]:
    answer = client.invoke(FunctionName=name, Payload=json.dumps(event).encode())
    assert answer.get("FunctionError") is None, answer["Payload"].read()
    told: dict[str, object] = json.loads(answer["Payload"].read())
    return told


def environment_of(answer: dict[str, object]) -> dict[str, str]:
    found = answer["environment"]
    assert isinstance(found, dict)
    return found


def test_event_and_context(lambda_client: LambdaClient, deploy: Callable[..., str]) -> None:
    name = deploy(ECHO, Timeout=7, MemorySize=256)
    answer = call(lambda_client, name, {"né": [1, None, "x"]})
    assert answer["event"] == {"né": [1, None, "x"]}
    assert answer["name"] == name
    assert answer["arn"] == f"arn:aws:lambda:eu-west-1:000000000000:function:{name}"
    assert answer["memory"] == "256"
    assert isinstance(answer["left"], int) and 0 < answer["left"] <= 7000
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", str(answer["stream"]))


def test_environment_is_lambdas_and_not_the_hosts(lambda_client: LambdaClient, deploy: Callable[..., str]) -> None:
    variables = {"COLOUR": "a=b", "AWS_REGION_HINT": "x", "_HIDDEN": "dropped", "AWS_LAMBDA_FUNCTION_NAME": "no"}
    name = deploy(ECHO, Environment={"Variables": variables})
    answer = call(lambda_client, name)
    seen = environment_of(answer)
    assert seen["COLOUR"] == "a=b"
    assert "_HIDDEN" not in seen
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == name
    assert seen["AWS_REGION"] == seen["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert seen["AWS_LAMBDA_FUNCTION_VERSION"] == "$LATEST"
    assert seen["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.11"
    assert seen["AWS_LAMBDA_LOG_GROUP_NAME"] == f"/aws/lambda/{name}"
    assert seen["_HANDLER"] == "app.handler"
    assert seen["LAMBDA_TASK_ROOT"] == answer["folder"]
    assert seen["AWS_LAMBDA_RUNTIME_API"].startswith("127.0.0.1:")
    assert not {"PYTHONPATH", "VIRTUAL_ENV", "PYTEST_CURRENT_TEST", "PWD", "USER", "LAKON_CACHE"} & set(seen)


def test_boto3_inside_talks_to_the_embedded_aws(lambda_client: LambdaClient, deploy: Callable[..., str]) -> None:
    source = """
import boto3
def handler(event, context):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=event, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=event, Key="a", Body=b"inside")
    return s3.get_object(Bucket=event, Key="a")["Body"].read().decode()
"""
    name = deploy(source)
    answer = lambda_client.invoke(FunctionName=name, Payload=json.dumps(f"bucket-{name}").encode())
    assert answer["Payload"].read() == b'"inside"'


def test_warm_environments_are_reused(lambda_client: LambdaClient, deploy: Callable[..., str]) -> None:
    name = deploy(ECHO)
    assert len({str(call(lambda_client, name)["pid"]) for _ in range(5)}) == 1


def test_parallel_invocations_have_processes_of_their_own(
    lambda_client: LambdaClient, deploy: Callable[..., str]
) -> None:
    name = deploy("import os, time\ndef handler(event, context):\n    time.sleep(0.7)\n    return os.getpid()\n")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: lambda_client.invoke(FunctionName=name), range(8)))
    assert [answer.get("FunctionError") for answer in answers] == [None] * 8
    assert len({answer["Payload"].read() for answer in answers}) == 8


def test_new_code_and_new_configuration_retire_the_old_process(
    lambda_client: LambdaClient, deploy: Callable[..., str], archive: Callable[..., bytes]
) -> None:
    source = (
        "import os\ndef handler(event, context):\n    return {'v': %d, 'x': os.environ.get('X'), 'pid': os.getpid()}\n"
    )
    name = deploy(source % 1)
    first = call(lambda_client, name)
    lambda_client.update_function_code(FunctionName=name, ZipFile=archive({"app.py": source % 2}))
    second = call(lambda_client, name)
    lambda_client.update_function_configuration(FunctionName=name, Environment={"Variables": {"X": "set"}})
    third = call(lambda_client, name)
    assert (first["v"], second["v"], third["v"]) == (1, 2, 2)
    assert third["x"] == "set"
    assert len({str(answer["pid"]) for answer in (first, second, third)}) == 3


def test_layers_are_merged_the_later_over_the_earlier(
    lambda_client: LambdaClient, deploy: Callable[..., str], archive: Callable[..., bytes]
) -> None:
    arns = []
    for number, files in enumerate(
        (
            {"python/shared.py": "WHO = 'first'", "python/one.py": "N = 1"},
            {
                "python/shared.py": "WHO = 'second'",
                "python/lib/python3.11/site-packages/two.py": "N = 2",
                "bin/tool": "#!/bin/sh\necho tool\n",
            },
        )
    ):
        published = lambda_client.publish_layer_version(
            LayerName=f"layer-{number}", Content={"ZipFile": archive(files)}
        )
        arns.append(published["LayerVersionArn"])
    source = """
import subprocess
import one, two, shared
def handler(event, context):
    return [shared.WHO, one.N, two.N, subprocess.run(["tool"], capture_output=True, text=True).stdout]
"""
    name = deploy(source, Layers=arns)
    answer = lambda_client.invoke(FunctionName=name)
    assert json.loads(answer["Payload"].read()) == ["second", 1, 2, "tool\n"]


def test_published_version_keeps_its_code(
    lambda_client: LambdaClient, deploy: Callable[..., str], archive: Callable[..., bytes]
) -> None:
    source = (
        "def handler(event, context):\n    return [%d, context.function_version, context.invoked_function_arn[-2:]]\n"
    )
    name = deploy(source % 1)
    version = lambda_client.publish_version(FunctionName=name)["Version"]
    lambda_client.update_function_code(FunctionName=name, ZipFile=archive({"app.py": source % 2}))
    old = lambda_client.invoke(FunctionName=name, Qualifier=version)["Payload"].read()
    new = lambda_client.invoke(FunctionName=name)["Payload"].read()
    assert json.loads(old) == [1, version, f":{version}"]
    assert json.loads(new)[:2] == [2, "$LATEST"]


def test_large_payloads_pass_both_ways(lambda_client: LambdaClient, deploy: Callable[..., str]) -> None:
    name = deploy("def handler(event, context):\n    return event\n", Timeout=30)
    payload = json.dumps("x" * 5_900_000).encode()
    answer = lambda_client.invoke(FunctionName=name, Payload=payload)
    assert answer.get("FunctionError") is None
    assert answer["Payload"].read() == payload


def test_payload_beyond_the_limit_is_refused(lambda_client: LambdaClient, deploy: Callable[..., str]) -> None:
    name = deploy(ECHO)
    with pytest.raises(ClientError) as failure:
        lambda_client.invoke(FunctionName=name, Payload=json.dumps("x" * 6_300_000).encode())
    assert failure.value.response["Error"].get("Code") == "RequestEntityTooLargeException"


def test_client_context(lambda_client: LambdaClient, deploy: Callable[..., str]) -> None:
    name = deploy("def handler(event, context):\n    return context.client_context and context.client_context.custom\n")
    context = base64.b64encode(json.dumps({"custom": {"é": 1}}).encode()).decode()
    with_context = lambda_client.invoke(FunctionName=name, ClientContext=context)
    assert json.loads(with_context["Payload"].read()) == {"é": 1}
    assert lambda_client.invoke(FunctionName=name)["Payload"].read() == b"null"


def test_throttled_at_reserved_concurrency(lambda_client: LambdaClient, deploy: Callable[..., str]) -> None:
    name = deploy("def handler(event, context):\n    return 1\n")
    lambda_client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with pytest.raises(lambda_client.exceptions.TooManyRequestsException):
        lambda_client.invoke(FunctionName=name)


def test_payload_that_is_not_json(lambda_client: LambdaClient, deploy: Callable[..., str]) -> None:
    name = deploy(ECHO)
    with pytest.raises(lambda_client.exceptions.InvalidRequestContentException):
        lambda_client.invoke(FunctionName=name, Payload=b"{not json")


def test_log_tail(lambda_client: LambdaClient, deploy: Callable[..., str]) -> None:
    name = deploy("def handler(event, context):\n    print('spoken')\n")
    for cold in (True, False):
        answer = lambda_client.invoke(FunctionName=name, LogType="Tail")
        lines = base64.b64decode(answer["LogResult"]).decode().splitlines()
        request = answer["ResponseMetadata"]["RequestId"]
        assert request
        if cold:
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            assert lines.pop(0) == f"INIT_START Runtime Version: python:{version}"
        assert re.fullmatch(r"START RequestId: [0-9a-f-]{36} Version: \$LATEST", lines[0])
        assert lines[1] == "spoken"
        assert re.fullmatch(r"END RequestId: [0-9a-f-]{36}", lines[2])
        report = (
            r"REPORT RequestId: [0-9a-f-]{36}\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\t"
            r"(Max Memory Used: [1-9]\d* MB\t)?" + (r"Init Duration: [\d.]+ ms\t" if cold else "")
        )
        assert re.fullmatch(report, lines[3])


def test_asynchronous_invocation(lambda_client: LambdaClient, deploy: Callable[..., str]) -> None:
    source = """
import socket
def handler(event, context):
    socket.create_connection(("127.0.0.1", event)).close()
"""
    name = deploy(source)
    with socket.create_server(("127.0.0.1", 0)) as told:
        told.settimeout(20)
        port = str(told.getsockname()[1]).encode()
        answer = lambda_client.invoke(FunctionName=name, InvocationType="Event", Payload=port)
        assert answer["StatusCode"] == 202
        told.accept()[0].close()


def test_own_runtime_in_a_shell_script(lambda_client: LambdaClient, deploy: Callable[..., str]) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    script = """#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
while true; do
  body=$(curl -sS -D "${TMPDIR:-/tmp}/head" "$api/invocation/next")
  id=$(grep -i '^lambda-runtime-aws-request-id' "${TMPDIR:-/tmp}/head" | tr -d '\\r' | cut -d' ' -f2)
  echo "got $body"
  curl -sS -o /dev/null -d "{\\"echo\\": $body}" "$api/invocation/$id/response"
done
"""
    name = deploy({"bootstrap": script}, Runtime="provided.al2023", Handler="bootstrap")
    for number in (1, 2):
        answer = lambda_client.invoke(FunctionName=name, Payload=str(number).encode())
        assert json.loads(answer["Payload"].read()) == {"echo": number}


# What aws-lambda-go puts on the wire: one connection kept alive, every answer in chunks with trailers announced.
GO_BOOTSTRAP = """package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
)

const path = "/2018-06-01/runtime/invocation/"

func read(in *bufio.Reader) (status string, headers map[string]string, body []byte) {
	line, err := in.ReadString('\\n')
	if err != nil {
		os.Exit(1)
	}
	status = strings.Fields(line)[1]
	headers = map[string]string{}
	for {
		line, _ = in.ReadString('\\n')
		name, value, found := strings.Cut(strings.TrimSpace(line), ": ")
		if !found {
			break
		}
		headers[strings.ToLower(name)] = value
	}
	size, _ := strconv.Atoi(headers["content-length"])
	body = make([]byte, size)
	io.ReadFull(in, body)
	return
}

func main() {
	api := os.Getenv("AWS_LAMBDA_RUNTIME_API")
	connection, err := net.Dial("tcp", api)
	if err != nil {
		os.Exit(2)
	}
	in := bufio.NewReader(connection)
	for {
		fmt.Fprintf(connection, "GET %snext HTTP/1.1\\r\\nHost: %s\\r\\n\\r\\n", path, api)
		_, headers, event := read(in)
		fmt.Fprintf(connection, "POST %s%s/response HTTP/1.1\\r\\nHost: %s\\r\\nTransfer-Encoding: chunked\\r\\n"+
			"Trailer: Lambda-Runtime-Function-Error-Body,Lambda-Runtime-Function-Error-Type\\r\\n"+
			"Content-Type: application/json\\r\\n\\r\\n", path, headers["lambda-runtime-aws-request-id"], api)
		for _, part := range [][]byte{[]byte("["), event, []byte("]")} {
			fmt.Fprintf(connection, "%x\\r\\n%s\\r\\n", len(part), part)
		}
		fmt.Fprint(connection, "0\\r\\n\\r\\n")
		if status, _, _ := read(in); status != "202" {
			os.Exit(3)
		}
	}
}
"""


def test_go_sends_chunks_and_trailers(lambda_client: LambdaClient, deploy: Callable[..., str], tmp_path: Path) -> None:
    go = shutil.which("go")
    if go is None:
        pytest.skip("go is not installed")
    (tmp_path / "main.go").write_text(GO_BOOTSTRAP)
    (tmp_path / "go.mod").write_text("module bootstrap\n\ngo 1.21\n")
    static = os.environ | {"CGO_ENABLED": "0"}
    subprocess.run([go, "build", "-o", "bootstrap", "."], cwd=tmp_path, check=True, env=static)
    bootstrap = (tmp_path / "bootstrap").read_bytes()
    name = deploy({"bootstrap": bootstrap}, Runtime="provided.al2023", Handler="bootstrap")
    for size in (10, 100_000):
        event = json.dumps("g" * size)
        answer = lambda_client.invoke(FunctionName=name, Payload=event.encode())
        assert answer.get("FunctionError") is None
        assert answer["Payload"].read().decode() == f"[{event}]"


def test_python_version_that_is_not_installed(lambda_client: LambdaClient, deploy: Callable[..., str]) -> None:
    missing = [version for version in ("3.10", "3.12", "3.13", "3.14") if interpreters.find(version) is None]
    if not missing:
        pytest.skip("every Python is installed")
    source = "import sys\ndef handler(event, context):\n    return list(sys.version_info[:2])\n"
    name = deploy(source, Runtime=f"python{missing[0]}")
    answer = lambda_client.invoke(FunctionName=name, LogType="Tail")
    assert json.loads(answer["Payload"].read()) == list(sys.version_info[:2])
    tail = base64.b64decode(answer["LogResult"]).decode()
    assert f"Python {missing[0]} is not installed on this machine" in tail


def test_python_of_another_version(lambda_client: LambdaClient, deploy: Callable[..., str]) -> None:
    others = [version for version in ("3.10", "3.12", "3.13", "3.14") if interpreters.find(version) is not None]
    if not others:
        pytest.skip("no Python of another version is installed")
    source = "import sys\ndef handler(event, context):\n    return '%d.%d' % sys.version_info[:2]\n"
    name = deploy(source, Runtime=f"python{others[0]}")
    assert json.loads(lambda_client.invoke(FunctionName=name)["Payload"].read()) == others[0]

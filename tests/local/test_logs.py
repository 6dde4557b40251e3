"""What functions write, as CloudWatch Logs shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient


def messages(client: CloudWatchLogsClient, group: str) -> list[str]:
    try:
        streams = client.describe_log_streams(logGroupName=group)["logStreams"]
    except client.exceptions.ResourceNotFoundException:
        return []
    found = []
    for stream in streams:
        events = client.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True)
        found += [event["message"] for event in events["events"]]
    return found


def test_multi_line_records_stay_whole(
    lambda_client: LambdaClient,
    logs_client: CloudWatchLogsClient,
    deploy: Callable[..., str],
    wait_for: Callable[..., None],
) -> None:
    source = """
import logging, sys
def handler(event, context):
    logging.getLogger().warning("first\\nsecond\\n\\tthird")
    print("plain one")
    print("to stderr", file=sys.stderr)
    print("no end", end="")
    raise RuntimeError("broken")
"""
    name = deploy(source)
    lambda_client.invoke(FunctionName=name)
    wait_for(lambda: any(line.startswith("REPORT") for line in messages(logs_client, f"/aws/lambda/{name}")))
    lines = messages(logs_client, f"/aws/lambda/{name}")
    assert lines[0].startswith("INIT_START Runtime Version: python:")
    assert lines[1].startswith("START RequestId: ")
    [warning] = [line for line in lines if line.startswith("[WARNING]")]
    assert warning.endswith("first\nsecond\n\tthird")
    [error] = [line for line in lines if line.startswith("[ERROR]")]
    assert "RuntimeError: broken\nTraceback (most recent call last):" in error.replace("\xa0", " ")
    assert {"plain one", "to stderr", "no end"} <= set(lines)
    assert lines[-2].startswith("END RequestId: ")


def test_one_stream_per_environment_in_the_configured_group(
    lambda_client: LambdaClient,
    logs_client: CloudWatchLogsClient,
    deploy: Callable[..., str],
    wait_for: Callable[..., None],
) -> None:
    source = "def handler(event, context):\n    print(event)\n    return context.log_group_name\n"
    group = "shared/group"
    name = deploy(source, LoggingConfig={"LogGroup": group})
    for number in range(3):
        answer = lambda_client.invoke(FunctionName=name, Payload=str(number).encode())
        assert answer["Payload"].read() == b'"shared/group"'
    wait_for(lambda: {"0", "1", "2"} <= set(messages(logs_client, group)))
    assert len(logs_client.describe_log_streams(logGroupName=group)["logStreams"]) == 1


def test_json_format_and_level(
    lambda_client: LambdaClient,
    logs_client: CloudWatchLogsClient,
    deploy: Callable[..., str],
    wait_for: Callable[..., None],
) -> None:
    source = """
import logging
def handler(event, context):
    logging.getLogger().info("quiet")
    logging.getLogger().error("loud")
"""
    name = deploy(source, LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "ERROR"})
    lambda_client.invoke(FunctionName=name)
    wait_for(lambda: any('"loud"' in line for line in messages(logs_client, f"/aws/lambda/{name}")))
    assert not any("quiet" in line for line in messages(logs_client, f"/aws/lambda/{name}"))


def test_a_very_long_line_and_very_many_lines(
    lambda_client: LambdaClient,
    logs_client: CloudWatchLogsClient,
    deploy: Callable[..., str],
    wait_for: Callable[..., None],
) -> None:
    source = (
        "def handler(event, context):\n    print('x' * 600_000)\n    for n in range(3000):\n        print('line', n)\n"
    )
    name = deploy(source)
    lambda_client.invoke(FunctionName=name)
    group = f"/aws/lambda/{name}"

    def written() -> list[str]:
        pages = logs_client.get_paginator("filter_log_events").paginate(logGroupName=group)
        return [event["message"] for page in pages for event in page["events"]]

    wait_for(lambda: messages(logs_client, group))
    wait_for(lambda: any(line.startswith("REPORT") for line in written()))
    lines = written()
    assert sum(line.count("x") for line in lines if set(line) == {"x"}) == 600_000
    assert [line for line in lines if line.startswith("line")] == [f"line {n}" for n in range(3000)]

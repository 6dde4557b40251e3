"""How many invocations run at once, what is answered beyond that, and what is ready before it is needed."""

from __future__ import annotations

import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from lakon.local.inside.concurrency import Concurrency, Key, ThrottledError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mypy_boto3_lambda import LambdaClient

HOLD = """
import os, time
def handler(event, context):
    open(os.path.join(event, context.aws_request_id), "w").close()
    while not os.path.exists(os.path.join(event, "gate")):
        time.sleep(0.01)
    return os.getpid()
"""
KEY = Key("000000000000", "eu-west-1", "f")


def test_reserved_concurrency_is_all_a_function_has(
    lambda_client: LambdaClient, deploy: Callable[..., str], shared_path: Path, wait_for: Callable[..., None]
) -> None:
    name = deploy(HOLD, Timeout=30)
    version = lambda_client.publish_version(FunctionName=name)["Version"]
    lambda_client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=2)
    payload = json.dumps(str(shared_path))
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(lambda_client.invoke, FunctionName=name, Payload=payload)
        second = pool.submit(lambda_client.invoke, FunctionName=name, Qualifier=version, Payload=payload)
        wait_for(lambda: len(list(shared_path.iterdir())) == 2)
        for invoke in (lambda_client.invoke, lambda_client.invoke_with_response_stream):
            with pytest.raises(ClientError) as failure:
                invoke(FunctionName=name, Payload=payload)
            response = failure.value.response
            assert response["ResponseMetadata"]["HTTPStatusCode"] == 429
            assert response["Error"] == {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."}
            reason = "ReservedFunctionConcurrentInvocationLimitExceeded"
            assert (response.get("Reason"), response.get("Type")) == (reason, "User")
        (shared_path / "gate").touch()
        pids = {future.result()["Payload"].read() for future in (first, second)}
    assert len(pids) == 2
    assert lambda_client.invoke(FunctionName=name, Payload=payload)["StatusCode"] == 200


def test_the_account_has_a_thousand(lambda_client: LambdaClient) -> None:
    assert lambda_client.get_account_settings()["AccountLimit"]["ConcurrentExecutions"] == 1000


def test_a_thousand_at_once_and_no_more() -> None:
    concurrency = Concurrency(1000)
    with ExitStack() as held:
        for _ in range(1000):
            held.enter_context(concurrency.slot(KEY, None, lambda: 0))
        with pytest.raises(ThrottledError, match="ConcurrentInvocationLimitExceeded"):
            held.enter_context(concurrency.slot(KEY, None, lambda: 0))
        other = KEY._replace(region="eu-west-3")
        held.enter_context(concurrency.slot(other, None, lambda: 0))
    with concurrency.slot(KEY, None, lambda: 0):
        pass


def test_what_others_reserve_is_not_shared() -> None:
    concurrency = Concurrency(1000)
    reserving = KEY._replace(name="g")
    with ExitStack() as held:
        for _ in range(100):
            held.enter_context(concurrency.slot(KEY, None, lambda: 900))
        with pytest.raises(ThrottledError):
            held.enter_context(concurrency.slot(KEY, None, lambda: 900))
        held.enter_context(concurrency.slot(reserving, 1, lambda: 900))
        with pytest.raises(ThrottledError, match="ReservedFunctionConcurrentInvocationLimitExceeded"):
            held.enter_context(concurrency.slot(reserving, 1, lambda: 900))


def test_counting_from_many_threads_loses_nothing() -> None:
    concurrency, most, busy, lock = Concurrency(8), 0, 0, threading.Lock()

    def work(_: int) -> bool:
        nonlocal most, busy
        try:
            with concurrency.slot(KEY, None, lambda: 0):
                with lock:
                    busy += 1
                    most = max(most, busy)
                with lock:
                    busy -= 1
            return True
        except ThrottledError:
            return False

    with ThreadPoolExecutor(16) as pool:
        done = list(pool.map(work, range(5000)))
    assert sum(done) > 0 and most <= 8
    with ExitStack() as held:
        for _ in range(8):
            held.enter_context(concurrency.slot(KEY, None, lambda: 0))


PROVISIONED = """
import os
open(os.path.join(os.environ["SEEN"], str(os.getpid())), "w").close()
def handler(event, context):
    return [os.getpid(), os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]]
"""


def test_provisioned_concurrency_is_ready_before_it_is_needed(
    lambda_client: LambdaClient, deploy: Callable[..., str], shared_path: Path, wait_for: Callable[..., None]
) -> None:
    name = deploy(PROVISIONED, Environment={"Variables": {"SEEN": str(shared_path)}})
    version = lambda_client.publish_version(FunctionName=name)["Version"]
    lambda_client.create_alias(FunctionName=name, Name="live", FunctionVersion=version)

    def status() -> tuple[str, int]:
        config = lambda_client.get_provisioned_concurrency_config(FunctionName=name, Qualifier="live")
        return config["Status"], config["AvailableProvisionedConcurrentExecutions"]

    put = lambda_client.put_provisioned_concurrency_config(
        FunctionName=name, Qualifier="live", ProvisionedConcurrentExecutions=2
    )
    assert (put["Status"], put["RequestedProvisionedConcurrentExecutions"]) == ("IN_PROGRESS", 2)
    wait_for(lambda: status() == ("READY", 2))
    ready = {path.name for path in shared_path.iterdir()}
    assert len(ready) == 2
    answer = json.loads(lambda_client.invoke(FunctionName=f"{name}:live")["Payload"].read())
    assert str(answer[0]) in ready
    assert answer[1] == "provisioned-concurrency"
    lambda_client.delete_provisioned_concurrency_config(FunctionName=name, Qualifier="live")
    with pytest.raises(lambda_client.exceptions.ProvisionedConcurrencyConfigNotFoundException):
        status()
    with pytest.raises(lambda_client.exceptions.InvalidParameterValueException):
        lambda_client.put_provisioned_concurrency_config(
            FunctionName=name, Qualifier="$LATEST", ProvisionedConcurrentExecutions=1
        )


def test_provisioning_what_cannot_start_fails(
    lambda_client: LambdaClient, deploy: Callable[..., str], wait_for: Callable[..., None]
) -> None:
    name = deploy("raise ValueError('broken')\n")
    version = lambda_client.publish_version(FunctionName=name)["Version"]
    where = {"FunctionName": name, "Qualifier": version}
    lambda_client.put_provisioned_concurrency_config(**where, ProvisionedConcurrentExecutions=1)

    def config() -> dict[str, object]:
        return dict(lambda_client.get_provisioned_concurrency_config(**where))

    wait_for(lambda: config()["Status"] != "IN_PROGRESS")
    assert config()["Status"] == "FAILED"
    assert config()["StatusReason"]


def test_the_processes_of_a_deleted_function_end(
    lambda_client: LambdaClient, archive: Callable[..., bytes], wait_for: Callable[..., None]
) -> None:
    lambda_client.create_function(
        FunctionName="short-lived",
        Runtime="python3.11",
        Handler="app.handler",
        Role="arn:aws:iam::000000000000:role/test",
        Code={"ZipFile": archive({"app.py": "import os\ndef handler(event, context):\n    return os.getpid()\n"})},
    )
    pid = int(lambda_client.invoke(FunctionName="short-lived")["Payload"].read())
    assert _alive(pid)
    lambda_client.delete_function(FunctionName="short-lived")
    wait_for(lambda: not _alive(pid))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True

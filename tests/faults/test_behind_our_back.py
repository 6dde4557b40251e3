"""What others do meanwhile, credentials that end, a bucket that is emptied, and processes that are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from lakon.exceptions import CredentialsError, ProvisionError
from lakon.provision.session import Session

from .proxy import Fault
from .service import REGION

if TYPE_CHECKING:
    from collections.abc import Callable

    from .service import Ship


@pytest.fixture
def shipped(ship: Ship) -> Ship:
    """A stage with the first version."""
    one = ship.anew()
    one.put(one.first)
    return one


def number_of(ship: Ship, act: Callable[[], None], operation: str) -> int:
    """At which of its calls a command asks for an operation first."""
    ship.proxy.begin()
    act()
    calls = ship.proxy.calls
    ship.proxy.begin()
    return next(number for number, call in enumerate(calls) if operation in call)


def wanted(ship: Ship) -> object:
    """What the second version is when nothing disturbs."""
    other = ship.anew()
    other.put(other.second)
    return other.state()


def test_credentials_end_in_the_middle(shipped: Ship) -> None:
    for number in (0, 4, 8):
        shipped.proxy.begin(Fault(number, "expired", onwards=True))
        with pytest.raises(CredentialsError, match="has expired"):
            shipped.put(shipped.second)
    shipped.proxy.begin()
    shipped.put(shipped.second)
    assert shipped.state() == wanted(shipped)


def test_the_stack_is_deleted_by_hand(shipped: Ship) -> None:
    other = shipped.anew()
    other.put(other.first)
    at = number_of(other, lambda: other.put(other.second), "CreateChangeSet")
    aws = Session(shipped.target(past=True)).plain("cloudformation")

    def delete(number: int) -> None:
        if number == at:
            aws.delete_stack(StackName=shipped.name)
            aws.get_waiter("stack_delete_complete").wait(StackName=shipped.name, WaiterConfig={"Delay": 1})

    shipped.proxy.begin()
    shipped.proxy.disturb = delete
    with pytest.raises(ProvisionError):
        shipped.put(shipped.second)
    shipped.proxy.begin()
    shipped.put(shipped.second)
    assert shipped.state() == wanted(shipped)


def test_somebody_else_updates_the_stack_meanwhile(shipped: Ship) -> None:
    other = shipped.anew()
    other.put(other.first)
    at = number_of(other, lambda: other.put(other.second), "ExecuteChangeSet")
    aws = Session(shipped.target(past=True)).plain("cloudformation")

    def update(number: int) -> None:
        if number != at:
            return
        held = aws.describe_stacks(StackName=shipped.name)["Stacks"][0]
        aws.update_stack(
            StackName=shipped.name,
            TemplateBody='{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}',
            Tags=[*held["Tags"], {"Key": "other", "Value": "one"}],
        )
        aws.get_waiter("stack_update_complete").wait(StackName=shipped.name, WaiterConfig={"Delay": 1})

    shipped.proxy.begin()
    shipped.proxy.disturb = update
    try:
        shipped.put(shipped.second)
    except ProvisionError as error:
        assert "somebody else" in error.what
    shipped.proxy.begin()
    shipped.put(shipped.second)
    assert shipped.state() == wanted(shipped)


def test_the_bucket_is_emptied(shipped: Ship) -> None:
    s3 = Session(shipped.target(past=True)).plain("s3")
    build = shipped.first_build()
    shipped.put(shipped.second)
    for bucket in s3.list_buckets()["Buckets"]:
        for each in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", []):
            s3.delete_object(Bucket=bucket["Name"], Key=each["Key"])
    shipped.put(shipped.second)
    shipped.put(shipped.first)
    shipped.put(shipped.second)
    assert shipped.state() == wanted(shipped)
    assert build in shipped.builds(), "what was shipped since is known"


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_killed_and_run_again(ship: Ship, share: float) -> None:
    one, other = ship.anew(), ship.anew()
    one.proxy.begin()
    assert command(other).wait() == 0
    calls = len(one.proxy.calls)
    one.proxy.begin()
    killed = command(one)

    def kill(number: int) -> None:
        if number == int(calls * share):
            os.kill(killed.pid, signal.SIGKILL)

    one.proxy.disturb = kill
    assert killed.wait() == -signal.SIGKILL
    one.proxy.begin()
    for _ in range(20):  # CloudFormation goes on with what was begun
        again = command(one)
        if again.wait() == 0:
            break
        time.sleep(0.2)
    found, right = one.state(), other.state()
    found["change sets"] = []  # AWS removes those of the killed process when another is executed; the emulator does not
    assert found == right


def command(ship: Ship) -> subprocess.Popen[bytes]:
    """`lakon provision` as a process of its own, through the proxy."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAKON_STAGE"))}
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    arguments = ["--stage", ship.stage, "--region", REGION, "--endpoint-url", ship.proxy.url]
    return subprocess.Popen(
        [sys.executable, "-m", "lakon", "provision", *arguments],
        cwd=ship.first.root,
        env={**kept, **keys},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

"""What others do meanwhile: a stack that is deleted by hand or updated, a bucket that is emptied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lakon.exceptions import ProvisionError
from lakon.provision.session import Session

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


def test_the_stack_is_deleted_by_hand(shipped: Ship) -> None:
    other = shipped.anew()
    other.put(other.first)
    at = number_of(other, lambda: other.put(other.second), "CreateChangeSet")
    aws = Session(shipped.target(past=True)).plain("cloudformation")

    def delete(number: int) -> None:
        if number == at:
            aws.delete_stack(StackName=shipped.name)
            aws.get_waiter("stack_delete_complete").wait(StackName=shipped.name, WaiterConfig={"Delay": 0.05})

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
        aws.get_waiter("stack_update_complete").wait(StackName=shipped.name, WaiterConfig={"Delay": 0.05})

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

"""What a stack is: its state, its outputs and its resources, as CloudFormation tells them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lakon.exceptions import ProvisionError
from lakon.provision.session import CONNECTIONS, RefusedError
from lakon.synth.splitting import NESTED_STACKS, STACK

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mypy_boto3_cloudformation.type_defs import StackTypeDef

    from lakon.provision.session import Session


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of a stack. `physical_id` is None until it is made; `changed` is when its state last did."""

    logical_id: str
    physical_id: str | None
    resource_type: str
    state: str
    reason: str | None
    changed: datetime


@dataclass(frozen=True, slots=True)
class StackStatus:
    """A stack: its state ("UPDATE_COMPLETE"), times, what it was given, what it gives, and its resources."""

    name: str
    stack_id: str
    state: str
    reason: str | None
    created: datetime
    updated: datetime | None
    outputs: Mapping[str, str]
    exports: tuple[str, ...]
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    protected: bool
    resources: tuple[Resource, ...] = ()

    @property
    def in_progress(self) -> bool:
        """Whether CloudFormation is working on it; a stack that only waits for a review is not worked on."""
        return self.state.endswith("_IN_PROGRESS") and self.state != "REVIEW_IN_PROGRESS"


def find(session: Session, name: str) -> StackStatus | None:
    """The stack of that name or id without its resources; None when there is none, or no more."""
    try:
        answer = session.client("cloudformation").describe_stacks(StackName=name)
    except RefusedError as refused:
        if refused.code == "ValidationError" and "does not exist" in refused.what:
            return None
        raise
    stack = _read(answer["Stacks"][0])
    return None if stack.state == "DELETE_COMPLETE" else stack


def status(session: Session, name: str) -> StackStatus:
    """The stack of that name with its resources. ProvisionError when there is none."""
    stack = find(session, name)
    if stack is None:
        raise missing(session, name)
    return replace(stack, resources=resources(session, stack.stack_id))


def names(session: Session) -> tuple[str, ...]:
    """The names of all stacks there are."""
    pages = session.client("cloudformation").get_paginator("describe_stacks").paginate()
    return tuple(row["StackName"] for page in pages for row in page["Stacks"])


def resources(session: Session, name: str) -> tuple[Resource, ...]:
    """The resources of the stack of that name or id, in CloudFormation's order; those deleted are left out.

    In the place of the nested stacks into which Lakon split it stand their resources.
    """
    there = rows(session, name)
    ours = {each.logical_id: each.physical_id for each in there if each.physical_id and is_ours(each)}
    if not ours:
        return there
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        inside = dict(zip(ours, pool.map(lambda one: rows(session, one), ours.values()), strict=True))
    return tuple(one for each in there for one in inside.get(each.logical_id) or (each,))


def is_ours(resource: Resource) -> bool:
    """Whether a resource is a nested stack into which Lakon split a large one."""
    return resource.resource_type == STACK and resource.logical_id in NESTED_STACKS


def rows(session: Session, name: str) -> tuple[Resource, ...]:
    """The resources of the stack of that name or id alone, nested stacks among them."""
    pages = session.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=name)
    return tuple(
        Resource(
            logical_id=row["LogicalResourceId"],
            physical_id=row.get("PhysicalResourceId") or None,
            resource_type=row["ResourceType"],
            state=row["ResourceStatus"],
            reason=row.get("ResourceStatusReason") or None,
            changed=row["LastUpdatedTimestamp"],
        )
        for page in pages
        for row in page["StackResourceSummaries"]
        if row["ResourceStatus"] != "DELETE_COMPLETE"
    )


def missing(session: Session, name: str) -> ProvisionError:
    """The error that there is no such stack."""
    place = f"the embedded AWS in {session.region}" if session.local else session.region
    return ProvisionError(f"there is no stack {name} in {place}", hint=f"{session.command('provision')} makes it.")


def _read(row: StackTypeDef) -> StackStatus:
    return StackStatus(
        name=row["StackName"],
        stack_id=row.get("StackId", row["StackName"]),
        state=row["StackStatus"],
        reason=row.get("StackStatusReason") or None,
        created=row["CreationTime"],
        updated=row.get("LastUpdatedTime"),
        outputs={each["OutputKey"]: each["OutputValue"] for each in row.get("Outputs", ())},
        exports=tuple(each["ExportName"] for each in row.get("Outputs", ()) if each.get("ExportName")),
        parameters={each["ParameterKey"]: each.get("ParameterValue", "") for each in row.get("Parameters", ())},
        tags={each["Key"]: each["Value"] for each in row.get("Tags", ())},
        protected=row.get("EnableTerminationProtection", False),
    )

"""Drift: what of a stack is no longer as its template says, because somebody changed it beside CloudFormation."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from lakon.exceptions import ProvisionError
from lakon.provision.flipping import CODE_TAG, SOURCE_TAG
from lakon.provision.progress import Pace
from lakon.provision.status import is_ours, rows
from lakon.synth.splitting import NESTED_STACKS
from lakon.synth.stubs import SWITCHES, stubbed, triggers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_cloudformation.type_defs import (
        DescribeStackResourceDriftsOutputTypeDef,
        PropertyDifferenceTypeDef,
        StackResourceDriftTypeDef,
    )

    from lakon.provision.session import Session
    from lakon.report import Reporter

_AT_ONCE = 4  # detections
_CHECKED = ("IN_SYNC", "MODIFIED", "DELETED")
_OF_CODE = ("Code", "Handler", "Runtime")


@dataclass(frozen=True, slots=True)
class DriftedProperty:
    """One property: its path ("Environment.Variables.LEVEL"), what the template says and what is there.

    Texts as AWS tells them; None where there is nothing.
    """

    path: str
    expected: str | None
    actual: str | None


@dataclass(frozen=True, slots=True)
class DriftedResource:
    """A resource that was changed or deleted by hand, and what differs of it."""

    logical_id: str
    resource_type: str
    physical_id: str | None
    state: Literal["modified", "deleted"]
    properties: tuple[DriftedProperty, ...]


@dataclass(frozen=True, slots=True)
class Drift:
    """What has drifted of a stack, and the logical ids of the resources that AWS cannot check."""

    resources: tuple[DriftedResource, ...]
    unchecked: tuple[str, ...]


def detect(session: Session, name: str, reporter: Reporter) -> Drift:
    """Have CloudFormation look at every resource of the stack. ProvisionError when it cannot.

    It does not look into nested stacks by itself: those into which Lakon split the stack are looked at one by one.
    """
    members = rows(session, name)
    inside = [each.physical_id for each in members if is_ours(each) and each.physical_id]
    with reporter.step(f"looking for drift of {name}"), ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(pool.map(lambda stack: _detected(session, stack, name), (name, *inside)))
    drifted = tuple(each for part in found for each in part.resources if each.logical_id not in NESTED_STACKS)
    return Drift(drifted, tuple(each for part in found for each in part.unchecked if each not in NESTED_STACKS))


def without_flips(found: Drift, resources: Mapping[str, Mapping[str, object]]) -> Drift:
    """What was found without what `lakon flip` changes: stubs and their tags, and whether what calls them is on.

    `resources` are those of the stack's template.
    """
    stubs = stubbed(resources)
    switches = {name: SWITCHES[str(resources[name]["Type"])][0] for name in triggers(resources, stubs)}

    def flipped(resource: DriftedResource, each: DriftedProperty) -> bool:
        if resource.logical_id in stubs:
            return each.path.partition(".")[0] in _OF_CODE or _is_tag_of_flip(each)
        return each.path == switches.get(resource.logical_id)

    left = []
    for each in found.resources:
        by_hand = tuple(one for one in each.properties if not flipped(each, one))
        if by_hand or not each.properties:
            left.append(replace(each, properties=by_hand))
    return replace(found, resources=tuple(left))


def _is_tag_of_flip(each: DriftedProperty) -> bool:
    told = f"{each.path} {each.actual}"
    return each.path.startswith("Tags") and each.expected is None and (CODE_TAG in told or SOURCE_TAG in told)


def _detected(session: Session, stack: str, name: str) -> Drift:
    """The drift of one stack of those that `name` is split into."""
    cloudformation = session.client("cloudformation")
    detection = cloudformation.detect_stack_drift(StackName=stack)["StackDriftDetectionId"]
    pace = Pace(session)
    state = cloudformation.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
    while state["DetectionStatus"] == "DETECTION_IN_PROGRESS":
        pace.wait()
        state = cloudformation.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
    told = _rows(session, stack)
    found = tuple(_resource(row) for row in told if row["StackResourceDriftStatus"] in ("MODIFIED", "DELETED"))
    if state["DetectionStatus"] == "DETECTION_FAILED" and not found:
        raise ProvisionError(
            f"CloudFormation could not look for drift of {name}", detail=state.get("DetectionStatusReason")
        )
    checked = {row["LogicalResourceId"] for row in told if row["StackResourceDriftStatus"] in _CHECKED}
    return Drift(found, tuple(each.logical_id for each in rows(session, stack) if each.logical_id not in checked))


def _rows(session: Session, name: str) -> list[StackResourceDriftTypeDef]:
    describe = session.client("cloudformation").describe_stack_resource_drifts
    answer: DescribeStackResourceDriftsOutputTypeDef = describe(StackName=name)
    rows = [*answer["StackResourceDrifts"]]
    while token := answer.get("NextToken"):
        answer = describe(StackName=name, NextToken=token)
        rows += answer["StackResourceDrifts"]
    return rows


def _resource(row: StackResourceDriftTypeDef) -> DriftedResource:
    return DriftedResource(
        logical_id=row["LogicalResourceId"],
        resource_type=row["ResourceType"],
        physical_id=row.get("PhysicalResourceId"),
        state="modified" if row["StackResourceDriftStatus"] == "MODIFIED" else "deleted",
        properties=tuple(map(_property, row.get("PropertyDifferences", ()))),
    )


def _property(row: PropertyDifferenceTypeDef) -> DriftedProperty:
    """What was added has no value that is expected, and what was removed none that is there: AWS writes "null"."""
    return DriftedProperty(
        path=row["PropertyPath"].removeprefix("/").replace("/", "."),
        expected=None if row["DifferenceType"] == "ADD" else row["ExpectedValue"],
        actual=None if row["DifferenceType"] == "REMOVE" else row["ActualValue"],
    )

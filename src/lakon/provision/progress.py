"""Following an operation of CloudFormation to its end, event by event."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakon.report import ResourceEvent

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackEventTypeDef

    from lakon.provision.session import Session
    from lakon.report import Reporter


class Pace:
    """How long to wait between two questions; longer the longer nothing happens.

    Short against an emulator, 1 to 5 s on AWS.
    """

    def __init__(self, session: Session) -> None:
        self._first, self._last = (0.005, 0.2) if session.quick else (1.0, 5.0)
        self._pause = self._first

    def wait(self) -> None:
        """Wait, and be slower the next time."""
        time.sleep(self._pause)
        self._pause = min(self._pause * 1.5, self._last)

    def quicken(self) -> None:
        """Something happened: more may follow soon."""
        self._pause = self._first


@dataclass(frozen=True, slots=True)
class Ending:
    """How an operation ended: the stack's state, AWS's reason, and every event of the operation, oldest first."""

    state: str
    reason: str | None
    events: tuple[StackEventTypeDef, ...]


def follow(session: Session, stack_id: str, token: str, reporter: Reporter) -> Ending:
    """Report the events of the operation that was started with the client request token until the stack rests.

    An operation that somebody else begins on top of ours (a cancelled update, a deletion) is followed to its end, too.
    """
    pace = Pace(session)
    events: list[StackEventTypeDef] = []
    seen: set[str] = set()
    while True:
        for event in _news(session, stack_id, token, seen):
            pace.quicken()
            seen.add(event["EventId"])
            events.append(event)
            reporter.resource(_reported(event))
            if _rests(event):
                return Ending(event.get("ResourceStatus", ""), event.get("ResourceStatusReason"), tuple(events))
        pace.wait()


def running_token(session: Session, stack_id: str) -> str | None:
    """The client request token of the newest operation on the stack."""
    events = session.client("cloudformation").describe_stack_events(StackName=stack_id)["StackEvents"]
    return events[0].get("ClientRequestToken") if events else None


def _news(session: Session, stack_id: str, token: str, seen: set[str]) -> list[StackEventTypeDef]:
    """What was not seen yet of the operation, oldest first. AWS tells the newest first, over all operations."""
    found: list[StackEventTypeDef] = []
    begun = bool(seen)
    pages = session.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack_id)
    for page in pages:
        for event in page["StackEvents"]:
            ours = event.get("ClientRequestToken") == token
            begun = begun or ours
            if event["EventId"] in seen or (begun and not ours and not seen):
                return found[::-1]
            found.append(event)
        if not begun:
            return []
    return found[::-1]


def _rests(event: StackEventTypeDef) -> bool:
    whole = event.get("PhysicalResourceId") == event["StackId"]
    return whole and not event.get("ResourceStatus", "").endswith("_IN_PROGRESS")


def _reported(event: StackEventTypeDef) -> ResourceEvent:
    return ResourceEvent(
        logical_id=event.get("LogicalResourceId", ""),
        resource_type=event.get("ResourceType", ""),
        status=event.get("ResourceStatus", ""),
        reason=event.get("ResourceStatusReason") or None,
    )

"""Following an operation of CloudFormation to its end, event by event."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakon.provision.session import CONNECTIONS
from lakon.report import ResourceEvent
from lakon.synth.splitting import NESTED_STACKS, STACK

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from mypy_boto3_cloudformation.type_defs import StackEventTypeDef

    from lakon.provision.session import Session
    from lakon.report import Reporter


_EMBEDDED = re.compile(r"Embedded stack (arn:\S+) was not successfully")


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
    In the place of the nested stacks into which Lakon split the stack, what happens in them is reported.
    """
    pace = Pace(session)
    events: list[StackEventTypeDef] = []
    seen: set[str] = set()
    inside: dict[str, bool] = {}  # the nested stacks that are worked on, and whether they rest by now
    while True:
        news = _news(session, stack_id, token, seen)
        for event in news:
            pace.quicken()
            seen.add(event["EventId"])
            events.append(event)
            if nested := split_stack(event):
                inside[nested] = not event.get("ResourceStatus", "").endswith("_IN_PROGRESS")
            elif not _rests(event):
                reporter.resource(_reported(event))
        for event in _within(session, list(inside), events, seen):
            pace.quicken()
            reporter.resource(_reported(event))
        inside = {nested: rests for nested, rests in inside.items() if not rests}
        for event in news:
            if _rests(event):
                reporter.resource(_reported(event))
                return Ending(event.get("ResourceStatus", ""), event.get("ResourceStatusReason"), tuple(events))
        pace.wait()


def split_stack(event: StackEventTypeDef) -> str | None:
    """The id of the nested stack that an event is of, where it is one into which Lakon split a large stack."""
    ours = event.get("ResourceType") == STACK and event.get("LogicalResourceId") in NESTED_STACKS
    return nested_stack(event) if ours else None


def nested_stack(event: StackEventTypeDef) -> str | None:
    """The id of the nested stack that an event is of; where it could not be made, it is told in the reason alone."""
    told = _EMBEDDED.match(event.get("ResourceStatusReason", ""))
    return event.get("PhysicalResourceId") or (told[1] if told else None)


def _within(
    session: Session, stacks: Sequence[str], events: Sequence[StackEventTypeDef], seen: set[str]
) -> list[StackEventTypeDef]:
    """What is new of resources within nested stacks since the first of the events, oldest first."""
    if not stacks:
        return []
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        told = pool.map(lambda nested: events_since(session, nested, events[0]["Timestamp"], seen), stacks)
        fresh = [event for each in told for event in each]
    seen.update(event["EventId"] for event in fresh)
    fresh.sort(key=lambda event: event["Timestamp"])
    return [event for event in fresh if event.get("PhysicalResourceId") != event["StackId"]]


def events_since(
    session: Session, stack_id: str, began: datetime, seen: Collection[str] = ()
) -> list[StackEventTypeDef]:
    """The events of a stack since a moment, those that were seen left out, oldest first."""
    found: list[StackEventTypeDef] = []
    pages = session.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack_id)
    for page in pages:
        for event in page["StackEvents"]:
            if event["EventId"] in seen or event["Timestamp"] < began:
                return found[::-1]
            found.append(event)
    return found[::-1]


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

"""Reading CloudWatch Logs: several groups as one stream of lines in the order of time."""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lakon.provision.session import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_logs.type_defs import FilteredLogEventTypeDef

    from lakon.provision.session import Session

CALLS_PER_SECOND = 5  # what AWS grants FilterLogEvents in its smallest regions
LATENESS = 30_000  # ms by which a line may reach CloudWatch Logs later than one of a later time


@dataclass(frozen=True, slots=True, order=True)
class LogLine:
    """One event of a log: when it happened (UTC), the label of its group, its stream, and its text."""

    time: datetime
    group: str
    stream: str
    message: str


def read(
    session: Session, groups: Mapping[str, str], *, since: float, follow: bool, pattern: str | None
) -> Iterator[LogLine]:
    """The lines of the log groups (label -> name of the group) from `since` seconds ago on, in the order of time.

    With `follow` it goes on until Ctrl-C, which ends it quietly; only when it strikes while the caller handles a line
    does the caller see it. `pattern` is CloudWatch's filter pattern. A group that does not exist (yet) has no lines.
    """
    start = int((time.time() - since) * 1000)
    seen: dict[str, int] = {}
    try:
        yield from _new(session, groups, start, pattern, seen)
        while follow:
            time.sleep(0.1 if session.quick else max(1.0, len(groups) / CALLS_PER_SECOND))
            newest = min(max(seen.values(), default=0), int(time.time() * 1000))
            start = max(start, newest - LATENESS)
            for event_id in [event_id for event_id, moment in seen.items() if moment < start]:
                del seen[event_id]
            yield from _new(session, groups, start, pattern, seen)
    except KeyboardInterrupt:
        if not follow:
            raise


def _new(
    session: Session, groups: Mapping[str, str], start: int, pattern: str | None, seen: dict[str, int]
) -> Iterator[LogLine]:
    lines = (_lines(session, label, group, start, pattern, seen) for label, group in groups.items())
    return heapq.merge(*lines)


def _lines(
    session: Session, label: str, group: str, start: int, pattern: str | None, seen: dict[str, int]
) -> Iterator[LogLine]:
    pages = session.client("logs").get_paginator("filter_log_events")
    try:
        for page in pages.paginate(logGroupName=group, startTime=start, filterPattern=pattern or ""):
            for event in page["events"]:
                identity, moment = f"{group} {event.get('eventId')}", event.get("timestamp", start)
                if identity not in seen:
                    seen[identity] = moment
                    yield _read(label, event)
    except RefusedError as refused:
        if refused.code != "ResourceNotFoundException":
            raise


def _read(label: str, event: FilteredLogEventTypeDef) -> LogLine:
    return LogLine(
        time=datetime.fromtimestamp(event.get("timestamp", 0) / 1000, UTC),
        group=label,
        stream=event.get("logStreamName", ""),
        message=event.get("message", "").rstrip("\n"),
    )

"""Checks of what calls a function."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lakon.model.balancers import ListenerRule
from lakon.model.routes import Route
from lakon.model.sockets import SocketRoute
from lakon.model.triggers import BusEvents, ObjectEvents, QueueMessages, Schedule, TopicMessages
from lakon.synth.checks.documents import json_fault, pattern_fault
from lakon.synth.checks.mistakes import is_number, spelled
from lakon.synth.checks.schedules import ZONE, schedule_fault
from lakon.synth.checks.service import check_known

if TYPE_CHECKING:
    from lakon.model.function import Function
    from lakon.model.resources import Bucket, Queue, Topic
    from lakon.model.service import Service
    from lakon.synth.checks.mistakes import Mistakes

S3_EVENT = re.compile(r"s3:[A-Za-z]+(:[A-Za-z*]+)?")
MAX_KEY = 1024
PATTERN_KEYS = frozenset(
    ("account", "detail", "detail-type", "id", "region", "resources", "source", "time", "version", "$or")
)


def check_triggers(service: Service, mistakes: Mistakes) -> None:
    """Every trigger of every function, and S3 notifications that AWS would find ambiguous."""
    for function in service.functions:
        for trigger in function.on:
            match trigger:
                case ObjectEvents():
                    _check_object_events(service, function, trigger, mistakes)
                case QueueMessages():
                    _check_queue_messages(service, function, trigger, mistakes)
                case TopicMessages():
                    _check_topic_messages(service, function, trigger, mistakes)
                case Schedule():
                    _check_schedule(function, trigger, mistakes)
                case BusEvents():
                    _check_bus_events(service, function, trigger, mistakes)
                case Route() | SocketRoute() | ListenerRule():
                    pass  # the checks of front doors look at it
                case _:
                    _check_stranger(function, trigger, mistakes)
        _check_repeated(function, mistakes)
    _check_overlaps(service, mistakes)


def _check_stranger(function: Function, trigger: object, mistakes: Mistakes) -> None:
    hint = "a trigger is made by a handle, as photos.created() or jobs.messages(), or by lakon.every, cron, at, event"
    mistakes.add(function.origin, f"on= of {function.name!r} has {trigger!r}, which is no trigger", hint)


def _check_object_events(service: Service, function: Function, trigger: ObjectEvents, mistakes: Mistakes) -> None:
    check_known(service, function, "is called by", trigger.bucket, mistakes)
    mistakes.unless(
        trigger.bucket.owned,
        function.origin,
        f"{function.name!r} is called by the existing bucket {trigger.bucket.id!r}",
        "only the stack that owns a bucket can set its notifications: turn on its EventBridge notifications and use "
        'lakon.event(source="aws.s3", detail_type="Object Created", detail={"bucket": {"name": ["..."]}})',
    )
    mistakes.unless(
        bool(trigger.events) and all(spelled(S3_EVENT, name) for name in trigger.events),
        function.origin,
        f"{function.name!r} is called by the S3 events {trigger.events!r}",
        'S3 names its events as in "s3:ObjectCreated:Put"',
    )
    mistakes.text(function.origin, f"prefix of {trigger.bucket.id!r}", trigger.prefix, MAX_KEY)
    mistakes.text(function.origin, f"suffix of {trigger.bucket.id!r}", trigger.suffix, MAX_KEY)


def _check_queue_messages(service: Service, function: Function, trigger: QueueMessages, mistakes: Mistakes) -> None:
    queue, origin = trigger.queue, function.origin
    check_known(service, function, "is called by", queue, mistakes)
    batch = mistakes.within(origin, f"batch of {queue.id!r}", trigger.batch, 1, 10 if queue.fifo else 10_000)
    window = mistakes.within(origin, f"window of {queue.id!r} in seconds", trigger.window, 0, 0 if queue.fifo else 300)
    mistakes.unless(
        not (batch and window) or trigger.batch <= 10 or trigger.window >= 1,
        origin,
        f"{function.name!r} takes {trigger.batch} messages at once without a window",
        "batches of more than ten need window=1 or longer, in seconds",
    )
    mistakes.flags(origin, queue.id, partial=trigger.partial)
    if trigger.concurrency is not None:
        mistakes.within(origin, f"concurrency of {queue.id!r}", trigger.concurrency, 2, 1000)
    mistakes.unless(
        len(trigger.filters) <= 5,
        origin,
        f"{function.name!r} has {len(trigger.filters)} filters on {queue.id!r}",
        "Lambda takes at most five",
    )
    for pattern in trigger.filters:
        _check_pattern(function, pattern, mistakes)
    mistakes.unless(
        not (is_number(queue.visibility) and is_number(function.timeout)) or queue.visibility >= function.timeout,
        origin,
        f"{function.name!r} may take {function.timeout} s, longer than the visibility of {queue.id!r}"
        f" ({queue.visibility} s)",
        "Lambda refuses that: raise visibility=, or leave it out",
    )


def _check_topic_messages(service: Service, function: Function, trigger: TopicMessages, mistakes: Mistakes) -> None:
    check_known(service, function, "is called by", trigger.topic, mistakes)
    mistakes.unless(
        not trigger.topic.fifo,
        function.origin,
        f"{function.name!r} is called by the FIFO topic {trigger.topic.id!r}",
        "SNS delivers from FIFO topics to queues only: let a queue subscribe, and the function take its messages",
    )
    mistakes.flags(function.origin, trigger.topic.id, filter_on_body=trigger.filter_on_body)
    if trigger.filter is not None:
        _check_pattern(function, trigger.filter, mistakes)


def _check_pattern(function: Function, pattern: object, mistakes: Mistakes) -> None:
    if json_fault(pattern) is not None:
        return  # `check_documents` tells
    fault = pattern_fault(pattern) if isinstance(pattern, Mapping) else repr(pattern)
    if fault is not None:
        mistakes.add(
            function.origin,
            f"{function.name!r} has a pattern that is wrong at {fault:.60}",
            'below each key of a pattern stands a list of what to match: {"kind": ["photo"]}',
        )


def _check_schedule(function: Function, trigger: Schedule, mistakes: Mistakes) -> None:
    fault = schedule_fault(trigger.expression)
    if fault is not None:
        mistakes.add(function.origin, f"{function.name!r} has the schedule {trigger.expression!r}", fault)
    mistakes.unless(
        spelled(ZONE, trigger.timezone),
        function.origin,
        f"{function.name!r} has a schedule in the time zone {trigger.timezone!r}",
        'a time zone is named as in "Europe/Paris"',
    )


def _check_bus_events(service: Service, function: Function, trigger: BusEvents, mistakes: Mistakes) -> None:
    if trigger.bus is not None:
        check_known(service, function, "is called by", trigger.bus, mistakes)
    keys = set(trigger.pattern) if isinstance(trigger.pattern, Mapping) else set()
    if not keys or keys - PATTERN_KEYS:
        mistakes.add(
            function.origin,
            f"{function.name!r} has the event pattern {trigger.pattern!r:.60}",
            f"a pattern matches on {', '.join(sorted(PATTERN_KEYS))}",
        )
    else:
        _check_pattern(function, trigger.pattern, mistakes)


def _check_repeated(function: Function, mistakes: Mistakes) -> None:
    """Lambda maps a queue to a function once, and SNS subscribes a function to a topic once."""
    sources: list[Queue | Topic] = []
    for trigger in function.on:
        if isinstance(trigger, QueueMessages):
            sources.append(trigger.queue)
        elif isinstance(trigger, TopicMessages):
            sources.append(trigger.topic)
    arns = [source.value("arn") for source in sources]
    for index, source in enumerate(sources):
        mistakes.unless(
            arns[index] not in arns[:index],
            function.origin,
            f"{function.name!r} is called twice by {source!r}",
            "AWS connects a queue or topic and a function once: give several filters to one trigger, "
            "or call two functions",
        )


def _check_overlaps(service: Service, mistakes: Mistakes) -> None:
    seen: dict[Bucket, list[tuple[Function, ObjectEvents]]] = {}
    for function in service.functions:
        for trigger in function.on:
            if not isinstance(trigger, ObjectEvents) or not _comparable(trigger):
                continue
            for other, earlier in seen.setdefault(trigger.bucket, []):
                if _overlap(trigger, earlier):
                    mistakes.add(
                        function.origin,
                        f"{function.name!r} and {other.name!r} are called by the same objects of {trigger.bucket.id!r}",
                        "S3 refuses notifications that overlap: make prefix= or suffix= distinct, or publish to a "
                        "topic that calls both",
                    )
            seen[trigger.bucket].append((function, trigger))


def _comparable(trigger: ObjectEvents) -> bool:
    return all(isinstance(text, str) for text in (trigger.prefix, trigger.suffix, *trigger.events))


def _overlap(one: ObjectEvents, other: ObjectEvents) -> bool:
    same_event = any(_covers(a, b) or _covers(b, a) for a in one.events for b in other.events)
    prefixes = one.prefix.startswith(other.prefix) or other.prefix.startswith(one.prefix)
    suffixes = one.suffix.endswith(other.suffix) or other.suffix.endswith(one.suffix)
    return same_event and prefixes and suffixes


def _covers(pattern: str, event: str) -> bool:
    return pattern == event or (pattern.endswith("*") and event.startswith(pattern[:-1]))

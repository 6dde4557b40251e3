"""Checks of what calls a function."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lakon.model.triggers import BusEvents, ObjectEvents, QueueMessages, Schedule, TopicMessages

if TYPE_CHECKING:
    from lakon.model.function import Function
    from lakon.model.resources import Resource
    from lakon.model.service import Service
    from lakon.synth.checks.mistakes import Mistakes

RATE = re.compile(r"rate\((\d+) (minutes?|hours?|days?)\)")
CRON = re.compile(r"cron\((\S+ ){5}\S+\)")
AT = re.compile(r"at\(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\)")
ZONE = re.compile(r"[A-Za-z0-9+_-]+(/[A-Za-z0-9+_-]+)*")
S3_EVENT = re.compile(r"s3:[A-Za-z]+(:[A-Za-z*]+)?")
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
                case _:
                    _check_stranger(function, trigger, mistakes)
    _check_overlaps(service, mistakes)


def _check_stranger(function: Function, trigger: object, mistakes: Mistakes) -> None:
    hint = "a trigger is made by a handle, as photos.created() or jobs.messages(), or by lakon.every, cron, at, event"
    mistakes.add(function.origin, f"on= of {function.name!r} has {trigger!r}, which is no trigger", hint)


def _check_known(service: Service, function: Function, resource: Resource, mistakes: Mistakes) -> None:
    mistakes.unless(
        not resource.owned or resource in service.resources,
        function.origin,
        f"{function.name!r} is called by {resource!r}, which is not of the service {service.name!r}",
        f"declare it on this service, or use {type(resource).__name__}.existing(...)",
    )


def _check_object_events(service: Service, function: Function, trigger: ObjectEvents, mistakes: Mistakes) -> None:
    _check_known(service, function, trigger.bucket, mistakes)
    mistakes.unless(
        trigger.bucket.owned,
        function.origin,
        f"{function.name!r} is called by the existing bucket {trigger.bucket.id!r}",
        "only the stack that owns a bucket can set its notifications: turn on its EventBridge notifications and use "
        'lakon.event(source="aws.s3", detail_type="Object Created", detail={"bucket": {"name": ["..."]}})',
    )
    mistakes.unless(
        bool(trigger.events) and all(S3_EVENT.fullmatch(name) for name in trigger.events),
        function.origin,
        f"{function.name!r} is called by the S3 events {trigger.events!r}",
        'S3 names its events as in "s3:ObjectCreated:Put"',
    )


def _check_queue_messages(service: Service, function: Function, trigger: QueueMessages, mistakes: Mistakes) -> None:
    queue, origin = trigger.queue, function.origin
    _check_known(service, function, queue, mistakes)
    mistakes.within(origin, f"batch of {queue.id!r}", trigger.batch, 1, 10 if queue.fifo else 10_000)
    mistakes.within(origin, f"window of {queue.id!r} in seconds", trigger.window, 0, 0 if queue.fifo else 300)
    mistakes.unless(
        trigger.batch <= 10 or trigger.window >= 1,
        origin,
        f"{function.name!r} takes {trigger.batch} messages at once without a window",
        "batches of more than ten need window=1 or longer, in seconds",
    )
    if trigger.concurrency is not None:
        mistakes.within(origin, f"concurrency of {queue.id!r}", trigger.concurrency, 2, 1000)
    mistakes.unless(
        len(trigger.filters) <= 5,
        origin,
        f"{function.name!r} has {len(trigger.filters)} filters on {queue.id!r}",
        "Lambda takes at most five",
    )
    mistakes.unless(
        queue.visibility is None or queue.visibility >= function.timeout,
        origin,
        f"{function.name!r} may take {function.timeout} s, longer than the visibility of {queue.id!r}"
        f" ({queue.visibility} s)",
        "Lambda refuses that: raise visibility=, or leave it out",
    )


def _check_topic_messages(service: Service, function: Function, trigger: TopicMessages, mistakes: Mistakes) -> None:
    _check_known(service, function, trigger.topic, mistakes)
    mistakes.unless(
        not trigger.topic.fifo,
        function.origin,
        f"{function.name!r} is called by the FIFO topic {trigger.topic.id!r}",
        "SNS delivers from FIFO topics to queues only: let a queue subscribe, and the function take its messages",
    )


def _check_schedule(function: Function, trigger: Schedule, mistakes: Mistakes) -> None:
    expression = trigger.expression
    rate = RATE.fullmatch(expression)
    if rate:
        count, unit = int(rate[1]), rate[2]
        mistakes.unless(
            count > 0,
            function.origin,
            f"{function.name!r} is called every {count} {unit}",
            "the interval is at least one minute",
        )
    else:
        mistakes.unless(
            bool(CRON.fullmatch(expression) or AT.fullmatch(expression)),
            function.origin,
            f"{function.name!r} has the schedule {expression!r}",
            'write lakon.every("5 minutes"), lakon.cron("0 8 * * ? *") with six fields, or '
            'lakon.at("2027-01-31T18:00:00")',
        )
    mistakes.unless(
        bool(ZONE.fullmatch(trigger.timezone)),
        function.origin,
        f"{function.name!r} has a schedule in the time zone {trigger.timezone!r}",
        'a time zone is named as in "Europe/Paris"',
    )


def _check_bus_events(service: Service, function: Function, trigger: BusEvents, mistakes: Mistakes) -> None:
    if trigger.bus is not None:
        _check_known(service, function, trigger.bus, mistakes)
    unknown = sorted(set(trigger.pattern) - PATTERN_KEYS)
    mistakes.unless(
        bool(trigger.pattern) and not unknown,
        function.origin,
        f"{function.name!r} has the event pattern {dict(trigger.pattern)!r}",
        f"a pattern matches on {', '.join(sorted(PATTERN_KEYS))}",
    )


def _check_overlaps(service: Service, mistakes: Mistakes) -> None:
    seen: list[tuple[Function, ObjectEvents]] = []
    for function in service.functions:
        for trigger in function.on:
            if not isinstance(trigger, ObjectEvents):
                continue
            for other, earlier in seen:
                if _overlap(trigger, earlier):
                    mistakes.add(
                        function.origin,
                        f"{function.name!r} and {other.name!r} are called by the same objects of {trigger.bucket.id!r}",
                        "S3 refuses notifications that overlap: make prefix= or suffix= distinct, or publish to a "
                        "topic that calls both",
                    )
            seen.append((function, trigger))


def _overlap(one: ObjectEvents, other: ObjectEvents) -> bool:
    if one.bucket is not other.bucket:
        return False
    same_event = any(_covers(a, b) or _covers(b, a) for a in one.events for b in other.events)
    prefixes = one.prefix.startswith(other.prefix) or other.prefix.startswith(one.prefix)
    suffixes = one.suffix.endswith(other.suffix) or other.suffix.endswith(one.suffix)
    return same_event and prefixes and suffixes


def _covers(pattern: str, event: str) -> bool:
    return pattern == event or (pattern.endswith("*") and event.startswith(pattern[:-1]))

"""The expressions of EventBridge Scheduler: rates, cron fields and times.

See "Schedule types in EventBridge Scheduler".
"""

from __future__ import annotations

import re
from typing import NamedTuple

RATE = re.compile(r"rate\(([0-9]+) (minutes?|hours?|days?)\)")
CRON = re.compile(r"cron\((\S+(?: \S+){5})\)")
AT = re.compile(r"at\(([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\)")
ZONE = re.compile(r"[A-Za-z0-9+_-]+(/[A-Za-z0-9+_-]+)*")

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Field(NamedTuple):
    """One of the six fields of a cron expression: its range, the names of its values, and what else may stand there."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    special: re.Pattern[str] | None = None


FIELDS = (
    Field("minutes", 0, 59),
    Field("hours", 0, 23),
    Field("day of month", 1, 31, special=re.compile(r"\?|LW?|([1-9]|[12]\d|3[01])W")),
    Field("month", 1, 12, names=_MONTHS),
    Field(
        "day of week", 1, 7, names=_WEEKDAYS, special=re.compile(r"\?|L|([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(L|#[1-5])")
    ),
    Field("year", 1970, 2199),
)


def schedule_fault(expression: str) -> str | None:
    """What is wrong with a schedule's expression; None where nothing is."""
    if rate := RATE.fullmatch(expression):
        return None if int(rate[1]) else "the interval is at least one minute"
    if cron := CRON.fullmatch(expression):
        return _cron_fault(cron[1].upper().split(" "))
    if at := AT.fullmatch(expression):
        return _time_fault(*map(int, at.groups()))
    return (
        'write lakon.every("5 minutes"), lakon.cron("0 8 * * ? *") with six fields, or lakon.at("2027-01-31T18:00:00")'
    )


def _cron_fault(said: list[str]) -> str | None:
    for field, text in zip(FIELDS, said, strict=True):
        if not all(_matches(field, part) for part in text.split(",")):
            return f"{text!r} is no {field.name}: it goes from {field.low} to {field.high}"
    if (said[2] == "?") == (said[4] == "?"):
        return "exactly one of day of month and day of week is a question mark, the other says the days"
    return None


def _matches(field: Field, part: str) -> bool:
    """Whether a part of a field is special, or else `*`, a value or a range of values, each perhaps with a step."""
    if field.special and field.special.fullmatch(part):
        return True
    values, slash, step = part.partition("/")
    if slash and _number(field, step) in (None, 0):
        return False
    if values == "*":
        return True
    first, dash, last = values.partition("-")
    ends = [_number(field, text) for text in ((first, last) if dash else (first,))]
    return all(end is not None and field.low <= end <= field.high for end in ends)


def _number(field: Field, text: str) -> int | None:
    if text in field.names:
        return field.names.index(text) + field.low
    return int(text) if text.isascii() and text.isdecimal() else None


def _time_fault(year: int, month: int, day: int, hour: int, minute: int, second: int) -> str | None:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    right = (
        1 <= month <= 12
        and 1 <= day <= _DAYS[month - 1] - (month == 2 and not leap)
        and hour < 24
        and minute < 60
        and second < 60
    )
    return None if right else "there is no such time"

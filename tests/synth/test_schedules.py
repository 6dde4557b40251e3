"""Rates, cron fields and times, as EventBridge Scheduler takes them."""

# mypy: allow-untyped-defs, allow-untyped-calls

import pytest

from lakon.synth.checks.schedules import schedule_fault


@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 minute)",
        "rate(12 hours)",
        "cron(0 8 * * ? *)",
        "cron(0/5 8-17 ? * MON-FRI *)",
        "cron(*/15 0,12 L * ? *)",
        "cron(0 0 15W 1-6/2 ? *)",
        "cron(5,10 0 ? JAN 2#1 2027-2030)",
        "at(2027-01-31T18:00:00)",
        "at(2028-02-29T00:00:00)",
        "at(2000-02-29T23:59:59)",
    ],
)
def test_what_there_is(expression):
    assert schedule_fault(expression) is None


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("rate(0 minutes)", "at least one minute"),
        ("rate(often)", "write lakon.every"),
        ("rate(5 fortnights)", "write lakon.every"),
        ("cron(0 8 * * ?)", "six fields"),
        ("cron(60 8 * * ? *)", "'60' is no minutes: it goes from 0 to 59"),
        ("cron(99 99 * * ? *)", "'99' is no minutes"),
        ("cron(0 24 * * ? *)", "'24' is no hours"),
        ("cron(0 8 32 * ? *)", "'32' is no day of month"),
        ("cron(0 8 * 13 ? *)", "'13' is no month"),
        ("cron(0 8 ? * 8 *)", "'8' is no day of week"),
        ("cron(0 8 ? * MOON *)", "'MOON' is no day of week"),
        ("cron(0 8 * * ? 1969)", "'1969' is no year"),
        ("cron(? 8 * * ? *)", "'?' is no minutes"),
        ("cron(*/0 8 * * ? *)", "'*/0' is no minutes"),
        ("cron(1- 8 * * ? *)", "'1-' is no minutes"),
        ("cron(1,,2 8 * * ? *)", "'1,,2' is no minutes"),
        ("cron(0 8 * * * *)", "exactly one"),
        ("cron(0 8 ? * ? *)", "exactly one"),
        ("cron(0 8 1 * 2 *)", "exactly one"),
        ("at(tomorrow)", "write lakon.every"),
        ("at(2027-13-45T00:00:00)", "there is no such time"),
        ("at(2027-04-31T00:00:00)", "there is no such time"),
        ("at(2027-02-29T00:00:00)", "there is no such time"),
        ("at(2100-02-29T00:00:00)", "there is no such time"),
        ("at(2027-01-01T24:00:00)", "there is no such time"),
    ],
)
def test_what_there_is_not(expression, fault):
    assert fault in str(schedule_fault(expression))

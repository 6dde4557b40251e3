# ruff: noqa: N803 - AWS's names
"""What is asked of services whose types are not installed: only these calls, with what they take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class EventsClient(Protocol):
    """EventBridge."""

    def enable_rule(self, *, Name: str, EventBusName: str) -> object:
        """Let a rule call its targets."""

    def disable_rule(self, *, Name: str, EventBusName: str) -> object:
        """Let a rule call nobody."""


class SchedulerClient(Protocol):
    """EventBridge Scheduler."""

    def get_schedule(self, *, Name: str, GroupName: str) -> dict[str, object]:
        """All that is known of a schedule."""

    def list_schedules(self, *, NamePrefix: str) -> Mapping[str, Sequence[Mapping[str, str]]]:
        """The first hundred `Schedules` whose names begin so, of all groups."""

    def update_schedule(self, **schedule: object) -> object:
        """Replace a schedule: what is not given, it has not."""

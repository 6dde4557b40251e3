"""How the traffic of a function moves to new code. Ships into Lambda: plain values for CodeDeploy."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from lakon.model.function import Function

    Hook: TypeAlias = Function | Callable[..., object] | str | None


class Traffic:
    """What all ways have in common: functions of the service that CodeDeploy calls before and after."""

    __slots__ = ("after", "before")

    def __init__(self, before: Hook, after: Hook) -> None:
        self.before = before
        self.after = after


class Canary(Traffic):
    """`percent` of the calls go to new code for `minutes`, then all: `traffic=lakon.Canary(10, minutes=5)`.

    An alarm of the function that goes off meanwhile takes them back. `before` and `after` are functions of the service
    that CodeDeploy calls before the first and after the last call was moved; they have to tell it how they fared, by
    PutLifecycleEventHookExecutionStatus. `<NAME>_FUNCTION_VERSION` tells them the ARN of the new version.
    """

    __slots__ = ("minutes", "percent")

    def __init__(self, percent: int, *, minutes: int, before: Hook = None, after: Hook = None) -> None:
        super().__init__(before, after)
        self.percent = percent
        self.minutes = minutes


class Linear(Traffic):
    """`percent` more of the calls go to new code every `minutes`. See `Canary` for the rest."""

    __slots__ = ("minutes", "percent")

    def __init__(self, percent: int, *, minutes: int, before: Hook = None, after: Hook = None) -> None:
        super().__init__(before, after)
        self.percent = percent
        self.minutes = minutes


class AllAtOnce(Traffic):
    """All calls go to new code at once, after `before` has agreed. See `Canary` for the rest."""

    __slots__ = ()

    def __init__(self, *, before: Hook = None, after: Hook = None) -> None:
        super().__init__(before, after)

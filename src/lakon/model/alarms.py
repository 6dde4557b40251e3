"""What must never go unseen. Ships into Lambda: plain values that become CloudWatch alarms."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lakon.model.resources import Topic


class Alarm:
    """One CloudWatch alarm on a metric of a function; made by `lakon.errors`, `lakon.throttles`, `lakon.duration`."""

    __slots__ = ("metric", "minutes", "notify", "statistic", "threshold")

    def __init__(
        self, metric: str, statistic: str, threshold: float | str, minutes: int, notify: Topic | str | None
    ) -> None:
        self.metric = metric
        self.statistic = statistic
        self.threshold = threshold
        self.minutes = minutes
        self.notify = notify


def errors(*, threshold: int = 1, minutes: int = 1, notify: Topic | str | None = None) -> Alarm:
    """Alarm when at least `threshold` invocations ended in an error within `minutes`.

    `notify` is a topic of the service or the ARN of any topic; without one the alarm only shows its state.
    """
    return Alarm("Errors", "Sum", threshold, minutes, notify)


def throttles(*, threshold: int = 1, minutes: int = 1, notify: Topic | str | None = None) -> Alarm:
    """Alarm when at least `threshold` invocations were throttled within `minutes`."""
    return Alarm("Throttles", "Sum", threshold, minutes, notify)


def duration(
    *,
    p50: str | None = None,
    p90: str | None = None,
    p95: str | None = None,
    p99: str | None = None,
    average: str | None = None,
    maximum: str | None = None,
    minutes: int = 5,
    notify: Topic | str | None = None,
) -> Alarm:
    """Alarm when one statistic of the duration reaches a length such as `"15s"`, `"250ms"` or `"2m"` within `minutes`.

    Exactly one of the statistics is given: `lakon.duration(p99="15s")`.
    """
    given = {"p50": p50, "p90": p90, "p95": p95, "p99": p99, "Average": average, "Maximum": maximum}
    chosen = [(name, length) for name, length in given.items() if length is not None]
    if len(chosen) != 1:
        raise TypeError('lakon.duration takes exactly one statistic, such as p99="15s"')
    statistic, length = chosen[0]
    return Alarm("Duration", statistic, length, minutes, notify)

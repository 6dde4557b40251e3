"""Checks of how many requests are let through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakon.model.http import Throttle
from lakon.synth.checks.mistakes import is_number

if TYPE_CHECKING:
    from lakon.model.origin import Origin
    from lakon.synth.checks.mistakes import Mistakes

MOST = 10_000_000


def check_throttle(what: str, throttle: object, origin: Origin, mistakes: Mistakes) -> None:
    """A rate and a burst that API Gateway takes, or nothing."""
    if throttle is None:
        return
    if isinstance(throttle, Throttle):
        rate = throttle.rate
        right = (is_number(rate) or isinstance(rate, float)) and 0 <= rate <= MOST
        right = right and is_number(throttle.burst) and 0 <= throttle.burst <= MOST
        told = f"rate {rate!r:.20} and burst {throttle.burst!r:.20}"
    else:
        right, told = False, f"{throttle!r:.60}"
    hint = "write lakon.Throttle(rate=100, burst=200): a number a second, and a whole number at once"
    mistakes.unless(right, origin, f"throttle of {what} is {told}", hint)

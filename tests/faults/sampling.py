"""How much of the faults is tried: all of it takes half an hour, so a few of each unless LAKON_FAULTS is "all"."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

Case = TypeVar("Case")


def sampled(cases: Sequence[Case], *at: float) -> list[Case]:
    """All cases, or those at the given shares (0 to 1) of their sequence."""
    if os.environ.get("LAKON_FAULTS") == "all":
        return list(cases)
    return [cases[min(int(share * len(cases)), len(cases) - 1)] for share in at]

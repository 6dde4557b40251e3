"""A program of its own, for a library cannot be unloaded: what calls of Go in this process take.

`python -m bench.golibrary FOLDER CALLS` prints, for each size of event, the seconds of a call and of Go's own JSON.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bench.goprograms import payload
from lakon.build.golang.building import build_go
from lakon.build.golang.sources import GoSource
from lakon.build.golang.system import lambda_system
from lakon.report import Silent
from lakon.runtime.golibrary import Library

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES = {"100 B": 100, "10 KB": 10_000, "1 MB": 1_000_000}
_ROUNDS = 7


def _measured(folder: Path, calls: int) -> Iterator[tuple[str, float, float]]:
    source = GoSource(folder, "library", lambda_system("", host=True), (), "bench")
    library = Library(str(build_go([source], Silent())[source]))
    for name, size in SIZES.items():
        event = payload(size)
        times = max(3, calls * 100 // size)
        pairs = [(_call(library, event, times), _alone(library, event)) for _ in range(_ROUNDS)]
        yield name, median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)


def _call(library: Library, event: bytes, times: int) -> float:
    begun = time.perf_counter()
    for _ in range(times):
        library.call(b"", event, None)
    return (time.perf_counter() - begun) / times


def _alone(library: Library, event: bytes) -> float:
    nanoseconds: int = json.loads(library.call(b"alone", event, None))
    return nanoseconds / 1e9


if __name__ == "__main__":
    print(json.dumps(list(_measured(Path(sys.argv[1]), int(sys.argv[2])))))

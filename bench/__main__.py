"""`python -m bench`: measure, and print one table."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench import (
    builds,
    differences,
    front,
    go,
    http,
    imports,
    invocations,
    provisioning,
    reload,
    shipping,
    starts,
    synthesis,
)
from bench.clock import BrokenContender, Command, take_turns
from bench.peers import plain_python
from bench.plan import PROGRAM, Plan
from bench.table import Row, duration, lines
from lakon.exceptions import LakonError
from lakon.settings import cache_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

SECTIONS = {
    "import": imports.rows,
    "http": http.rows,
    "build": builds.rows,
    "synth": synthesis.rows,
    "start": starts.rows,
    "provision": provisioning.rows,
    "ship": shipping.rows,
    "diff": differences.rows,
    "invoke": invocations.rows,
    "reload": reload.rows,
    "go": go.rows,
    "front": front.rows,
}


def main() -> int:
    """Measure the sections that are asked for; 0 unless one cannot run."""
    options = _options()
    if not PROGRAM.exists():
        print(f"there is no {PROGRAM}: install Lakon into this environment first", file=sys.stderr)
        return 1
    machine = _machine()
    rows, broken = _measure(options.only or list(SECTIONS), quick=options.quick)
    if options.json:
        json.dump(
            {"machine": machine, "quick": options.quick, "rows": [row.data() for row in rows]}, sys.stdout, indent=2
        )
        print()
    else:
        print(machine, end="\n\n")
        print("\n".join(lines(rows)))
    for words in broken:
        print(f"\n{words}", file=sys.stderr)
    return 1 if broken else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure what Lakon promises.")
    parser.add_argument("--quick", action="store_true", help="few runs: a first impression, not a figure to quote")
    parser.add_argument("--only", action="append", choices=SECTIONS, metavar="NAME", help=f"of {', '.join(SECTIONS)}")
    parser.add_argument("--json", action="store_true", help="print data for programs, in seconds")
    return parser.parse_args()


def _measure(sections: Sequence[str], *, quick: bool) -> tuple[list[Row], list[str]]:
    """Measure one section after another, each in a folder of its own beside Lakon's cache.

    Returns the rows, and what was said by sections that could not run to their end.
    """
    parent = cache_folder() / "bench"
    parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="work-", dir=parent))
    rows: list[Row] = []
    broken: list[str] = []
    try:
        for section in sections:
            print(f"measuring {section} ...", file=sys.stderr, flush=True)
            folder = work / section
            folder.mkdir()
            try:
                rows += SECTIONS[section](Plan(folder, quick))
            except (BrokenContender, LakonError) as error:
                broken.append(f"{section} could not be measured: {error}")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return rows, broken


def _machine() -> str:
    """What the figures depend on: above all how long an interpreter takes that does nothing."""
    load = os.getloadavg()[0]
    nothing = Command([str(plain_python()), "-c", "pass"], Path.cwd(), {})
    pace = duration(take_turns({"nothing": nothing}, 7)["nothing"].wall)
    return (
        f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f}; "
        f"an interpreter that does nothing takes {pace}; medians"
    )


if __name__ == "__main__":
    sys.exit(main())

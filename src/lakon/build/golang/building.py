"""Go programs, as they were made before where nothing has changed. That is found without what a build itself needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakon.build.disk import told_plainly
from lakon.build.golang.identity import carried, identity
from lakon.build.golang.inputs import state_of
from lakon.build.golang.memory import Memory
from lakon.settings import cache_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lakon.build.golang.sources import GoSource
    from lakon.report import Reporter


def build_go(sources: Sequence[GoSource], reporter: Reporter, *, cache: Path | None = None) -> dict[GoSource, Path]:
    """Build each source; answer the files that were made, which lie in the cache under names of their content.

    What has not changed is not built again. Raises BuildError with the mistakes of all of them.
    """
    if not sources:
        return {}
    kept = (cache or cache_folder()) / "build" / "golang"
    memory = Memory(kept, f"{identity()}\n{state_of(carried())}")
    with told_plainly("build the Go programs", kept):
        made = {source: binary for source in sources if (binary := memory.recall(source))}
        missing = [source for source in dict.fromkeys(sources) if source not in made]
        if missing:
            from lakon.build.golang.making import make  # threads, child processes

            made |= make(missing, kept, memory, reporter)
    return made

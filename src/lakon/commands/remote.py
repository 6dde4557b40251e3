"""`lakon dev --remote`: a stage on AWS that follows the files that are saved.

Where nothing but code has changed, the functions get it at once, and the stack learns of it when more than code
changes, or at the end.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakon.commands import program as programs
from lakon.commands.build import build
from lakon.commands.dev import Failed, Reloaded, fresh_sources, short
from lakon.commands.live import Live
from lakon.commands.places import reach
from lakon.exceptions import LakonError
from lakon.local.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lakon.commands.provision import Approve
    from lakon.report import Reporter
    from lakon.settings import Target

_LOOK = 0.5  # seconds after which Ctrl-C is noticed at the latest


@dataclass(frozen=True, slots=True)
class Shipped:
    """The stack is what the program says: at the beginning, and whenever more than code has changed."""

    stack: str
    seconds: float


Event = Shipped | Reloaded | Failed


def remote(
    path: Path, target: Target, reporter: Reporter, tell: Callable[[Event], None], *, approve: Approve | None = None
) -> None:
    """Keep the stage on AWS what the program at `path` says until Ctrl-C (KeyboardInterrupt), which is raised again.

    Raises what the first provision raises. Later errors are told; the version that worked last goes on working.
    """
    with Watch(programs.project_folder(path)) as watch:
        work = _Remote(path, target, reporter, tell, approve)
        work.reload(frozenset())
        try:
            while True:
                if saved := watch.wait(_LOOK):
                    with suppress(LakonError):  # it was told
                        work.reload(saved)
        finally:
            work.end()


class _Remote:
    def __init__(
        self, path: Path, target: Target, reporter: Reporter, tell: Callable[[Event], None], approve: Approve | None
    ) -> None:
        self._path = path
        self._target = target
        self._reporter = reporter
        self._tell = tell
        self._approve = approve
        self._live: Live | None = None

    def reload(self, saved: frozenset[Path]) -> None:
        """Make the stage what the files say now; what is wrong with them is told, and raised."""
        began = time.monotonic()
        names = tuple(sorted(short(path, programs.project_folder(self._path)) for path in saved))

        def tell(functions: tuple[str, ...]) -> None:
            self._tell(Reloaded(functions, names, time.monotonic() - began))

        try:
            with fresh_sources():
                program = programs.load(self._path, self._target.stage)
            built = build(program, self._target, self._reporter)
            if self._live is None:
                session = reach(program, self._target)
                self._live = Live(session, self._target, self._reporter, self._approve)
            if self._live.apply(program, built, tell, first=()):
                self._tell(Shipped(program.stack(self._target.stage), time.monotonic() - began))
        except LakonError as error:
            if saved:
                self._tell(Failed(error, names))
            raise

    def end(self) -> None:
        """Tell the stack what code its functions have."""
        if self._live:
            with self._reporter.step("telling the stack what code its functions have"):
                self._live.settle()

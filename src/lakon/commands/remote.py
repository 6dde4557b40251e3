"""`lakon dev --remote`: a stage on AWS that follows the files that are saved.

Where nothing but code has changed, the functions get it at once, and the stack learns of it when more than code
changes, or at the end. Saved pages of sites are published.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakon.commands import program as programs
from lakon.commands.build import build
from lakon.commands.dev import Failed, Reloaded
from lakon.commands.live import Live
from lakon.commands.places import reach
from lakon.commands.saved import names, read
from lakon.commands.sites import has_pages, publish_sites, site_files
from lakon.commands.wanted import without_bucket
from lakon.exceptions import LakonError, UsageError
from lakon.local.watch import Watch
from lakon.provision.deployed import deployed
from lakon.provision.status import status
from lakon.synth.stubs import stubbed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lakon.commands.build import Build
    from lakon.commands.program import Program
    from lakon.commands.provision import Approve
    from lakon.provision.session import Session
    from lakon.report import Reporter
    from lakon.settings import Target

_LOOK = 0.5  # seconds after which Ctrl-C is noticed at the latest


@dataclass(frozen=True, slots=True)
class Shipped:
    """The stack is what the program says: at the beginning, and whenever more than code has changed."""

    stack: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Published:
    """The buckets of the sites hold the pages that were saved."""

    sites: tuple[str, ...]
    saved: tuple[str, ...]
    seconds: float


Event = Shipped | Reloaded | Published | Failed


def remote(
    path: Path, target: Target, reporter: Reporter, tell: Callable[[Event], None], *, approve: Approve | None = None
) -> None:
    """Keep the stage on AWS what the program at `path` says until Ctrl-C (KeyboardInterrupt), which is raised again.

    Raises what the first provision raises, and UsageError for a stage that does without a bucket. Later errors are
    told; the version that worked last goes on working.
    """
    with Watch(programs.project_folder(path)) as watch:
        work = _Remote(path, target, reporter, tell, watch, approve)
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
        self,
        path: Path,
        target: Target,
        reporter: Reporter,
        tell: Callable[[Event], None],
        watch: Watch,
        approve: Approve | None,
    ) -> None:
        self._path = path
        self._watch = watch
        self._target = target
        self._reporter = reporter
        self._tell = tell
        self._approve = approve
        self._live: Live | None = None
        self._behind: set[Path] = set()  # what was saved since the stage was what the program says

    def reload(self, paths: frozenset[Path]) -> None:
        """Make the stage what the files say now, of which `paths` were saved; what is wrong is told, and raised."""
        began = time.monotonic()
        saved = set(paths)

        def tell(functions: tuple[str, ...]) -> None:
            self._tell(Reloaded(functions, self._names(saved), time.monotonic() - began))

        try:
            program, built = read(saved, self._watch, self._built)
            if self._live is None:
                session = reach(program, self._target)
                _check_code(session, program.stack(self._target.stage))
                self._live = Live(session, self._target, self._reporter, self._approve)
            if self._live.apply(program, built, tell, first=()):
                self._tell(Shipped(program.stack(self._target.stage), time.monotonic() - began))
            elif has_pages(program, self._behind | saved) and (sites := self._publish(program, self._live)):
                self._tell(Published(sites, self._names(saved), time.monotonic() - began))
        except LakonError as error:
            self._behind |= saved
            if saved:
                self._tell(Failed(error, self._names(saved)))
            raise
        self._behind = set()

    def _built(self) -> tuple[Program, Build]:
        program = programs.load(self._path, self._target.stage)
        _check_bucket(program, self._target)
        return program, build(program, self._target, self._reporter)

    def _names(self, saved: set[Path]) -> tuple[str, ...]:
        return names(saved, programs.project_folder(self._path))

    def _publish(self, program: Program, live: Live) -> tuple[str, ...]:
        files = site_files(program, live.session)
        outputs = status(live.session, program.stack(self._target.stage)).outputs
        return publish_sites(files, live.session, outputs, self._reporter)

    def end(self) -> None:
        """Tell the stack what code its functions have."""
        if self._live:
            with self._reporter.step("telling the stack what code its functions have"):
                self._live.settle()


def _check_bucket(program: Program, target: Target) -> None:
    """Refuse a stage without a bucket: it would be given one, and there is no way back."""
    if without_bucket(program, target):
        raise UsageError(
            f"the stage {target.stage} does without a bucket, and this hands code out by one",
            where=None if target.bucketless else program.service.origin.place(str(program.root)),
            hint=_instead(target),
        )


def _check_code(session: Session, name: str) -> None:
    """Refuse a stack whose functions are stubs, or were: it would be given a bucket without being asked."""
    held = deployed(session, name)
    if held and stubbed(held.resources):
        raise UsageError(
            f"the stack {name} does without a bucket, and this hands code out by one", hint=_instead(session.target)
        )


def _instead(target: Target) -> str:
    return f"{target.command('flip')} gives its functions their code; `lakon dev` runs the service on this machine."

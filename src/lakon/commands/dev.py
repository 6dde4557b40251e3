"""`lakon dev`: the whole service on this machine, made anew as its files are saved.

It is brought up as `provision --local` does, and then: watch the project; load and build what was saved; give the
functions their new code, or CloudFormation the new template; start an environment of each before an event asks for it.
All that is told comes as one of `Event`, in the order in which it happened.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lakon.commands import program as programs
from lakon.commands.build import build
from lakon.commands.debug import check_port, with_debugger
from lakon.commands.fronts import fronts, has_fronts, open_fronts
from lakon.commands.live import Live
from lakon.commands.places import aws_folder, running, start
from lakon.commands.saved import names, read
from lakon.commands.sites import has_pages
from lakon.describe.overview import overview
from lakon.exceptions import LakonError, LocalError, ProgramError
from lakon.local import daemon
from lakon.local.journal import JournalReader
from lakon.local.spawning.groups import alive
from lakon.local.watch import Watch
from lakon.provision import code, status
from lakon.provision.logs import LogLine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from lakon.commands.build import Build
    from lakon.commands.debug import Debugged
    from lakon.commands.fronts import FrontDoor
    from lakon.commands.program import Program
    from lakon.report import Reporter
    from lakon.settings import Target

_LOOK = 0.5  # seconds after which it is seen whether the embedded AWS still runs
_READ = 0.05  # seconds between two looks into the journal
_BEGUN = ("START RequestId: ", '"platform.start"')  # what tells of an event in a log, as text and as JSON


@dataclass(frozen=True, slots=True)
class UpFunction:
    """A function that is up: its physical name, and what calls it ("photos: ObjectCreated:* in/*")."""

    name: str
    physical_name: str
    called_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UpResource:
    """A resource that is up: its id and kind in the program, and its physical id."""

    name: str
    kind: str
    physical_id: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The stack is what the program says: at the beginning, and whenever more than code has changed."""

    stack: str
    endpoint_url: str
    functions: tuple[UpFunction, ...]
    resources: tuple[UpResource, ...]
    fronts: tuple[FrontDoor, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Reloaded:
    """The functions answer with the code that was saved; none when it is what it was before an error."""

    functions: tuple[str, ...]
    saved: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Failed:
    """What was saved cannot be used; the version that worked last goes on working."""

    error: LakonError
    saved: tuple[str, ...]


Event = Ready | Reloaded | Failed | LogLine


def dev(
    path: Path,
    target: Target,
    reporter: Reporter,
    tell: Callable[[Event], None],
    *,
    keep: bool = False,
    debugged: Debugged | None = None,
) -> None:
    """Keep the program at `path` up in the embedded AWS until Ctrl-C (KeyboardInterrupt), which is raised again.

    `tell` is called with what happens, by more than one thread. An embedded AWS that runs already is used and left
    running; one that has to be started ends with this call, its data kept for the next start, unless it shall `keep`
    running. A debugger can be attached to the function that is `debugged`. UsageError when there is none of that name;
    BuildError when the first build fails for another reason than the program's mistakes, which are waited for to be
    mended; LocalError when the embedded AWS cannot be started, or ends.
    """
    if debugged:
        check_port(debugged)
    with Watch(programs.project_folder(path)) as watch:
        work = _Dev(path, target, reporter, tell, watch, keep=keep, debugged=debugged)
        try:
            work.reload(frozenset())
            while True:
                if saved := watch.wait(_LOOK):
                    work.reload(saved)
                work.check()
        finally:
            work.end()


class _Dev:
    def __init__(
        self,
        path: Path,
        target: Target,
        reporter: Reporter,
        tell: Callable[[Event], None],
        watch: Watch,
        *,
        keep: bool,
        debugged: Debugged | None,
    ) -> None:
        self._path = path
        self._watch = watch
        self._target = target
        self._reporter = reporter
        self._tell = tell
        self._keep = keep
        self._debugged = debugged
        self._live: Live | None = None
        self._aws: daemon.Running | None = None
        self._owned = False
        self._failing = False
        self._warmed = False
        self._logs: _Logs | None = None

    def reload(self, paths: frozenset[Path]) -> None:
        """Make the service what its files say now, of which `paths` were saved. What is wrong with them is told."""
        began = time.monotonic()
        saved = set(paths)
        try:
            program, built = read(saved, self._watch, self._built)
            live = self._live or self._up(program)
            self._follow(program)
            exchanged: list[str] = []

            def tell(functions: tuple[str, ...]) -> None:
                exchanged.extend(functions)
                self._tell(Reloaded(functions, self._names(saved), time.monotonic() - began))

            anew = live.apply(program, built, tell, first=self._logs.called if self._logs else ())
        except LakonError as error:
            if self._live is None and not isinstance(error, ProgramError):
                raise
            self._failing = True
            self._tell(Failed(error, self._names(saved)))
            return
        if anew:
            self._tell(self._ready(live, program, time.monotonic() - began))
        elif self._failing and not exchanged:
            tell(())
        if has_fronts(program.service):
            self._open(live, program, saved)
        self._failing = False
        self._warm(live, [function.name for function in program.service.functions] if anew else exchanged)

    def _built(self) -> tuple[Program, Build]:
        program = programs.load(self._path, self._target.stage)
        built = build(program, self._target, self._reporter)
        if self._debugged:
            built = with_debugger(program, built, self._debugged, self._target.stage, self._reporter)
        return program, built

    def _names(self, saved: set[Path]) -> tuple[str, ...]:
        return names(saved, programs.project_folder(self._path))

    def _open(self, live: Live, program: Program, saved: set[Path]) -> None:
        """Let front doors be what the program says, pages load again, and what describes them be true."""
        try:
            open_fronts(program, self._target, live.session, reload=True)
            if has_pages(program, saved):
                daemon.tell_saved(aws_folder(program, self._target), program.stack(self._target.stage))
        except LakonError as error:
            self._failing = True
            self._tell(Failed(error, ()))

    def _warm(self, live: Live, functions: Iterable[str]) -> None:
        """Start environments before events ask for them: of all functions at first, later of those that are used."""
        if self._warmed and self._logs:
            functions = [name for name in functions if name in self._logs.called]
        self._warmed = True
        threading.Thread(target=_initialize, args=(live, functions), daemon=True).start()

    def check(self) -> None:
        """LocalError when the embedded AWS is gone."""
        if self._aws and not alive(self._aws.pid):
            self._owned = False
            self._live = None
            raise LocalError("the embedded AWS has ended", hint="Somebody may have stopped it. Start again.")

    def end(self) -> None:
        """Leave everything in order: the stack true, the embedded AWS as it was found."""
        try:
            if self._live:
                with suppress(LakonError):
                    self._live.settle()
        finally:
            if self._aws and self._owned:
                with self._reporter.step("stopping the embedded AWS"):
                    daemon.stop(self._aws.folder)
            if self._logs:
                self._logs.close()

    def _up(self, program: Program) -> Live:
        folder = aws_folder(program, self._target)
        found = daemon.find(folder)
        self._logs = self._logs or _Logs(JournalReader(folder), self._tell)
        session = start(program, self._target, self._reporter, owner_pid=None if self._keep else os.getpid())
        self._aws = running(program, self._target)
        self._owned = found is None and not self._keep
        self._live = Live(session, self._target, self._reporter)
        return self._live

    def _follow(self, program: Program) -> None:
        if self._logs:
            physical = program.functions(self._target.stage)
            self._logs.groups = {f"/aws/lambda/{each}": name for name, each in physical.items()}

    def _ready(self, live: Live, program: Program, seconds: float) -> Ready:
        seen = overview(program.service, root=str(program.root))
        functions = tuple(
            UpFunction(each.name, live.physical(each.name), tuple(f"{link.other}: {link.what}" for link in each.calls))
            for each in seen.functions
        )
        stack = program.stack(self._target.stage)
        physical = {each.logical_id: each.physical_id or "" for each in status.resources(live.session, stack)}
        resources = tuple(
            UpResource(each.id, each.kind, physical.get(each.logical_id, "")) for each in program.service.resources
        )
        doors = fronts(program, self._target)
        return Ready(stack, live.session.target.endpoint_url or "", functions, resources, doors, seconds)


class _Logs:
    """Tells what functions log, from a thread of its own. `groups` are the log groups that are told, with names.

    `called` are the functions that got an event.
    """

    def __init__(self, journal: JournalReader, tell: Callable[[Event], None]) -> None:
        self.groups: dict[str, str] = {}
        self.called: set[str] = set()
        self._journal = journal
        self._tell = tell
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="logs", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Tell what there is, and no more."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        ended = False
        while not ended:
            ended = self._ended.wait(_READ)
            for record in self._journal.read():
                if name := self.groups.get(record.group):
                    if any(mark in record.message for mark in _BEGUN):
                        self.called.add(name)
                    moment = datetime.fromtimestamp(record.timestamp / 1000, UTC)
                    self._tell(LogLine(moment, name, record.stream, record.message))


def _initialize(live: Live, functions: Iterable[str]) -> None:
    """Start an environment of each function. What goes wrong with it stands in its log."""
    for function in functions:
        with suppress(LakonError):
            code.initialize(live.session, live.physical(function))

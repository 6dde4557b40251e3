"""A service that is up, and is made what was built last as fast as that can be done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakon.commands.provision import put
from lakon.exceptions import LakonError
from lakon.provision import artifacts, code
from lakon.report import Silent
from lakon.synth.traffic import has_alias

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from lakon.commands.build import Build
    from lakon.commands.program import Program
    from lakon.commands.provision import Approve
    from lakon.provision.session import Session
    from lakon.report import Reporter
    from lakon.settings import Target

_MANY = 8  # functions


@dataclass(frozen=True, slots=True)
class _State:
    """A program and what was built of it."""

    program: Program
    built: Build

    def stack(self) -> object:
        """All that only CloudFormation can change."""
        layers = {name: self.built.archives[name].digest for name in self.built.synthesis.layers}
        return self.program.service.name, self.program.service.tags, self.built.synthesis.text, layers

    def changed(self, before: _State) -> dict[str, list[str]]:
        """The archives (parameter -> functions) whose code is not what it was before."""
        return {
            name: list(code.functions)
            for name, code in self.built.synthesis.archives.items()
            if self.built.archives[name].digest != before.built.archives[name].digest
        }

    def aliased(self) -> set[str]:
        """The functions that answer by an alias, which only CloudFormation moves."""
        return {function.name for function in self.program.service.functions if has_alias(function)}


class Live:
    """The service where `session` reaches.

    Where nothing but code has changed, the functions get it at once; the stack learns of it when all else changes, or
    at the end (`settle`). The code of a function with an alias takes the stack: there a version is made, and the alias
    moved. Whatever fails, the version that worked last goes on working.
    """

    def __init__(self, session: Session, target: Target, reporter: Reporter, approve: Approve | None = None) -> None:
        self.session = session
        self._target = target
        self._reporter = reporter
        self._approve = approve
        self._bucket = artifacts.artifact_bucket(session, target.bucket, reporter)
        self._good: _State | None = None
        self._ahead = True  # functions may hold other code than the stack says; after a crash they may from the start

    def apply(
        self, program: Program, built: Build, exchanged: Callable[[tuple[str, ...]], None], *, first: Collection[str]
    ) -> bool:
        """Make the service what was built; whether that was more than code.

        `exchanged` is called with the names of functions as soon as they answer with their new code. Those in `first`
        do not wait for many others. Raises what `provision` raises.
        """
        new = _State(program, built)
        if self._good is None or new.stack() != self._good.stack():
            self._provision(new)
            return True
        changed = new.changed(self._good)
        if not new.aliased().isdisjoint(_names(changed)):
            self._provision(new)
            exchanged(_names(changed))
            return False
        if changed:
            self._upload(new)
            self._ahead = True
        self._good = new  # from here on it is what `settle` makes of the stack, however far this comes
        for part in _parts(changed, first):
            self._exchange(new, part)
            exchanged(_names(part))
        return False

    def settle(self) -> None:
        """Tell the stack what code its functions have."""
        if self._good is not None and self._ahead:
            good = self._good
            bucket = self._target.bucket
            put(good.program, self._target, good.built, self.session, Silent(), bucket=bucket, uploaded_before=True)
            self._ahead = False

    def physical(self, function: str) -> str:
        """The physical name of a function of the program."""
        return self._good.program.functions(self._target.stage)[function] if self._good else ""

    def _provision(self, new: _State) -> None:
        try:
            bucket, approve = self._target.bucket, self._approve
            put(new.program, self._target, new.built, self.session, self._reporter, bucket=bucket, approve=approve)
        except LakonError:
            if self._good is not None and self._ahead:  # rolled back, to code that may be older than the last
                self._exchange(self._good, _all(self._good))
            raise
        self._good = new
        if self._ahead:  # where the stack saw no change of code, its functions may have had other code
            self._exchange(new, _all(new))
            self._ahead = False

    def _upload(self, new: _State) -> None:
        artifacts.upload(
            self.session, self._bucket, [archive.path for archive in new.built.archives.values()], self._reporter
        )

    def _exchange(self, state: _State, functions: dict[str, list[str]]) -> None:
        known = state.program.functions(self._target.stage)
        archives = {name: state.built.archives[name].path for name in functions}
        physical = {name: [known[function] for function in functions[name]] for name in functions}
        if self.session.local:
            for name, archive in archives.items():
                code.exchange(self.session, physical[name], self._bucket, artifacts.archive_key(archive))
        else:
            wanted = {function: archive for name, archive in archives.items() for function in physical[name]}
            code.bring(self.session, self._bucket, wanted)


def _parts(changed: dict[str, list[str]], first: Collection[str]) -> list[dict[str, list[str]]]:
    """What to exchange in one go: everything, or first what is in `first` where the others are many."""
    wanted = {archive: [name for name in names if name in first] for archive, names in changed.items()}
    others = {archive: [name for name in names if name not in first] for archive, names in changed.items()}
    if sum(map(len, others.values())) <= _MANY or not any(wanted.values()):
        return [changed] if changed else []
    return [wanted, others]


def _names(archives: dict[str, list[str]]) -> tuple[str, ...]:
    return tuple(name for names in archives.values() for name in names)


def _all(state: _State) -> dict[str, list[str]]:
    return {name: list(code.functions) for name, code in state.built.synthesis.archives.items()}

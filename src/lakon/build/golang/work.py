"""One run of `go build`: the main packages of one module, in one form, for one system."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lakon.build.golang.listing import list_packages
from lakon.build.golang.module import module_of
from lakon.build.golang.toolchain import c_compiler, toolchain
from lakon.exceptions import BuildError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakon.build.golang.inputs import Inputs
    from lakon.build.golang.listing import Listing
    from lakon.build.golang.sources import GoSource
    from lakon.report import Reporter

_PLACE = re.compile(r"^(\s*(?:package \S+: |vet: )?)([^\s:]+\.(?:go|s|c|h|mod|sum|work))(:\d+)", re.MULTILINE)
_OURS = {"-buildvcs", "-trimpath"}
_LINKED = "-ldflags=-s -w -buildid="


class Built(NamedTuple):
    """A file that Go made of a source, and what it was made from: the inputs, and the state they were in."""

    source: GoSource
    path: Path
    inputs: Inputs
    state: str


class Work:
    """Builds `sources`, which differ in nothing but their folder, into files below `folder`."""

    def __init__(self, sources: Sequence[GoSource], folder: Path, reporter: Reporter) -> None:
        self._sources = sources
        self._first = sources[0]
        self._folder = folder
        self._reporter = reporter
        self._module = module_of(self._first.folder, self._first.place)
        self._go = toolchain(self._module.go, str(self._module.root / "go.mod"))

    def run(self) -> list[Built]:
        """List, build, and say what came out. Raises BuildError with Go's own words."""
        self._say_flags()
        self._folder.mkdir()
        listings = self._list()
        states = {listing.folder: listing.inputs.state() for listing in listings.values()}
        paths = self._build(listings)
        return [
            Built(source, paths[source], listings[source].inputs, states[listings[source].folder])
            for source in self._sources
        ]

    def _say_flags(self) -> None:
        flags = [flag for flag in self._go.settings.get("GOFLAGS", "").split() if flag.partition("=")[0] not in _OURS]
        if flags:
            self._reporter.note(f"Go builds with GOFLAGS={' '.join(flags)}: other machines may make other programs")

    def _environment(self, *, cgo: bool) -> dict[str, str]:
        system = self._first.system
        environment = {"GOOS": system.name, "GOARCH": system.machine, "CGO_ENABLED": "1" if cgo else "0"}
        return environment | ({"CC": c_compiler(system), "CGO_CFLAGS": "-O2 -g0"} if cgo else {})

    def _flags(self) -> list[str]:
        return [f"-tags={','.join(self._first.build_tags)}"] if self._first.build_tags else []

    def _list(self) -> dict[GoSource, Listing]:
        folders = {source: Path(os.path.realpath(source.folder)) for source in self._sources}
        environment = {**self._environment(cgo=False), "CGO_ENABLED": "1"}
        found, said = list_packages(self._go, self._module.root, list(folders.values()), self._flags(), environment)
        for source, folder in folders.items():
            if folder not in found:
                raise BuildError("Go cannot read the program", where=str(source.folder), detail=self._readable(said))
        return {source: found[folder] for source, folder in folders.items()}

    def _build(self, listings: dict[GoSource, Listing]) -> dict[GoSource, Path]:
        cgo = self._first.form == "library" or any(listing.cgo for listing in listings.values())
        environment = self._environment(cgo=cgo)
        names = [listing.executable for listing in listings.values()]
        made: dict[GoSource, Path] = {}
        for batch in [list(listings)] if len(set(names)) == len(names) else [[source] for source in listings]:
            output = self._folder / str(len(made))
            output.mkdir()
            flags = ["-trimpath", "-buildvcs=false", _LINKED, *self._flags()]
            packages = [listings[source].import_path for source in batch]
            done = self._go.run(["build", *flags, "-o", f"{output}{os.sep}", *packages], self._module.root, environment)
            if done.returncode:
                raise self._refusal(done.stderr)
            made |= {source: output / listings[source].executable for source in batch}
        return made

    def _refusal(self, said: str) -> BuildError:
        names = " and ".join(source.folder.name for source in self._sources[:3])
        more = f" and {len(self._sources) - 3} more" if len(self._sources) > 3 else ""
        return BuildError(f"Go cannot build {names}{more}", where=self._first.place, detail=self._readable(said))

    def _readable(self, said: str) -> str:
        """Go's words, with paths relative to where the user is."""
        here = Path.cwd()

        def shown(match: re.Match[str]) -> str:
            path = (self._module.root / match[2]).resolve()
            return f"{match[1]}{path.relative_to(here) if path.is_relative_to(here) else path}{match[3]}"

        return _PLACE.sub(shown, said.strip())

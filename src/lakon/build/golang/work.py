"""One run of `go build`: the main packages of one module, in one form, for one system."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lakon.build.golang.handlers import Checker
from lakon.build.golang.listing import AWS_MODULE, OUR_MODULE, list_packages
from lakon.build.golang.module import module_of
from lakon.build.golang.overlay import START, VERSION, Overlay, other_version
from lakon.build.golang.toolchain import c_compiler, toolchain
from lakon.exceptions import BuildError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lakon.build.golang.handlers import WrongHandler
    from lakon.build.golang.inputs import Inputs
    from lakon.build.golang.listing import Listing
    from lakon.build.golang.sources import GoSource
    from lakon.report import Reporter

_PLACE = re.compile(r"^(\s*(?:package \S+: |vet: )?)([^\s:]+\.(?:go|s|c|h|mod|sum|work))(:\d+)", re.MULTILINE)
_FIRST = re.compile(r"[^\s:]+\.go:\d+")
_ENTRANCES = {f"{AWS_MODULE}/lambda", f"{OUR_MODULE}/lambda", f"{OUR_MODULE}/shim", "net"}
_NO_MAIN = re.compile(r"function main is undeclared|zz_lakon_exports_glue\.go:\d+:\d+: undefined: main\b")
_OURS = {"-buildvcs", "-trimpath"}
_LINKED = "-s -w -buildid="
_STRIPPED = " -extldflags=-s"
_DEBUGGED = ["-gcflags=all=-N -l"]
_LIBRARY = "library.so"


class Built(NamedTuple):
    """A file that Go made of a source, and what it was made from: the inputs, and the state they were in."""

    source: GoSource
    path: Path
    inputs: Inputs
    state: str


class Work:
    """Builds `sources`, which differ in nothing but their folder, into files below `folder`; `kept` is the cache."""

    def __init__(self, sources: Sequence[GoSource], folder: Path, kept: Path, reporter: Reporter) -> None:
        self._sources = sources
        self._first = sources[0]
        self._folder = folder
        self._kept = kept
        self._reporter = reporter
        self._module = module_of(self._first.folder, self._first.place)
        self._overlay = Overlay(folder)
        self._go = toolchain(self._module.go, str(self._module.root / "go.mod"))

    def run(self) -> list[Built]:
        """List, build, and say what came out. Raises BuildError with Go's own words."""
        self._say_what_counts()
        self._folder.mkdir()
        self._overlay.add_module(self._module, [source.folder for source in self._sources])
        listings = self._list()
        for source, listing in listings.items():
            self._overlay.add_glue(source, listing)
            if _ENTRANCES.isdisjoint((*listing.imports, *self._overlay.checked(listing).imports)):
                self._reporter.note(
                    f"{source.place}: {source.folder.name} never calls lambda.Start, nor does it serve HTTP"
                )
        states = {listing.folder: listing.inputs.state() for listing in listings.values()}
        paths = self._build(listings)
        return [
            Built(source, paths[source], listings[source].inputs, states[listings[source].folder])
            for source in self._sources
        ]

    def _say_what_counts(self) -> None:
        flags = [flag for flag in self._go.settings.get("GOFLAGS", "").split() if flag.partition("=")[0] not in _OURS]
        if other := other_version(self._module):
            self._reporter.note(f"go.mod asks for {OUR_MODULE} {other}: built with {VERSION}, which Lakon brings")
        if flags:
            self._reporter.note(f"Go builds with GOFLAGS={' '.join(flags)}: other machines may make other programs")

    def _environment(self, *, cgo: bool) -> dict[str, str]:
        system = self._first.system
        environment = {"GOOS": system.name, "GOARCH": system.machine, "CGO_ENABLED": "1" if cgo else "0"}
        return environment | ({"CC": c_compiler(system, self._first.place), "CGO_CFLAGS": "-O2 -g0"} if cgo else {})

    def _flags(self) -> list[str]:
        tags = self._first.build_tags
        return [*self._overlay.flags(), *([f"-tags={','.join(tags)}"] if tags else [])]

    def _list(self) -> dict[GoSource, Listing]:
        folders = {source: Path(os.path.realpath(source.folder)) for source in self._sources}
        environment = {**self._environment(cgo=False), "CGO_ENABLED": "1"}
        found, said = list_packages(self._go, self._module.root, list(folders.values()), self._flags(), environment)
        for source, folder in folders.items():
            if folder not in found:
                raise BuildError("Go cannot read the program", where=str(source.folder), detail=self._readable(said))
        return {source: found[folder] for source, folder in folders.items()}

    def _build(self, listings: dict[GoSource, Listing]) -> dict[GoSource, Path]:
        names = {listing.executable for listing in listings.values()}
        batches = [list(listings)] if len(names) == len(listings) else [[source] for source in listings]
        made: dict[GoSource, Path] = {}
        for index, batch in enumerate(batches):
            output = self._folder / f"output{index}"
            output.mkdir()
            packages = {source: listings[source] for source in batch}
            self._run(packages, output)
            made |= {source: output / self._named(listing) for source, listing in packages.items()}
        return made

    def _run(self, listings: dict[GoSource, Listing], output: Path) -> None:
        library = self._first.form == "library"
        cgo = library or any(listing.cgo for listing in listings.values())
        environment = self._environment(cgo=cgo)
        how = _DEBUGGED if self._first.debugged else ["-trimpath"]
        flags = [*how, "-buildvcs=false", *(["-buildmode=c-shared"] if library else []), *self._flags()]
        stripped = f"{_LINKED}{_STRIPPED if cgo else ''}"
        linked = f"-ldflags={'' if self._first.debugged else stripped}"
        to = str(output / _LIBRARY) if library else f"{output}{os.sep}"
        packages = [listing.import_path for listing in listings.values()]
        command = ["build", linked, *flags, "-o", to, *packages]
        with ThreadPoolExecutor(1) as pool:
            checking = pool.submit(self._check, listings, flags, environment)
            done = self._go.run(command, self._module.root, environment)
        if done.returncode:
            raise self._refusal(done.stderr)
        self._refuse(checking.result())

    def _check(
        self, listings: dict[GoSource, Listing], flags: Sequence[str], environment: Mapping[str, str]
    ) -> list[WrongHandler]:
        """Read the handlers' types while Go builds: its linker leaves most of the machine to others."""
        packages = {local.import_path: local for listing in listings.values() for local in listing.local}
        packages |= {listing.import_path: self._overlay.checked(listing) for listing in listings.values()}
        return Checker(self._go, self._kept).check(packages.values(), self._module.root, flags, environment)

    def _refuse(self, wrong: Sequence[WrongHandler]) -> None:
        if not wrong:
            return
        places = [f"{self._shown(each.file)}:{each.line}" for each in wrong]
        if len(wrong) == 1:
            raise BuildError(wrong[0].what, where=places[0], hint=f"{wrong[0].hint[0].upper()}{wrong[0].hint[1:]}.")
        detail = "\n".join(f"{place}: {each.what} ({each.hint})" for place, each in zip(places, wrong, strict=True))
        raise BuildError(f"{len(wrong)} handlers cannot be", where=self._first.place, detail=detail)

    def _named(self, listing: Listing) -> str:
        if self._first.form == "library":
            return _LIBRARY
        return listing.executable.removesuffix(".exe") + (".exe" if self._first.system.name == "windows" else "")

    def _refusal(self, said: str) -> BuildError:
        names = " and ".join(source.folder.name for source in self._sources[:3])
        more = f" and {len(self._sources) - 3} more" if len(self._sources) > 3 else ""
        readable = self._readable(said)
        place = _FIRST.search(readable)
        where = place[0] if place else self._first.place
        if _NO_MAIN.search(said):
            return BuildError("the program has no main function", where=str(self._first.folder), hint=START)
        return BuildError(f"Go cannot build {names}{more}", where=where, detail=readable)

    def _readable(self, said: str) -> str:
        """Go's words, with paths relative to where the user is."""
        return _PLACE.sub(lambda match: f"{match[1]}{self._shown(match[2])}{match[3]}", said.strip())

    def _shown(self, file: str) -> str:
        path, here = (self._module.root / file).resolve(), Path.cwd()
        return str(path.relative_to(here) if path.is_relative_to(here) else path)

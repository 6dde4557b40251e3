"""The archives that a template asks for, made: Python projects one by one, Go programs all at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from lakon.build.packing import folder_files, pack, program_file
from lakon.build.python import PythonSource, build_python
from lakon.build.tool import Platform
from lakon.interpreters import for_this_machine
from lakon.runtime.child import library_file
from lakon.synth.archives import GoCode, PythonCode, WebCode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakon.build.archive import Archive
    from lakon.build.golang.sources import Form, GoSource
    from lakon.commands.program import Program
    from lakon.model.code import GoProgram
    from lakon.model.golibrary import GoLibrary
    from lakon.model.origin import Origin
    from lakon.report import Reporter
    from lakon.synth.archives import AnyCode
    from lakon.synth.synthesis import Synthesis


def build_archives(
    program: Program, synthesis: Synthesis, output: Path, reporter: Reporter, *, host: bool
) -> dict[str, Archive]:
    """Build every archive that the template names, into `output`; `host` asks for code that runs on this machine.

    Raises BuildError.
    """
    making = _Making(program, synthesis, output, reporter, host)
    return {name: archive for parameter in synthesis.archives for name, archive in making.archives(parameter).items()}


def debugged_archive(
    program: Program, code: GoProgram, origin: Origin, bootstrap: Path, output: Path, reporter: Reporter
) -> Archive:
    """The archive of a Go function for a debugger on this machine: `bootstrap` starts the `program` beside it."""
    from lakon.build.golang.sources import GoSource  # not for programs without Go
    from lakon.build.golang.system import this_machine

    place, folder = origin.place(str(program.root)), _folder(code.source, origin)
    source = GoSource(folder, "program", this_machine(), code.build_tags, place, debugged=True)
    files = [program_file("bootstrap", bootstrap), program_file("program", _built([source], reporter)[source])]
    return pack(files, output, reporter)


class _Making:
    def __init__(self, program: Program, synthesis: Synthesis, output: Path, reporter: Reporter, host: bool) -> None:
        self._program = program
        self._synthesis = synthesis
        self._output = output
        self._reporter = reporter
        self._host = host
        sources = [source for code in synthesis.archives.values() for source in self._sources(code)]
        self._made = _built(sources, reporter)

    def archives(self, parameter: str) -> dict[str, Archive]:
        """The archive of a parameter, with the layer that comes beside it."""
        code = self._synthesis.archives[parameter]
        match code:
            case PythonCode():
                return self._project(parameter, code)
            case GoCode():
                return {parameter: self._go(code)}
            case WebCode():
                return {parameter: self._web(code)}
        assert_never(code)

    def _sources(self, code: AnyCode) -> list[GoSource]:
        match code:
            case PythonCode():
                return [self._library(library, code) for library in code.libraries]
            case GoCode(program=program, origin=origin):
                return [self._source(program.source, origin, _form(program), code, program.build_tags)]
            case WebCode():
                return []
        assert_never(code)

    def _library(self, library: GoLibrary, code: PythonCode) -> GoSource:
        return self._source(library.source, library.origin, "library", code, library.build_tags)

    def _source(self, source: str, origin: Origin, form: Form, code: AnyCode, build_tags: tuple[str, ...]) -> GoSource:
        from lakon.build.golang.sources import GoSource  # not for programs without Go
        from lakon.build.golang.system import lambda_system

        system = lambda_system(code.architecture, host=self._host)
        return GoSource(_folder(source, origin), form, system, build_tags, self._place(origin))

    def _place(self, origin: Origin) -> str:
        return origin.place(str(self._program.root))

    def _platform(self, code: AnyCode) -> Platform:
        python = self._program.service.python
        return Platform(for_this_machine(python) if self._host else python, code.architecture, host=self._host)

    def _project(self, parameter: str, code: PythonCode) -> dict[str, Archive]:
        service = self._program.service
        source = PythonSource(
            root=self._program.root,
            platform=self._platform(code),
            include=service.include,
            exclude=service.exclude,
            layer=service.layer,
            others=tuple(self._others()),
            more=tuple(
                program_file(library_file(library.name), self._made[self._library(library, code)])
                for library in code.libraries
            ),
        )
        built = build_python(source, self._output, self._reporter)
        layers = {architecture: name for name, architecture in self._synthesis.layers.items()}
        return {parameter: built.code} | ({layers[code.architecture]: built.layer} if built.layer else {})

    def _others(self) -> Iterator[Path]:
        """The folders of what is not Python."""
        for library in self._program.service.libraries:
            yield _folder(library.source, library.origin)
        for code in self._synthesis.archives.values():
            if not isinstance(code, PythonCode):
                yield _folder(code.program.source, code.origin)

    def _go(self, code: GoCode) -> Archive:
        [source] = self._sources(code)
        name = "bootstrap.so" if source.form == "library" else "bootstrap"
        files = [program_file(name, self._made[source])]
        if code.program.engine == "runtime":
            return pack(files, self._output, self._reporter)
        starter = "web" if code.program.http else code.program.engine
        return pack(files, self._output, self._reporter, starter=(starter, self._platform(code)))

    def _web(self, code: WebCode) -> Archive:
        files = folder_files(_folder(code.program.source, code.origin), self._place(code.origin))
        return pack(files, self._output, self._reporter, starter=("web", self._platform(code)))


def _folder(source: str, origin: Origin) -> Path:
    """A source's folder: relative to the file that declares it."""
    return (Path(origin.file).parent / source).resolve()


def _form(program: GoProgram) -> Form:
    if program.engine == "inprocess":
        return "library"
    return "sidecar" if program.engine == "sidecar" and program.http is None else "program"


def _built(sources: Sequence[GoSource], reporter: Reporter) -> dict[GoSource, Path]:
    if not sources:
        return {}
    from lakon.build.golang.building import build_go  # not for programs without Go

    return build_go(sources, reporter)

"""The archives that a template asks for: which code each holds, for which functions, by which parameter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from lakon.model.code import GoProgram, PythonHandler, WebProgram
from lakon.model.names import logical_id

if TYPE_CHECKING:
    from lakon.model.function import Function
    from lakon.model.golibrary import GoLibrary
    from lakon.model.origin import Origin
    from lakon.model.service import Service


@dataclass(frozen=True, slots=True)
class PythonCode:
    """The Python project, with the Go libraries that it calls, for the Python functions of an architecture."""

    architecture: str
    functions: tuple[str, ...]
    libraries: tuple[GoLibrary, ...]


@dataclass(frozen=True, slots=True)
class GoCode:
    """The Go program of one function."""

    architecture: str
    functions: tuple[str, ...]
    program: GoProgram
    origin: Origin


@dataclass(frozen=True, slots=True)
class WebCode:
    """The folder of one function's HTTP server."""

    architecture: str
    functions: tuple[str, ...]
    program: WebProgram
    origin: Origin


AnyCode = PythonCode | GoCode | WebCode


def archive_parameter(function: Function) -> str:
    """The template parameter that names a function's archive: one for Python functions of an architecture."""
    match function.code:
        case PythonHandler():
            return "PythonArchive" if function.architecture == "x86_64" else "PythonArm64Archive"
        case GoProgram() | WebProgram():
            return logical_id(function.name, "Archive")
    assert_never(function.code)


def archives(service: Service) -> dict[str, AnyCode]:
    """What each parameter's archive holds."""
    found: dict[str, AnyCode] = {}
    for function in service.functions:
        parameter, architecture, code = archive_parameter(function), function.architecture, function.code
        before = found.get(parameter)
        names = (*(before.functions if before else ()), function.name)
        match code:
            case PythonHandler():
                found[parameter] = PythonCode(architecture, names, tuple(service.libraries))
            case GoProgram():
                found[parameter] = GoCode(architecture, names, code, function.origin)
            case WebProgram():
                found[parameter] = WebCode(architecture, names, code, function.origin)
            case _:
                assert_never(code)
    return dict(sorted(found.items()))


def about(code: AnyCode) -> str:
    """The description of an archive's parameter."""
    match code:
        case PythonCode():
            return f"Key of the code for Python on {code.architecture}"
        case GoCode() | WebCode():
            return f"Key of the code of {code.functions[0]} for {code.architecture}"
    assert_never(code)

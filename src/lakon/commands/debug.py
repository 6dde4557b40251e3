"""A function under a debugger: its part of the template, or its archive, changed for the embedded AWS alone."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, assert_never

from lakon.commands import names
from lakon.commands.archives import debugged_archive
from lakon.exceptions import UsageError
from lakon.interpreters import for_this_machine
from lakon.local import debugger, delve
from lakon.model.code import GoProgram, PythonHandler, WebProgram
from lakon.model.names import logical_id
from lakon.settings import project_state
from lakon.synth.archives import archive_parameter

if TYPE_CHECKING:
    from pathlib import Path

    from lakon.commands.build import Build
    from lakon.commands.program import Program
    from lakon.report import Reporter

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Debugged:
    """Which function a debugger can be attached to, and the loopback port it listens on."""

    function: str
    port: int = 5678


def check_port(debugged: Debugged) -> None:
    """UsageError when somebody else listens where the debugger shall."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", debugged.port))
        except OSError as error:
            raise UsageError(
                f"the debugger cannot listen on port {debugged.port}: {error.strerror}",
                hint="Another program has it, perhaps another `lakon dev`. Choose one that is free: --debug-port.",
            ) from error


def with_debugger(program: Program, built: Build, debugged: Debugged, stage: str, reporter: Reporter) -> Build:
    """What was built, with the function under a debugger: no timeout to speak of, and one environment.

    Python runs under debugpy, Go under Delve. UsageError when the program has no such function, or one that has no
    debugger; LocalError when the debugger is not installed and cannot be.
    """
    names.functions(program, stage, [debugged.function])
    [function] = [each for each in program.service.functions if each.name == debugged.function]
    place = project_state(program.root) / "debugger" / f"{stage}-{debugged.function}"
    template: dict[str, Any] = json.loads(built.synthesis.text)  # a template holds anything
    properties = template["Resources"][logical_id(debugged.function, "Function")]["Properties"]
    properties["Timeout"] = _DAY
    properties["ReservedConcurrentExecutions"] = 1
    archives = dict(built.archives)
    match function.code:
        case PythonHandler():
            wrapper = str(_wrapper(program, place, debugged.port, reporter))
            properties.setdefault("Environment", {}).setdefault("Variables", {})["AWS_LAMBDA_EXEC_WRAPPER"] = wrapper
        case GoProgram(engine="runtime") as code:
            bootstrap = delve.bootstrap(place, debugged.port)
            made = debugged_archive(program, code, function.origin, bootstrap, built.folder, reporter)
            archives[archive_parameter(function)] = made
        case GoProgram() | WebProgram():
            raise UsageError(
                f"{debugged.function!r} runs beside Python, where no debugger reaches it",
                where=function.origin.place(str(program.root)),
                hint='A Go program can be debugged with engine="runtime": it is the same under every engine.',
            )
        case _:
            assert_never(function.code)
    return replace(built, synthesis=replace(built.synthesis, text=json.dumps(template)), archives=archives)


def _wrapper(program: Program, place: Path, port: int, reporter: Reporter) -> Path:
    python = for_this_machine(program.service.python)
    sources = [folder for folder in (program.root / "src", program.root) if folder.is_dir()]
    if debugger.installed(python):
        return debugger.wrapper(place, python, port, sources)
    with reporter.step(f"installing {debugger.DEBUGPY}"):
        return debugger.wrapper(place, python, port, sources)

"""A function under a debugger: its part of the template, changed for the embedded AWS alone."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lakon.commands import names
from lakon.exceptions import UsageError
from lakon.interpreters import for_this_machine
from lakon.local import debugger
from lakon.model.code import PythonHandler
from lakon.model.names import logical_id
from lakon.settings import project_state

if TYPE_CHECKING:
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
    """What was built, with the function started under debugpy: no timeout to speak of, and one environment.

    UsageError when the program has no such function, LocalError when debugpy cannot be installed.
    """
    names.functions(program, stage, [debugged.function])
    [function] = [each for each in program.service.functions if each.name == debugged.function]
    if not isinstance(function.code, PythonHandler):
        raise UsageError(
            f"{debugged.function!r} is not in Python, and the debugger is Python's",
            where=function.origin.place(str(program.root)),
            hint="Run its own code under its own debugger: for Go, `dlv test` in the program's folder.",
        )
    python = for_this_machine(program.service.python)
    sources = [folder for folder in (program.root / "src", program.root) if folder.is_dir()]
    place = project_state(program.root) / "debugger" / f"{stage}-{debugged.function}"
    if debugger.installed(python):
        wrapper = debugger.wrapper(place, python, debugged.port, sources)
    else:
        with reporter.step(f"installing {debugger.DEBUGPY}"):
            wrapper = debugger.wrapper(place, python, debugged.port, sources)
    template: dict[str, Any] = json.loads(built.synthesis.text)  # a template holds anything
    properties = template["Resources"][logical_id(debugged.function, "Function")]["Properties"]
    properties["Timeout"] = _DAY
    properties["ReservedConcurrentExecutions"] = 1
    properties.setdefault("Environment", {}).setdefault("Variables", {})["AWS_LAMBDA_EXEC_WRAPPER"] = str(wrapper)
    return replace(built, synthesis=replace(built.synthesis, text=json.dumps(template)))

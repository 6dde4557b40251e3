"""Checks of code in other languages than Python: engines, sources, servers. That sources exist, the build says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lakon.model.code import GoProgram
from lakon.synth.checks.mistakes import are_texts, spelled

if TYPE_CHECKING:
    from lakon.model.code import HttpServer, WebProgram
    from lakon.model.function import Function
    from lakon.model.origin import Origin
    from lakon.model.service import Service
    from lakon.synth.checks.mistakes import Mistakes

ENGINES = ("runtime", "sidecar", "inprocess")
LIBRARY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
TAG = re.compile(r"[A-Za-z0-9_.]+")


def check_libraries(service: Service, mistakes: Mistakes) -> None:
    """The Go libraries of the service."""
    names: dict[str, Origin] = {}
    for library in service.libraries:
        mistakes.unless(
            spelled(LIBRARY_NAME, library.name),
            library.origin,
            f"a Go library is named {library.name!r}",
            "a name has letters, digits, hyphens and underscores",
        )
        first = names.setdefault(str(library.name), library.origin)
        mistakes.unless(
            first is library.origin,
            library.origin,
            f"two Go libraries are named {library.name!r}",
            f"rename this one: the first stands at {mistakes.place(first)}",
        )
        _check_source(f"the Go library {library.name!r}", library.source, library.origin, mistakes)
        _check_tags(f"the Go library {library.name!r}", library.build_tags, library.origin, mistakes)


def check_program(function: Function, program: GoProgram | WebProgram, mistakes: Mistakes) -> None:
    """What `go_function` and `web_function` were told."""
    origin, name = function.origin, repr(function.name)
    _check_source(name, program.source, origin, mistakes)
    if program.http is not None:
        _check_server(name, program.http, origin, mistakes)
    if isinstance(program, GoProgram):
        _check_engine(function, program, mistakes)
        _check_tags(name, program.build_tags, origin, mistakes)
    else:
        mistakes.unless(
            bool(program.command) and are_texts(program.command),
            origin,
            f"the command of {name} is {program.command!r:.60}",
            'a command is a program and its arguments: ["./server", "--port", "{port}"]',
        )
    mistakes.unless(
        not (isinstance(program, GoProgram) and program.engine == "runtime" and function.snap_start is True),
        origin,
        f"{name} has snap_start, and runs without the Python runtime",
        'Lambda keeps no snapshots of provided.al2023: write engine="sidecar", or leave snap_start out',
    )


def _check_engine(function: Function, program: GoProgram, mistakes: Mistakes) -> None:
    name, origin = function.name, function.origin
    mistakes.unless(
        program.engine in ENGINES,
        origin,
        f"the engine of {name!r} is {program.engine!r}",
        'it is "runtime", "sidecar" or "inprocess"',
    )
    mistakes.unless(
        program.protocol in ("lambda", "http"),
        origin,
        f"the protocol of {name!r} is {program.protocol!r}",
        'it is "lambda" or "http"',
    )
    mistakes.unless(
        program.http is None or program.protocol != "lambda",
        origin,
        f"{name!r} has a port or a socket, and serves no HTTP",
        'a program that listens has protocol="http"',
    )
    mistakes.unless(
        program.protocol != "http" or program.engine == "sidecar",
        origin,
        f'{name!r} has protocol="http" and the engine {program.engine!r}',
        'a server of HTTP runs beside the Python runtime: write engine="sidecar"',
    )


def _check_source(name: str, source: object, origin: Origin, mistakes: Mistakes) -> None:
    mistakes.unless(
        isinstance(source, str) and bool(source.strip()),
        origin,
        f"the source of {name} is {source!r:.60}",
        'a source is a folder, relative to the file that declares it: source="./thumbnail"',
    )


def _check_tags(name: str, tags: object, origin: Origin, mistakes: Mistakes) -> None:
    mistakes.unless(
        isinstance(tags, tuple) and all(spelled(TAG, tag) for tag in tags),
        origin,
        f"build_tags of {name} is {tags!r:.60}",
        'build tags are words: build_tags=["prod"]',
    )


def _check_server(name: str, server: HttpServer, origin: Origin, mistakes: Mistakes) -> None:
    mistakes.unless(
        isinstance(server.ready, str) and server.ready.startswith("/") and server.ready.isprintable(),
        origin,
        f"the path that tells when {name} is ready is {server.ready!r:.60}",
        'a path begins with a slash: ready="/health"',
    )
    if server.port is not None:
        mistakes.within(origin, f"port of {name}", server.port, 1024, 65_535)
    mistakes.unless(
        isinstance(server.socket, bool) and not (server.socket and server.port is not None),
        origin,
        f"{name} has port {server.port!r} and socket {server.socket!r}",
        "a server listens on a port, or on a Unix socket: socket=True",
    )

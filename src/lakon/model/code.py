"""What a function runs. Ships into Lambda."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lakon.model.routes import FrontDoor


class PythonHandler:
    """A callable of the program, under the managed Python runtime."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[..., object]) -> None:
        self.call = call


class ApiHandler(PythonHandler):
    """A front door as the handler of its own function: Lambda finds it by the name that it is bound to."""

    __slots__ = ()

    if TYPE_CHECKING:
        call: FrontDoor

        def __init__(self, call: FrontDoor) -> None: ...


class AuthorizerHandler(PythonHandler):
    """A handler that decides who may call a route: Lakon's runtime calls it, and turns its answer into the API's."""

    __slots__ = ()


class HttpServer:
    """How a server that runs beside the Python runtime is reached: where it listens, and the path that says ready."""

    __slots__ = ("port", "ready", "socket")

    def __init__(self, ready: str, port: int | None, socket: bool) -> None:
        self.ready = ready
        self.port = port
        self.socket = socket


class GoProgram:
    """A Go program, from the folder `source` of its main package, under one of the engines.

    `http` says how it is reached where it serves HTTP; None where it takes events.
    """

    __slots__ = ("build_tags", "engine", "http", "protocol", "source")

    def __init__(
        self, source: str, engine: str, protocol: str, http: HttpServer | None, build_tags: tuple[str, ...]
    ) -> None:
        self.source = source
        self.engine = engine
        self.protocol = protocol
        self.http = http
        self.build_tags = build_tags


class WebProgram:
    """Any HTTP server, started by `command` in the folder `source`, beside the managed Python runtime."""

    __slots__ = ("command", "http", "source")

    def __init__(self, command: tuple[str, ...], source: str, http: HttpServer) -> None:
        self.command = command
        self.source = source
        self.http = http


Code = PythonHandler | GoProgram | WebProgram

"""Declaring functions: the methods of `service` that make one. Ships into Lambda."""

from __future__ import annotations

from lakon.model.code import GoProgram, HttpServer, PythonHandler, WebProgram
from lakon.model.declared import Declared
from lakon.model.function import Function
from lakon.model.names import several
from lakon.model.origin import caller
from lakon.model.values import Declaring

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Literal, TypeVar, Unpack, overload

    from lakon.model.code import Code
    from lakon.model.function import FunctionOptions
    from lakon.model.golibrary import GoLibrary
    from lakon.model.origin import Origin

    Handler = TypeVar("Handler", bound=Callable[..., object])


class Functions(Declared):
    """The functions of a service."""

    __slots__ = ()

    if TYPE_CHECKING:

        @overload
        def function(self, handler: Handler, /) -> Handler: ...

        @overload
        def function(
            self, /, *, name: str | None = None, **options: Unpack[FunctionOptions]
        ) -> Callable[[Handler], Handler]: ...

    def function(
        self,
        handler: Callable[..., object] | None = None,
        /,
        *,
        name: str | None = None,
        **options: Unpack[FunctionOptions],
    ) -> Callable[..., object]:
        """Declare the decorated `(event, context)` handler as a Lambda function, and return it unchanged.

        name: as in commands and in its name in AWS, `<stack>-<name>`; the handler's own name by default.
        on: what calls it: one trigger or several.
        uses: what it may touch, and nothing else: grants of handles, `lakon.allow(...)`, `lakon.invoke(...)`.
        memory: MB, 128 to 10,240. timeout: seconds, 1 to 900.
        env: environment variables; values may be attributes of handles.
        alarms: `lakon.errors()`, `lakon.throttles()`, `lakon.duration(p99="15s")`.
        architecture: `"x86_64"` or `"arm64"`; the service's by default.
        ephemeral_storage: size of `/tmp` in MB, 512 to 10,240.
        reserved_concurrency: how many environments it may have at once, and has for itself.
        vpc: `lakon.Vpc(subnets=[...], security_groups=[...])`. layers: ARNs of at most five layer versions.
        tracing: record with X-Ray. log_format: `"text"` or `"json"`; log_level: lowest level kept in JSON logs
        (`"TRACE"` to `"FATAL"`). log_retention_days: one of the lengths that CloudWatch Logs knows.
        kms_key: ARN of a key that encrypts the environment variables.
        dead_letters: queue or topic, or its ARN, for asynchronous events that failed for good.
        retries: how often a failed asynchronous event is tried again, 0 to 2. max_event_age: seconds, 60 to 21,600.
        on_success, on_failure: queue or topic, or the ARN of any destination, told how asynchronous events ended.
        snap_start: keep a snapshot of the initialised function for each version that is published.
        traffic: how calls move to new code: `lakon.Canary(10, minutes=5)`, `lakon.Linear(...)`, `lakon.AllAtOnce()`.
        What calls the function calls its alias `live` then, and its alarms take the calls back.
        provisioned_concurrency: how many environments of the alias `live` wait, initialised.
        url: True for a function URL that takes signed requests, or `lakon.Url(auth="public", ...)`.
        physical_name: what it is called in AWS where that is not `<stack>-<name>`: the name of one that exists and is
        adopted. Another stage needs another: `physical_name="price" if service.stage == "prod" else None`.

        See `AWS::Lambda::Function` in the CloudFormation reference. Values out of range are not refused here but by
        the commands, all at once.
        """
        origin = caller()

        def declare(handler: Callable[..., object]) -> Callable[..., object]:
            named = str(getattr(handler, "__name__", "")) if name is None else name
            self._declare(PythonHandler(handler), named, origin, options)
            return handler

        return declare if handler is None else declare(handler)

    def go_function(
        self,
        name: str,
        *,
        source: str,
        engine: Literal["runtime", "sidecar", "inprocess"] = "runtime",
        protocol: Literal["lambda", "http"] = "lambda",
        ready: str = "/",
        port: int | None = None,
        socket: bool = False,
        build_tags: str | Sequence[str] = (),
        **options: Unpack[FunctionOptions],
    ) -> Function:
        """Declare a Go program as a Lambda function; what is returned stands for it in `lakon.invoke(...)`.

        source: the folder of its main package, relative to the file that declares it. It calls `lambda.Start` of
        aws-lambda-go or of Lakon's own module, or it has no `main` and exports `Handle`.
        engine: `"runtime"`, a program of its own on `provided.al2023`; `"sidecar"`, the same program as a child of the
        managed Python runtime; `"inprocess"`, a shared library inside it.
        protocol: `"http"` for a sidecar that serves HTTP instead; see `web_function` for ready, port and socket.
        build_tags: build constraints that hold, as of `go build -tags`.
        options: as of `function`.
        """
        listens = protocol != "lambda" or port is not None or socket
        http = HttpServer(ready, port, socket) if listens else None
        code = GoProgram(source, engine, protocol, http, several(build_tags))
        return self._declare(code, name, caller(), options)

    def web_function(
        self,
        name: str,
        command: str | Sequence[str],
        *,
        source: str,
        ready: str = "/",
        port: int | None = None,
        socket: bool = False,
        **options: Unpack[FunctionOptions],
    ) -> Function:
        """Declare an HTTP server, in any language, as a Lambda function: events become requests, and answers come back.

        command: what starts it, a program and its arguments, in the folder `source`, relative to the file that
        declares it, all of which goes into the archive. On AWS the program lies there, or is a part of the image of the
        Python runtime, as `python3` and `sh` are. `{port}` and `{socket}` in it stand for where it is to listen;
        variables of the environment tell it, too: `PORT` and `SOCKET`.
        ready: the path that answers, with anything below 500, once the server can be used.
        port: the loopback port it listens on where it cannot be told; without one, one that is free.
        socket: whether it listens on a Unix socket instead.
        options: as of `function`.
        """
        code = WebProgram(several(command), source, HttpServer(ready, port, socket))
        return self._declare(code, name, caller(), options)

    def go_library(self, name: str, *, source: str, build_tags: str | Sequence[str] = ()) -> GoLibrary:
        """A Go program whose handlers Python calls in its own process: `fast.call("Parse", payload)`.

        source, build_tags: as of `go_function`. It goes into the archive of the service's Python functions.
        """
        from lakon.model.golibrary import GoLibrary  # of no use to most programs

        library = GoLibrary(name, caller(), source, several(build_tags))
        self.libraries.append(library)
        return library

    def _declare(self, code: Code, name: str, origin: Origin, options: FunctionOptions) -> Function:
        """Add a function; what it does not say itself, the service says for it."""
        function = Function(code, name, origin, options)
        if function.architecture is None:
            function.architecture = self.architecture
        if function.log_retention_days is None:
            function.log_retention_days = self.log_retention_days
        function.env = _merged(self.env, function.env)
        function.tags = _merged(self.tags, function.tags)
        if function.physical_name is not None and Declaring.depth:
            self.stage_asked = Declaring.stage  # which that name does not tell
        self.functions.append(function)
        return function


def _merged(common: Mapping[str, str], own: Mapping[str, str] | None) -> Mapping[str, str]:
    """What holds for all functions and what one says itself; what is no mapping is left for the commands to refuse."""
    if own is not None and not hasattr(own, "keys"):
        return own
    return {**(common if hasattr(common, "keys") else {}), **(own or {})}

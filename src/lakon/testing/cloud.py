"""A provisioned service as tests see it."""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lakon.commands import program as programs
from lakon.commands.delete import delete
from lakon.commands.fronts import fronts
from lakon.commands.logs import logs
from lakon.commands.places import aws_folder
from lakon.commands.provision import provision
from lakon.commands.stages import settled
from lakon.exceptions import InvocationError, UsageError
from lakon.local import daemon
from lakon.provision.invocation import invoke
from lakon.provision.status import status
from lakon.report import Silent
from lakon.settings import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from lakon.commands.program import Program
    from lakon.commands.provision import Provisioned

T = TypeVar("T")

_PAUSE = 0.02
_FAILURES = ("[ERROR]", "Task timed out after ", "Runtime exited ")


class Local:
    """Makes clouds in one embedded AWS, whose state is in `folder`; it ends with the process `owner_pid`."""

    def __init__(self, folder: Path, owner_pid: int) -> None:
        self._folder = folder
        self._owner_pid = owner_pid
        self._stages = count(1)

    def __call__(
        self, app: str | Path = "app.py", *, stage: str | None = None, parameters: Mapping[str, str] | None = None
    ) -> AbstractContextManager[Cloud]:
        """Provision the program `app`, a path relative to the calling file, and delete it at the end of the block.

        `parameters` are the values of the service's inputs, beside those of its stage in pyproject.toml.
        """
        return self._provisioned(_resolve(Path(app)), stage, parameters or {})

    @contextmanager
    def _provisioned(self, app: Path, stage: str | None, parameters: Mapping[str, str]) -> Iterator[Cloud]:
        name = stage or f"test{next(self._stages)}"
        target = settled(Target(stage=name, local=True, state=self._folder, parameters=parameters), app)
        program = programs.load(app, target.stage)
        provisioned = provision(program, target, Silent(), owner_pid=self._owner_pid)
        try:
            yield Cloud(program, target, provisioned)
        finally:
            delete(program, target, Silent(), keep_running=True)

    def stop(self) -> None:
        """End the embedded AWS, if it was ever started."""
        daemon.stop(self._folder / "aws")


def _resolve(app: Path) -> Path:
    calling = Path(sys._getframe(2).f_code.co_filename).parent
    beside = (calling / app).resolve()
    if not beside.is_file():
        raise UsageError(f"there is no program {app} beside the test", where=str(calling))
    return beside


class Cloud:
    """A service in the embedded AWS: its stack is there, its triggers are live, its functions are real processes.

    Clients of AWS are attributes named as boto3 names the services, `cloud.s3`, `cloud.dynamodb`, or come from
    `cloud.client("cognito-idp")`. They are ordinary boto3 clients. (CloudWatch Logs is `cloud.client("logs")`, for
    `cloud.logs` reads the functions' own.)
    """

    def __init__(self, program: Program, target: Target, provisioned: Provisioned) -> None:
        self._program = program
        self._target = target
        self._session = provisioned.session
        self._functions = provisioned.functions
        self._folder = aws_folder(program, target)
        self._clients: dict[str, Any] = {}
        self.stack = provisioned.outcome.stack
        self.outputs: Mapping[str, str] = provisioned.outcome.outputs

    @property
    def endpoint_url(self) -> str:
        """Where the embedded AWS answers, for tools and SDKs of your own."""
        return str(self._session.target.endpoint_url)

    def client(self, service: str) -> Any:
        """A boto3 client of the service, made once."""
        if service not in self._clients:
            self._clients[service] = self._session.plain(service)
        return self._clients[service]

    def __getattr__(self, service: str) -> Any:
        """`cloud.s3` is `cloud.client("s3")`; Python's names with underscores stand for boto3's with hyphens."""
        if service.startswith("_"):
            raise AttributeError(service)
        return self.client(service.replace("_", "-"))

    def name(self, name: str) -> str:
        """The physical name of a function, or of a resource: what its environment variable holds.

        That is a bucket's or table's name, a queue's URL, a topic's or secret's ARN; for `service.resource(...)` what
        `Ref` gives. UsageError when the program declares nothing of that name.
        """
        for resource in self._program.service.resources:
            if resource.id != name:
                continue
            named = [resource.logical_id + attribute.capitalize() for attribute in resource.told[:1]]
            return next((self.outputs[one] for one in named if one in self.outputs), "") or self._physical(
                resource.logical_id
            )
        if name in self._functions:
            return self._functions[name]
        raise UsageError(f"the program declares nothing named {name!r}")

    def url(self, name: str) -> str:
        """The address of an API, a site, or a function with one, on this machine: `cloud.url("public")`.

        UsageError when the program declares no front door of that name.
        """
        for front in fronts(self._program, self._target):
            if front.name == name:
                return front.url
        raise UsageError(f"the program declares no front door named {name!r}")

    def _physical(self, name: str) -> str:
        stack = status(self._session, self.stack)
        return next(str(each.physical_id) for each in stack.resources if each.logical_id == name)

    def invoke(self, function: str, payload: object = None) -> Any:
        """Call a function with a payload (`{}` if None) and return what it answered.

        InvocationError, with the end of its log, when it answered with an error.
        """
        data = json.dumps({} if payload is None else payload).encode()
        answer = invoke(self._session, self._function(function), data)
        if answer.error:
            raise InvocationError(f"{function} failed: {answer.payload.decode()}", detail=answer.log)
        return json.loads(answer.payload) if answer.payload else None

    def logs(self, function: str) -> list[str]:
        """All records that a function has written since it was provisioned, in the order of time.

        Waits, for at most three seconds, until no invocation is under way and all that was written can be read. An
        event that still lies in a queue has not begun: use `wait_for` to wait for what it brings about.
        """
        self._function(function)
        daemon.settle(self._folder)
        return [line.message for line in logs(self._program, self._session.target, [function], since=86_400.0)]

    def errors(self, function: str) -> list[str]:
        """The records of a function's log that tell of errors: exceptions, timeouts, exits, logged errors."""
        return [line for line in self.logs(function) if _tells_of_error(line)]

    def wait_for(self, look: Callable[[], T], *, timeout: float = 30.0) -> T:
        """Call `look` until it neither raises nor answers with nothing (None, False, empty); return its answer.

        After `timeout` seconds, what it last raised is raised again, or TimeoutError. Errors of functions that were
        logged meanwhile are told with it.
        """
        deadline = time.monotonic() + timeout
        while True:
            try:
                found = look()
                if found:
                    return found
                failure: Exception = TimeoutError(f"nothing came within {timeout:g} s")
            except Exception as error:  # noqa: BLE001 - that it is not there yet shows as any exception
                failure = error
            if time.monotonic() > deadline:
                for function in self._functions:
                    for line in self.errors(function):
                        failure.add_note(f"{function}: {line}")
                raise failure
            time.sleep(_PAUSE)

    def _function(self, name: str) -> str:
        if name not in self._functions:
            raise UsageError(f"the program declares no function named {name!r}")
        return self._functions[name]


def _tells_of_error(line: str) -> bool:
    if any(mark in line for mark in _FAILURES):
        return True
    try:
        record = json.loads(line)
    except ValueError:
        return False
    return isinstance(record, dict) and record.get("level") in ("ERROR", "CRITICAL", "FATAL")

"""The emulator's process: bind, take the emulator's Lambda over, serve, save.

Settings arrive in the environment: LAKON_PORT (preferred), LAKON_HOST_PORT, LAKON_PASSING (the descriptor of a Unix
socket that connections are passed on by), LAKON_ARCHIVES, LAKON_EVENTS (file of the
events that were not done), LAKON_MINUTE (see `async_queue`), LAKON_CONCURRENCY (the account's concurrent executions),
LAKON_CLEAN (file written after a good save). The bound port is told on standard output; the process ends, state saved,
when its standard input closes.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import socket
import sys
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from uuid import uuid4

from lakon.local.inside import seam, stacks
from lakon.local.inside.admission import Admissions
from lakon.local.inside.async_queue import AsyncQueue, Event
from lakon.local.inside.concurrency import Concurrency
from lakon.local.inside.destinations import Destinations
from lakon.local.inside.door import DoorLoop
from lakon.local.inside.front import Front
from lakon.local.inside.invoke_api import InvokeApi
from lakon.local.inside.invoker import Asked, Invoker, trace_id
from lakon.local.inside.link import Link
from lakon.local.inside.pace import tune
from lakon.local.inside.provisioning import Provisioning
from lakon.local.inside.records import Records
from lakon.local.inside.triggers import Triggers

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakon.local.inside.link import Json

_SHUTDOWN_LIMIT = 8.0
_PENDING = 0.05  # seconds


class SaveErrors(logging.Handler):
    """Remembers whether the emulator reported that it could not save or load its state."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen = False

    def emit(self, record: logging.LogRecord) -> None:  # noqa: ARG002 - the handler's parameter
        """Something went wrong."""
        self.seen = True


def main() -> NoReturn:
    """Run until standard input closes."""
    tune()
    listener = _bind(int(os.environ["LAKON_PORT"]))
    port = listener.getsockname()[1]
    os.environ["GATEWAY_PORT"] = str(port)
    os.environ["LAMBDA_ACCOUNT_CONCURRENCY"] = os.environ["LAKON_CONCURRENCY"]
    errors = SaveErrors()
    logging.getLogger("persistence").addHandler(errors)
    seam.check()
    print(port, flush=True)  # noqa: T201 - how the supervisor learns it
    try:
        DoorLoop().run_until_complete(_run(listener))
    except BaseException:  # noqa: BLE001 - told, and the end of the process
        traceback.print_exc()
        os._exit(1)
    if not errors.seen:
        Path(os.environ["LAKON_CLEAN"]).touch()
    os._exit(0)  # the emulator's threads would keep the process


async def _run(listener: socket.socket) -> None:
    application = importlib.import_module("ministack.app").app
    emulator = seam.Emulator()
    events, api, admissions, provisioning = _take_over(emulator)
    saved = Path(os.environ["LAKON_EVENTS"])

    def ready() -> None:
        events.load(saved)
        provisioning.restore()

    admitting = asyncio.create_task(admissions.run())
    await _serve(Front(application, api, emulator, ready, admissions.look), listener)
    admitting.cancel()
    events.save(saved)


def _soon(transition: Callable[[str, float], None]) -> Callable[[str, float], None]:
    """A function that was made or changed is pending for a moment, as on AWS, and not for half a second."""
    return lambda function, _delay: transition(function, _PENDING)


def _take_over(emulator: seam.Emulator) -> tuple[AsyncQueue, InvokeApi, Admissions, Provisioning]:
    """Put our functions in the place of the emulator's."""
    link = Link(int(os.environ["LAKON_HOST_PORT"]))
    records = Records(emulator, Path(os.environ["LAKON_ARCHIVES"]))
    invoker = Invoker(emulator, records, Concurrency(int(os.environ["LAKON_CONCURRENCY"])), link)
    destinations = Destinations(emulator, lambda arn, payload: events.put(Event.of(arn, _new(payload))))
    events = AsyncQueue(records, invoker, destinations, float(os.environ["LAKON_MINUTE"]))
    triggers = Triggers(emulator, records, invoker, events)
    provisioning = Provisioning(records, link)
    api = InvokeApi(records, invoker, events, emulator.streaming)
    handle = emulator.original("lambda_svc.handle_request")

    async def handle_request(method: str, path: str, headers: dict[str, str], body: bytes, query: Json) -> object:
        reply: object = await api.handle(method, path, headers, body, query)
        if reply is None:
            reply = await handle(method, path, headers, body, query)
            admissions.look()
        return reply

    emulator.replace("lambda_svc.handle_request", handle_request)
    emulator.replace("lambda_svc._execute_function", triggers.execute)
    emulator.replace("lambda_svc.invoke_async_with_retry", triggers.submit)
    emulator.replace("lambda_svc._sweep_extract_cache", provisioning.forget)
    emulator.replace("lambda_svc.ensure_spawned", lambda worker: None)  # noqa: ARG005 - the emulator's own worker
    emulator.replace("eventbridge._dispatch_to_lambda", triggers.from_bus)
    for name, wrap in (
        ("lambda_svc._effective_func_record_for_qualifier", triggers.effective),
        ("lambda_svc._put_provisioned_concurrency", provisioning.put),
        ("lambda_svc._delete_provisioned_concurrency", provisioning.delete),
        ("lambda_svc._schedule_state_transition", _soon),
        ("sns._deliver_to_lambda", triggers.from_topic),
    ):
        emulator.replace(name, wrap(emulator.original(name)))
    stacks.complete(emulator)
    host_port, concurrency = int(os.environ["LAKON_HOST_PORT"]), int(os.environ["LAKON_CONCURRENCY"])
    admissions = Admissions(emulator, records, invoker, host_port, concurrency)
    return events, api, admissions, provisioning


def _new(payload: bytes) -> Asked:
    return Asked(str(uuid4()), payload, trace_id({}))


def _bind(preferred: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", preferred))
    except OSError:
        listener.bind(("127.0.0.1", 0))
    return listener


def _watch(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    """Wait until the supervisor is gone or wants us to go; then end in order, within a limit."""
    sys.stdin.buffer.read()
    if not Path(os.environ["LAKON_CLEAN"]).parent.exists():
        os._exit(0)  # the project's folder was removed: there is nothing to save to
    limit = threading.Timer(_SHUTDOWN_LIMIT, os._exit, [1])
    limit.daemon = True
    limit.start()
    loop.call_soon_threadsafe(ended.set)


async def _serve(application: Front, listener: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    if isinstance(loop, DoorLoop):
        loop.answer = application.answer
        loop.pass_on(socket.socket(fileno=int(os.environ["LAKON_PASSING"])))
    from_hypercorn = importlib.import_module("hypercorn.asyncio")
    config = importlib.import_module("hypercorn.config").Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 0.5
    config.loglevel = "WARNING"
    ended = asyncio.Event()
    threading.Thread(target=_watch, args=(loop, ended), daemon=True).start()

    async def until_end() -> None:
        await ended.wait()
        if isinstance(loop, DoorLoop):
            loop.close_doors()

    await from_hypercorn.serve(application, config, shutdown_trigger=until_end)

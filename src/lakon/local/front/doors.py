"""All front doors that are open, by the stacks they belong to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lakon.exceptions import LocalError
from lakon.local.front.access import AccessLog
from lakon.local.front.balancer import BalancerDoor
from lakon.local.front.function_url import FunctionUrlDoor
from lakon.local.front.gateway import Gateway
from lakon.local.front.http_api import HttpApiDoor
from lakon.local.front.pages import Described
from lakon.local.front.plan import from_json
from lakon.local.front.rest_api import RestApiDoor
from lakon.local.front.server import Port
from lakon.local.front.sites import SiteDoor
from lakon.local.front.sockets import SocketDoor
from lakon.local.front.tokens import Issuers
from lakon.local.state import DOORS_FILE

if TYPE_CHECKING:
    from pathlib import Path

    from lakon.local.front.functions import Functions
    from lakon.local.front.plan import Plan
    from lakon.local.front.server import Door
    from lakon.local.log_writer import LogWriter

_KINDS: dict[str, type[Gateway]] = {
    "http_api": HttpApiDoor,
    "rest_api": RestApiDoor,
    "function_url": FunctionUrlDoor,
    "load_balancer": BalancerDoor,
    "websocket_api": SocketDoor,
    "site": SiteDoor,
}


class Doors:
    """Opens and closes doors. What is open is kept in `folder`, to be opened again with what the emulator keeps."""

    def __init__(self, functions: Functions, endpoint_url: str, writer: LogWriter, folder: Path) -> None:
        self._functions = functions
        self._issuers = Issuers(endpoint_url)
        self._writer = writer
        self._file = folder / DOORS_FILE
        self._told: dict[str, list[Any]] = {}
        self._ports: dict[int, Port] = {}
        self._stacks: dict[str, set[int]] = {}

    async def restore(self) -> None:
        """Open what was open when the last run ended; what cannot be opened is left to the next provisioning."""
        try:
            told: dict[str, list[Any]] = json.loads(self._file.read_text())
        except (OSError, ValueError):
            return
        for stack, plans in told.items():
            try:
                await self.open(stack, plans)
            except (LocalError, KeyError, TypeError):
                await self.open(stack, [])

    async def open(self, stack: str, told: list[Any]) -> None:
        """Make `told`, which `plan.to_json` made, the doors of a stack, and no others. LocalError for a taken port."""
        plans = [from_json(each) for each in told]
        before = self._stacks.get(stack, set())
        wanted = self._stacks[stack] = before & {plan.port for plan in plans}
        for number in before - wanted:
            await self._ports.pop(number).close()
        for plan in plans:
            door = self._door(plan)
            if port := self._ports.get(plan.port):
                if isinstance(door, Gateway) and isinstance(port.door, Gateway):
                    door.take_over(port.door)
                port.door = door
            else:
                try:
                    self._ports[plan.port] = Port(plan.port, door)
                except LocalError as error:
                    hint = "Stop what listens there, and try again."
                    raise LocalError(f"{plan.name} cannot be opened: {error.what}", hint=hint) from error
            wanted.add(plan.port)
        self._told = {name: plans for name, plans in {**self._told, stack: told}.items() if plans}
        self._file.write_text(json.dumps(self._told))

    async def close(self) -> None:
        """Close every door, to be opened again by `restore`."""
        while self._ports:
            _, port = self._ports.popitem()
            await port.close()

    def saved(self, stack: str) -> None:
        """Files of a stack's sites were saved: pages that are open load again."""
        for number in self._stacks.get(stack, set()):
            self._ports[number].door.saved()

    def _door(self, plan: Plan) -> Door:
        log = AccessLog(self._writer, plan.region, plan.log_group) if plan.log_group else None
        made = _KINDS[plan.kind](plan, self._functions, self._issuers, log)
        return Described(made, plan.openapi) if plan.openapi else made

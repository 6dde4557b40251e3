"""What calls functions, switched on and off beside CloudFormation: mappings, schedules, rules."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lakon.provision.session import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakon.provision.session import Session
    from lakon.provision.status import Resource

_ATTEMPTS = 60  # while a mapping is still being made
_UNASKED = frozenset({"Arn", "CreationDate", "LastModificationDate", "ResponseMetadata"})


def switch(session: Session, triggers: Iterable[Resource], *, on: bool) -> None:
    """Switch each of the triggers on or off; what is so already stays so. RefusedError when AWS refuses."""
    for trigger in triggers:
        physical = trigger.physical_id or ""
        match trigger.resource_type:
            case "AWS::Lambda::EventSourceMapping":
                _mapping(session, physical, on=on)
            case "AWS::Scheduler::Schedule":
                _schedule(session, physical, "ENABLED" if on else "DISABLED")
            case "AWS::Events::Rule":
                _rule(session, physical, on=on)


def _mapping(session: Session, identity: str, *, on: bool) -> None:
    client = session.client("lambda")
    for attempts_left in reversed(range(_ATTEMPTS)):
        try:
            client.update_event_source_mapping(UUID=identity, Enabled=on)
        except RefusedError as refused:
            if refused.code != "ResourceInUseException" or not attempts_left:
                raise
            time.sleep(0.1 if session.quick else 1)
        else:
            return


def _schedule(session: Session, name: str, state: str) -> None:
    client = session.client("scheduler")
    held = client.get_schedule(Name=name.rpartition("|")[2].rpartition("/")[2])
    if held.get("State", "ENABLED") != state:
        client.update_schedule(**{key: value for key, value in held.items() if key not in _UNASKED} | {"State": state})


def _rule(session: Session, identity: str, *, on: bool) -> None:
    bus, _, name = identity.rpartition("|")
    client = session.client("events")
    (client.enable_rule if on else client.disable_rule)(Name=name, EventBusName=bus or "default")

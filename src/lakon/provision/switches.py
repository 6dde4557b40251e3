"""What calls functions, switched on and off beside CloudFormation: mappings, schedules, rules."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakon.exceptions import ProvisionError
from lakon.provision.session import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lakon.provision.session import Session

_ATTEMPTS = 60  # while a mapping is still being made
_UNASKED = frozenset({"Arn", "CreationDate", "LastModificationDate", "ResponseMetadata"})


@dataclass(frozen=True, slots=True)
class Trigger:
    """What calls a function: one of `SWITCHES`, by its physical id, and whether it is on when the function is live.

    `group` is that of a schedule; None where the template does not tell it by its name.
    """

    resource_type: str
    physical_id: str
    declared_on: bool = True
    group: str | None = "default"


def switch(session: Session, triggers: Iterable[Trigger], *, live: bool) -> None:
    """Switch the triggers on as declared where their function is live, else off; what is so already stays so.

    RefusedError when AWS refuses.
    """
    for trigger in triggers:
        SWITCHED[trigger.resource_type](session, trigger, live and trigger.declared_on)


def _mapping(session: Session, trigger: Trigger, on: bool) -> None:
    client = session.client("lambda")
    for attempts_left in reversed(range(_ATTEMPTS)):
        try:
            client.update_event_source_mapping(UUID=trigger.physical_id, Enabled=on)
        except RefusedError as refused:
            if refused.code != "ResourceInUseException" or not attempts_left:
                raise
            time.sleep(0.1 if session.quick else 1)
        else:
            return


def _schedule(session: Session, trigger: Trigger, on: bool) -> None:
    client, state = session.client("scheduler"), "ENABLED" if on else "DISABLED"
    name = trigger.physical_id.rpartition("|")[2].rpartition("/")[2]
    held = client.get_schedule(Name=name, GroupName=trigger.group or _group(session, name))
    if held.get("State", "ENABLED") != state:
        client.update_schedule(**{key: value for key, value in held.items() if key not in _UNASKED} | {"State": state})


def _group(session: Session, name: str) -> str:
    """The group of the one schedule of that name."""
    rows = session.client("scheduler").list_schedules(NamePrefix=name)["Schedules"]
    groups = [row["GroupName"] for row in rows if row["Name"] == name]
    if len(groups) == 1:
        return groups[0]
    raise ProvisionError(
        f"{len(groups)} groups have a schedule {name}", hint="Give the schedule's GroupName as a text in the program."
    )


def _rule(session: Session, trigger: Trigger, on: bool) -> None:
    bus, _, name = trigger.physical_id.rpartition("|")
    client = session.client("events")
    (client.enable_rule if on else client.disable_rule)(Name=name, EventBusName=bus or "default")


SWITCHED: dict[str, Callable[[Session, Trigger, bool], None]] = {
    "AWS::Lambda::EventSourceMapping": _mapping,
    "AWS::Scheduler::Schedule": _schedule,
    "AWS::Events::Rule": _rule,
}
"""How each kind of `synth.stubs.SWITCHES` is switched."""

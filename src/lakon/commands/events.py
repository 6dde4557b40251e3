"""Sample events for `lakon invoke --event`, with the real names of what calls the function."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, assert_never

from lakon.commands import names
from lakon.commands.places import reach
from lakon.commands.samples.catalogue import KINDS, Source
from lakon.commands.samples.scene import Scene
from lakon.exceptions import UsageError
from lakon.model.balancers import ListenerRule
from lakon.model.names import logical_id
from lakon.model.routes import Route
from lakon.model.sockets import SocketRoute
from lakon.model.triggers import BusEvents, ObjectEvents, QueueMessages, Schedule, TopicMessages
from lakon.model.values import MARK
from lakon.provision import status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakon.commands.program import Program
    from lakon.commands.samples.catalogue import Kind
    from lakon.model.function import Function
    from lakon.model.triggers import Trigger
    from lakon.provision.session import Session
    from lakon.provision.status import StackStatus
    from lakon.settings import Target

_TOKEN = re.compile(re.escape(MARK) + r"([\w:]+)\.([\w.]+)\}")


@dataclass(frozen=True, slots=True)
class Sample:
    """A kind of sample event: its name, what it tells, and whether a trigger of the function sends it."""

    kind: str
    about: str
    fits: bool


def samples(program: Program, target: Target, function: str) -> tuple[Sample, ...]:
    """All kinds of sample events; those that triggers of the function send come first. Raises UsageError."""
    called = triggers(program, _declared(program, target, function))
    found = [Sample(name, kind.about, any(map(kind.sends, called))) for name, kind in KINDS.items()]
    return tuple(sorted(found, key=lambda sample: not sample.fits))


def sample(program: Program, target: Target, function: str, kind: str) -> bytes:
    """A sample event of a kind, as JSON. Where a trigger of the function sends that kind, it names what it watches.

    UsageError when there is no such function or kind, ProvisionError when there is no stack.
    """
    declared = _declared(program, target, function)
    if kind not in KINDS:
        near = get_close_matches(kind, KINDS, n=1, cutoff=0.4)
        raise UsageError(
            f"there is no kind of event {kind!r}",
            hint=f"Did you mean {near[0]!r}?" if near else f"The kinds are: {', '.join(KINDS)}.",
        )
    session = reach(program, target)
    stack = status.status(session, program.stack(target.stage))
    known = _Names(session, stack)
    event = KINDS[kind].make(
        Scene.now(session.account, session.region, session.partition), _source(program, declared, KINDS[kind], known)
    )
    return known.resolve(json.dumps(event, ensure_ascii=False)).encode()


def change(payload: bytes, changes: Iterable[str]) -> bytes:
    """The payload (JSON) with each change, `Records.0.s3.object.key=in/cat.png`, made in it.

    Names and positions lead to the place, separated by dots. What was a text stays one; anything else may be JSON.
    UsageError when there is no such place.
    """
    event = json.loads(payload)
    for written in changes:
        place, equals, value = written.partition("=")
        if not (place and equals):
            raise UsageError(f"--set takes PLACE=VALUE, not {written!r}", hint="As in Records.0.body=hello")
        event = _changed(event, place.split("."), value, place)
    return json.dumps(event, ensure_ascii=False).encode()


def _changed(event: object, steps: list[str], value: str, place: str) -> object:
    """`event` with the value at the end of the steps."""
    if not steps:
        return value if isinstance(event, str) else _read(value)
    step, *rest = steps
    match event:
        case dict():
            if rest and step not in event:
                raise _nowhere(place, step, event)
            event[step] = _changed(event.get(step), rest, value, place)
        case list():
            if not step.isdigit() or int(step) >= len(event):
                raise _nowhere(place, step, range(len(event)))
            event[int(step)] = _changed(event[int(step)], rest, value, place)
        case _:
            raise _nowhere(place, step, ())
    return event


def _nowhere(place: str, step: str, there: Iterable[object]) -> UsageError:
    told = ", ".join(map(str, there))
    return UsageError(
        f"the event has no place {place}: nothing is called {step!r} there",
        hint=f"There is: {told}." if told else "There is nothing further down.",
    )


def _read(value: str) -> object:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _declared(program: Program, target: Target, function: str) -> Function:
    names.functions(program, target.stage, [function])
    return next(each for each in program.service.functions if each.name == function)


def triggers(program: Program, function: Function) -> list[Trigger]:
    """What calls a function, the routes of the API whose own function it is among them."""
    own = [route for api in program.service.apis if api.function is function for route in api.routes]
    return [*function.on, *own]


def _source(program: Program, function: Function, kind: Kind, known: _Names) -> Source:
    for trigger in triggers(program, function):
        if kind.sends(trigger):
            return Source(trigger, known.of(trigger, function))
    return Source()


class _Names:
    """The real names of what a stack holds."""

    def __init__(self, session: Session, stack: StackStatus) -> None:
        self._outputs = stack.outputs
        self._physical = {each.logical_id: each.physical_id or "" for each in stack.resources}
        self._pseudo = {
            "AWS::Region": session.region,
            "AWS::AccountId": session.account,
            "AWS::Partition": session.partition,
            "AWS::StackName": stack.name,
            "AWS::StackId": stack.stack_id,
            "AWS::URLSuffix": "amazonaws.com.cn" if session.partition == "aws-cn" else "amazonaws.com",
        }
        self._here = f"arn:{session.partition}:sqs:{session.region}:{session.account}:"

    def of(self, trigger: Trigger, function: Function) -> str | None:
        """The name by which an event of the trigger tells where it comes from."""
        match trigger:
            case ObjectEvents():
                return self.resolve(trigger.bucket.value("name"))
            case QueueMessages():
                if not trigger.queue.owned:
                    return self.resolve(trigger.queue.value("arn"))
                return self._here + self._physical.get(trigger.queue.logical_id, "").rpartition("/")[2]
            case TopicMessages():
                return self.resolve(trigger.topic.value("arn"))
            case Schedule():
                schedules = [each for each in function.on if isinstance(each, Schedule)]
                index = next(index for index, each in enumerate(schedules, 1) if each is trigger)
                return self._physical.get(logical_id(function.name, "Schedule") + (str(index) if index > 1 else ""))
            case BusEvents() | Route() | SocketRoute() | ListenerRule():
                return None
        assert_never(trigger)

    def resolve(self, text: str) -> str:
        """The text with the real name in the place of every token."""
        return _TOKEN.sub(self._value, text)

    def _value(self, token: re.Match[str]) -> str:
        name, attribute = token.groups()
        if name in self._pseudo:
            return self._pseudo[name]
        return self._outputs.get(name + attribute.capitalize()) or self._physical.get(name) or name

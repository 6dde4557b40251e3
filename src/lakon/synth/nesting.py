"""A template that is too large for one stack, split into nested ones.

Functions move, each with all that only it has; front doors and all else stay in the root, and so does what holds data
unless the root were too large with it. Where something is once, it stays: to move it would be to make it anew. What is
new goes where its name's hash says, into one of sixteen stacks, and is let into the next where that one is full. See
"Split a template into reusable pieces using nested stacks" and "CloudFormation quotas".
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from lakon.exceptions import ProgramError
from lakon.synth.crossing import found
from lakon.synth.cycles import find_cycle
from lakon.synth.functions import BUCKET_PARAMETER
from lakon.synth.splitting import FUNCTION_STACKS, NESTED_STACKS, ROOT, ROUTE_STACKS, STORE_STACKS, Split, cut
from lakon.synth.template import section
from lakon.synth.units import Units

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from lakon.synth.crossing import Reference
    from lakon.synth.units import Resources

MOST_RESOURCES = 400
"""A template with more is split, and a stack that holds more takes no other function: CloudFormation allows 500, and
functions that are there may still get alarms and routes."""

_CROWDED = 480  # resources, after which not even what belongs to a function goes to it
_MOST_CROSSING = 180  # parameters, and outputs, of a nested stack: CloudFormation allows 200
_MOST_BYTES = 900_000  # of a nested template
_LARGE_UNIT = 100  # resources: of a larger one, what nothing in it needs is spread by itself


def split(
    template: Mapping[str, object], placed: Mapping[str, str] | None = None, *, most: int = MOST_RESOURCES
) -> Split:
    """The template as a root and nested templates; the root alone where it is small enough and always was.

    `placed` tells which stack each resource is in now, `""` being the root; None and empty for a stack that is not
    there yet. A template with more than `most` resources is split.

    Raises ProgramError when a resource of the program has the name of a nested stack, when stacks would need each other
    in a circle, or when the last function goes and something else is in a nested stack.
    """
    resources: Resources = section(template, "Resources")
    placed = placed or {}
    inside = [name for name in sorted(resources) if placed.get(name)]
    if BUCKET_PARAMETER not in section(template, "Parameters"):
        if inside:
            raise _refused(
                f"{inside[0]} is in a nested stack, whose template lies in the artifact bucket: without any function "
                "the stack has none",
                "keep one function as long as there is something in nested stacks",
            )
        return Split(template, {})
    if len(resources) <= most and not inside:
        return Split(template, {})
    if taken := sorted(NESTED_STACKS & resources.keys()):
        raise _refused(f"{taken[0]} is what a nested stack of a large service is called", "give it another id")
    units = Units(resources)
    outputs = set(found(section(template, "Outputs")))
    places = _Placing(resources, outputs, units, placed, most).places()
    if not any(places.values()):
        return Split(template, {})
    if circle := find_cycle(_between(places, units.needs)):
        raise _refused(
            f"stacks would need each other in a circle: {' needs '.join([*circle, circle[0]])}",
            "functions that were deployed apart need each other now: take one of the references out, or deploy the "
            "functions anew under other names",
        )
    return cut(template, places)


def _refused(what: str, hint: str) -> ProgramError:
    return ProgramError(what, hint=f"{hint[:1].upper()}{hint[1:]}.")


@dataclass(slots=True)
class _Stack:
    """What is in a nested stack so far."""

    resources: int = 0
    size: int = 0
    outputs: int = 0
    outside: set[Reference] = field(default_factory=set)


class _Placing:
    def __init__(
        self, resources: Resources, outputs: set[Reference], units: Units, placed: Mapping[str, str], most: int
    ) -> None:
        self._resources = resources
        self._placed = {name: place for name, place in placed.items() if name in resources}
        self._most = most
        self._units = units
        self._refers = units.references
        self._askers: dict[str, dict[Reference, set[str]]] = {}
        for name, told in (*self._refers.items(), ("", outputs)):
            for each in told:
                self._askers.setdefault(each.name, {}).setdefault(each, set()).add(name)
        self._sizes = {name: len(json.dumps(resource)) for name, resource in resources.items()}
        self._stacks = {name: _Stack() for name in NESTED_STACKS}

    def places(self) -> dict[str, str]:
        """The stack of each resource."""
        places = dict.fromkeys(self._resources, ROOT) | self._placed
        for stack in self._stacks:
            self._put({name for name, place in self._placed.items() if place == stack}, stack)
        for leader, members in sorted(self._units.members().items()):
            for names, stacks, key, company in self._groups(leader, members):
                places.update(dict.fromkeys(names, self._place(names, stacks, key, company)))
        if list(places.values()).count(ROOT) > self._most:
            for tied in self._units.stores():
                if not any(name in self._placed for name in tied):
                    places.update(dict.fromkeys(tied, self._place(set(tied), STORE_STACKS, tied[0], None)))
        return places

    def _groups(
        self, leader: str, members: Collection[str]
    ) -> Iterator[tuple[set[str], tuple[str, ...], str, str | None]]:
        """What is new of a unit, by what goes together: among which stacks, by which key, and where its function is."""
        fresh = [name for name in members if name not in self._placed]
        there = sorted({self._placed[name] for name in members if name in self._units.leaders and name in self._placed})
        together: dict[str | None, set[str]] = {}
        for name in fresh:
            place = self._placed.get(self._units.heads[name], there[-1] if there else None)
            if len(members) > _LARGE_UNIT and self._may_leave(name):
                yield {name}, ROUTE_STACKS, name, place
            else:
                together.setdefault(place, set()).add(name)
        for place, names in together.items():
            yield names, FUNCTION_STACKS, leader, place

    def _may_leave(self, name: str) -> bool:
        return self._units.is_leaf(name) and name not in self._units.leaders

    def _place(self, names: set[str], stacks: tuple[str, ...], key: str, company: str | None) -> str:
        """Where what is new goes: to the function that it belongs to, else where the hash of `key` says."""
        if len(self._resources) <= self._most:
            return company or ROOT
        if company in stacks and self._fits(names, company, _CROWDED):
            return self._put(names, company)
        if company in stacks and all(map(self._may_leave, names)):
            stacks = ROUTE_STACKS
        first = int(sha256(key.encode()).hexdigest()[0], 16)
        ring = [*stacks[first:], *stacks[:first]]
        for most in (self._most, _CROWDED):
            for stack in ring:
                if self._fits(names, stack, most):
                    return self._put(names, stack)
        return ROOT

    def _fits(self, names: set[str], stack: str, most: int) -> bool:
        known = self._stacks[stack]
        return (
            known.resources + len(names) <= most
            and known.size + self._size(names) <= _MOST_BYTES
            and known.outputs + self._shown(names) <= _MOST_CROSSING
            and len(known.outside | self._outside(names)) <= _MOST_CROSSING
        )

    def _put(self, names: set[str], stack: str) -> str:
        known = self._stacks[stack]
        known.resources += len(names)
        known.size += self._size(names)
        known.outputs += self._shown(names)
        known.outside |= self._outside(names)
        return stack

    def _size(self, names: Iterable[str]) -> int:
        return sum(self._sizes[name] for name in names)

    def _outside(self, names: set[str]) -> set[Reference]:
        return {each for name in names for each in self._refers[name] if each.name not in names}

    def _shown(self, names: set[str]) -> int:
        """How many outputs others need of these resources."""
        return sum(not users <= names for name in names for users in self._askers.get(name, {}).values())


def _between(places: Mapping[str, str], needs: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """What each nested stack, and each resource of the root, needs of the others."""
    between: dict[str, set[str]] = {}
    for name, others in needs.items():
        me = places[name] or name
        between.setdefault(me, set()).update({places[other] or other for other in others} - {me})
    return between

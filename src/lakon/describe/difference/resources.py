"""What becomes of each resource: added, changed property by property, replaced, or removed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from lakon.describe.difference.schemas import replacement
from lakon.describe.difference.values import differ, leaves, mapping, orders, refers_to, resolve

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from lakon.describe.difference.schemas import Replacement

    Resources = Mapping[str, Mapping[str, object]]

Action = Literal["add", "change", "replace", "remove", "follow"]

TYPE = "Type"
"""The path of a changed type, which CloudFormation refuses under one logical id."""


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """One leaf of a resource: its path, what it was and what it will be (None where it is not there).

    `replacement` tells whether this change makes the resource anew. `follows` names the resources that are replaced,
    where all that changes is what a reference to them stands for.
    """

    path: str
    old: object
    new: object
    replacement: Replacement = "never"
    follows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """One resource that would not stay as it is; `place` is the source line that declares it, where that is known.

    The action "follow" is a resource that is only touched because one it refers to is replaced.
    """

    action: Action
    logical_id: str
    resource_type: str
    place: str | None = None
    properties: tuple[PropertyChange, ...] = ()
    replacement: Replacement = "never"


def parameter_values(template: Mapping[str, object], parameters: Mapping[str, str]) -> dict[str, str]:
    """The values of a template's parameters: those given, else their defaults."""
    declared = {name: mapping(facts) for name, facts in mapping(template.get("Parameters")).items()}
    defaults = {name: str(facts["Default"]) for name, facts in declared.items() if "Default" in facts}
    return {name: value for name, value in {**defaults, **parameters}.items() if name in declared}


def resolved_resources(template: Mapping[str, object], parameters: Mapping[str, str]) -> dict[str, dict[str, object]]:
    """The template's resources with the values of its parameters put in."""
    found = resolve(template.get("Resources", {}), parameters)
    return {name: dict(mapping(resource)) for name, resource in mapping(found).items()}


def compare_resources(old: Resources, new: Resources, places: Mapping[str, str]) -> tuple[ResourceChange, ...]:
    """Every resource that differs, in the order of logical ids; those that follow a replaced one among them."""
    found = {
        name: change
        for name in sorted({*old, *new})
        if (change := _compared(name, old.get(name), new.get(name), places.get(name)))
    }
    return tuple(sorted(_followed(found, old, new, places).values(), key=lambda change: change.logical_id))


def _compared(
    name: str, old: Mapping[str, object] | None, new: Mapping[str, object] | None, place: str | None
) -> ResourceChange | None:
    if old is None and new is not None:
        return ResourceChange("add", name, str(new.get("Type")), place)
    if old is not None and new is None:
        return ResourceChange("remove", name, str(old.get("Type")))
    if old is None or new is None or not differ(old, new):
        return None
    kind = str(new.get("Type"))
    if old.get("Type") != kind:
        return _changed(
            ResourceChange("replace", name, kind, place), (PropertyChange(TYPE, old.get("Type"), kind, "always"),)
        )
    properties = (*_properties(kind, old, new), *_attributes(old, new))
    return _changed(ResourceChange("change", name, kind, place), properties) if properties else None


def _changed(change: ResourceChange, properties: tuple[PropertyChange, ...]) -> ResourceChange:
    each = {one.replacement for one in properties}
    worst: Replacement = "always" if "always" in each else "conditional" if "conditional" in each else "never"
    action: Action = "replace" if worst == "always" else "change"
    return replace(change, action=action, properties=properties, replacement=worst)


def _properties(kind: str, old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[PropertyChange]:
    before, after = (leaves(mapping(side.get("Properties"))) for side in (old, new))
    for path in sorted({*before, *after} - {""}):
        if differ(before.get(path), after.get(path)):
            yield PropertyChange(path, before.get(path), after.get(path), replacement(kind, path))
    earlier, later = (orders(mapping(side.get("Properties"))) for side in (old, new))
    for path in sorted(earlier.keys() & later.keys()):
        if earlier[path] != later[path] and sorted(earlier[path]) == sorted(later[path]):
            yield PropertyChange(path, earlier[path], later[path], replacement(kind, path))


def _attributes(old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[PropertyChange]:
    for name in sorted({*old, *new} - {TYPE, "Properties"}):
        if differ(old.get(name), new.get(name)):
            yield PropertyChange(name, old.get(name), new.get(name))


def _followed(
    changes: dict[str, ResourceChange], old: Resources, new: Resources, places: Mapping[str, str]
) -> dict[str, ResourceChange]:
    """The changes with what follows from them: what refers to a replaced resource changes, and may be replaced too.

    Such a change is at most "conditional": whether the value really differs is known when the new one is there.
    """
    found = dict(changes)
    replaced = {name for name, change in found.items() if change.replacement == "always"}
    told: set[str] = set()
    while replaced - told:
        fresh, told = replaced - told, told | replaced
        for name in sorted(old.keys() & new.keys()):
            change = found.get(name)
            known = {one.path for one in change.properties} if change else set()
            kind = str(new[name].get("Type"))
            more = [one for one in _references(kind, new[name], fresh) if one.path not in known]
            if not more:
                continue
            base = change or ResourceChange("follow", name, kind, places.get(name))
            after = _changed(base, (*base.properties, *more))
            found[name] = after if change else replace(after, action="follow")
            if after.replacement != "never":
                replaced.add(name)
    return found


def _references(kind: str, resource: Mapping[str, object], names: Collection[str]) -> Iterator[PropertyChange]:
    for path, value in leaves(mapping(resource.get("Properties"))).items():
        if refers_to(value, names):
            followed = tuple(name for name in sorted(names) if refers_to(value, (name,)))
            softened: Replacement = "never" if replacement(kind, path) == "never" else "conditional"
            yield PropertyChange(path, value, value, softened, followed)

"""Who may do what: statements of IAM that appear or go, and those by which more is allowed than before."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from lakon.describe.difference.values import is_policy, leaves, mapping, shown
from lakon.synth.cycles import references

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lakon.describe.difference.resources import Resources

_NOT = "not "
_HOLDERS = {"Roles": "role", "Users": "user", "Groups": "group"}
_COVERED = ("Queues", "Topics")
_TAKEN = ("Role", "RoleArn", "TaskRoleArn", "ExecutionRoleArn")
_OPEN = {
    "AWS::Lambda::Url": "AuthType",
    "AWS::ApiGateway::Method": "AuthorizationType",
    "AWS::ApiGatewayV2::Route": "AuthorizationType",
}
_DOCUMENT = re.compile(r"(?:PolicyDocument|KeyPolicy|ResourcePolicy|PolicyText)$")


@dataclass(frozen=True, slots=True)
class Access:
    """A statement that appears ("add") or goes ("remove") among those of the resource `logical_id`.

    `widens` says that more is allowed by it than before. `principal` is None where the statement speaks of whoever
    has the role; `condition` is JSON.
    """

    change: Literal["add", "remove"]
    logical_id: str
    effect: str
    principal: str | None
    actions: tuple[str, ...]
    resource: str | None
    condition: str | None
    widens: bool


class _Atom(NamedTuple):
    """One action on one resource for one principal; None where the statement does not speak of it."""

    effect: str
    principal: str | None
    action: str
    resource: str | None
    condition: str | None


def compare_access(old: Resources, new: Resources) -> tuple[Access, ...]:
    """The statements that differ, by the resource that they belong to; what appears stands before what goes."""
    changes: list[Access] = []
    for name in sorted({*old, *new}):
        stays = name in old and name in new
        before, after = (_atoms(side.get(name, {}), stays=stays) for side in (old, new))
        if before == after:
            continue
        orphaned = name not in new and not references(old[name].get("Properties")).isdisjoint(old.keys() - new.keys())
        added = {atom: _widens(atom, before, "Allow") for atom in after if atom not in before}
        removed = {atom: not orphaned and _widens(atom, after, "Deny") for atom in before if atom not in after}
        changes += [*_grouped("add", name, added), *_grouped("remove", name, removed)]
    return tuple(changes)


def _widens(atom: _Atom, others: Iterable[_Atom], effect: str) -> bool:
    """Whether an Allow that appears, or a Deny that goes, is not covered by a statement on the other side."""
    return atom.effect == effect and not any(other.effect == effect and _covers(other, atom) for other in others)


def _covers(wide: _Atom, narrow: _Atom) -> bool:
    return (
        wide.condition in (None, narrow.condition)
        and _matches(wide.principal, narrow.principal)
        and _matches(wide.action.lower(), narrow.action.lower())
        and _matches(wide.resource, narrow.resource)
    )


def _matches(wide: str | None, narrow: str | None) -> bool:
    if wide == narrow:
        return True
    if wide is None or narrow is None or wide.startswith(_NOT) or narrow.startswith(_NOT):
        return False
    return _pattern(wide).fullmatch(narrow) is not None


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def _grouped(change: Literal["add", "remove"], name: str, atoms: Mapping[_Atom, bool]) -> Iterator[Access]:
    groups: dict[tuple[bool, str, str | None, str | None, str | None], list[str]] = defaultdict(list)
    for atom, widens in atoms.items():
        groups[widens, atom.effect, atom.principal, atom.resource, atom.condition].append(atom.action)
    for (widens, effect, principal, resource, condition), actions in sorted(groups.items(), key=str):
        yield Access(change, name, effect, principal, tuple(sorted(actions)), resource, condition, widens)


def _atoms(resource: Mapping[str, object], *, stays: bool) -> dict[_Atom, None]:
    """What a resource allows and denies, in the order in which it says so."""
    properties, kind = mapping(resource.get("Properties")), str(resource.get("Type"))
    if kind == "AWS::Lambda::Permission":
        return {_permission(properties): None}
    found: dict[_Atom, None] = {}
    for policy in _listed(properties.get("ManagedPolicyArns")):
        found[_Atom("Allow", None, f"all that {shown(policy)} allows", None, None)] = None
    for document in _documents(properties):
        for statement in _listed(document.get("Statement")):
            found.update(dict.fromkeys(_statement(mapping(statement))))
    for path, value in leaves(properties).items():
        found.update(dict.fromkeys(_bound(kind, path.rpartition(".")[2].partition("[")[0], value, stays=stays)))
    if stays and kind in _OPEN and properties.get(_OPEN[kind], "NONE") == "NONE":
        found[_Atom("Allow", "anybody", "calls without a signature or a token", None, None)] = None
    return found


def _bound(kind: str, name: str, value: object, *, stays: bool) -> Iterator[_Atom]:
    """What a property says of whom a policy is for, which role is taken, what limits it, or a policy nobody can read.

    What a resource that comes or goes refers to in its own stack is not told: the other one's statements are.
    """
    for one in _listed(value):
        if not stays and references(one):
            continue
        if name == "PermissionsBoundary":
            yield _Atom("Deny", None, f"all but what {shown(one)} allows", None, None)
        elif name in _TAKEN or (kind == "AWS::IAM::User" and name == "Groups"):
            yield _Atom("Allow", None, f"all that {shown(one)} allows", None, None)
        elif name in _HOLDERS:
            yield _Atom("Allow", f"{_HOLDERS[name]} {shown(one)}", "all that it allows", None, None)
        elif name in _COVERED:
            yield _Atom("Allow", None, "all that it allows", shown(one), None)
        elif _DOCUMENT.search(name) and not is_policy(one) and _written(one) is None:
            yield _Atom("Allow", None, f"what {name} says: {shown(one)}", None, None)


def _documents(value: object) -> Iterator[Mapping[str, object]]:
    if is_policy(value):
        yield mapping(value)
    elif (written := _written(value)) is not None:
        yield written
    elif isinstance(value, dict):
        for item in value.values():
            yield from _documents(item)
    elif isinstance(value, list):
        for item in value:
            yield from _documents(item)


def _written(value: object) -> Mapping[str, object] | None:
    """A policy document that stands in a text, or in one with places; None for all else."""
    match value:
        case {"Fn::Sub": str(text)} | {"Fn::Sub": [str(text), _]} | str(text) if '"Statement"' in text:
            try:
                document = json.loads(text)
            except ValueError:
                return None
            return document if is_policy(document) else None
    return None


def _permission(properties: Mapping[str, object]) -> _Atom:
    told = {name: shown(properties.get(name)) for name in ("Principal", "Action", "FunctionName")}
    limits = {name: shown(value) for name, value in properties.items() if name not in told}
    condition = ", ".join(f"{name} {limits[name]}" for name in sorted(limits, reverse=True)) or None
    return _Atom("Allow", told["Principal"], told["Action"], told["FunctionName"], condition)


def _statement(statement: Mapping[str, object]) -> Iterator[_Atom]:
    effect = str(statement.get("Effect", "Allow"))
    condition = shown(statement["Condition"]) if statement.get("Condition") else None
    for principal in _principals(statement):
        for action in _texts(statement, "Action"):
            for resource in _texts(statement, "Resource"):
                yield _Atom(effect, principal, action or "*", resource, condition)


def _texts(statement: Mapping[str, object], name: str) -> list[str | None]:
    if f"Not{name}" in statement:
        return [_NOT + ", ".join(shown(each) for each in _listed(statement[f"Not{name}"]))]
    return [shown(each) for each in _listed(statement.get(name))] or [None]


def _principals(statement: Mapping[str, object]) -> list[str | None]:
    for name, prefix in (("Principal", ""), ("NotPrincipal", _NOT)):
        told = statement.get(name)
        if isinstance(told, dict):
            return [f"{prefix}{kind} {shown(each)}" for kind, value in told.items() for each in _listed(value)]
        if told is not None:
            return [prefix + shown(told)]
    return [None]


def _listed(value: object) -> list[object]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]

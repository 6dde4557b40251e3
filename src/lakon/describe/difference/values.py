"""Parts of a template as paths and leaves, with the template's parameters put in."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from lakon.synth.cycles import references

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_PARAMETER = re.compile(r"\$\{([A-Za-z0-9]+)\}")
_IDENTITIES = ("Key", "Name", "PolicyName", "AttributeName", "IndexName", "Id", "Sid", "Rel")
NO_ECHO = "****"
"""What CloudFormation tells instead of the value of a parameter that is not to be seen."""


def mapping(value: object) -> Mapping[str, object]:
    """`value` where it is a mapping, else an empty one: a template may have been written by anybody."""
    return value if isinstance(value, dict) else {}


def resolve(value: object, parameters: Mapping[str, str]) -> object:
    """`value` with the parameters' values in place of the references to them."""
    if isinstance(value, dict):
        if len(value) == 1 and isinstance(name := value.get("Ref"), str):
            return parameters.get(name, value)
        if len(value) == 1 and "Fn::Sub" in value:
            return {"Fn::Sub": _substituted(value["Fn::Sub"], parameters)}
        return {key: resolve(item, parameters) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve(item, parameters) for item in value]
    return value


def _substituted(argument: object, parameters: Mapping[str, str]) -> object:
    if isinstance(argument, list) and len(argument) == 2:
        known = {name: value for name, value in parameters.items() if name not in mapping(argument[1])}
        return [_substituted(argument[0], known), resolve(argument[1], parameters)]
    if isinstance(argument, str):
        return _PARAMETER.sub(lambda found: parameters.get(found[1], found[0]), argument)
    return argument


def leaves(value: object, path: str = "") -> dict[str, object]:
    """Every leaf of `value` by its path: `Environment.Variables.LEVEL`, `Tags[team].Value`, `Rules[0].Status`.

    An intrinsic function is a leaf, and so are a policy document, a list of plain values, and what is empty.
    """
    return dict(_leaves(value, path))


def _leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict) and value and not is_function(value) and not is_policy(value):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and any(isinstance(item, dict) and not is_function(item) for item in value):
        for name, item in zip(_item_names(value), value, strict=True):
            yield from _leaves(item, f"{path}[{name}]")
    else:
        yield path, value


def orders(value: object, path: str = "") -> dict[str, list[str]]:
    """The names of the items of each list whose items have names, by its path: their order may mean something."""
    found: dict[str, list[str]] = {}
    if isinstance(value, dict) and not is_function(value) and not is_policy(value):
        for key, item in value.items():
            found.update(orders(item, f"{path}.{key}" if path else str(key)))
    elif isinstance(value, list) and any(isinstance(item, dict) and not is_function(item) for item in value):
        names = _item_names(value)
        found[path] = names
        for name, item in zip(names, value, strict=True):
            found.update(orders(item, f"{path}[{name}]"))
    return found


def differ(one: object, other: object) -> bool:
    """Whether two parts of a template differ; 1 and true do, which are equal to Python."""
    return one != other or json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True)


def _item_names(items: Collection[object]) -> list[str]:
    """What tells the items of a list apart: a name that each has and none shares, else their places."""
    for identity in _IDENTITIES:
        names = [mapping(item).get(identity) for item in items]
        if all(isinstance(name, str) for name in names) and len(set(map(str, names))) == len(names):
            return [str(name) for name in names]
    return [str(place) for place in range(len(items))]


def is_function(value: object) -> bool:
    """Whether `value` is a call of an intrinsic function."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    [name] = value
    return name in ("Ref", "Condition") or str(name).startswith("Fn::")


def is_policy(value: object) -> bool:
    """Whether `value` is a policy document of IAM."""
    return isinstance(value, dict) and "Statement" in value


def shown(value: object) -> str:
    """`value` as a person reads it: texts as they are, references as `${Queue.Arn}`, all else as JSON."""
    match value:
        case None:
            return "(none)"
        case str():
            return value or '""'
        case {"Ref": str(name), **rest} if not rest:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            return f"${{{name}.{attribute}}}"
        case {"Fn::Sub": str(text)} | {"Fn::Sub": [str(text), _]}:
            return text
    return json.dumps(plain(value), sort_keys=True, ensure_ascii=False)


def plain(value: object) -> object:
    """`value` with every reference in it written as a text."""
    if is_function(value):
        text = shown_function(value)
        return value if text is None else text
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def shown_function(value: object) -> str | None:
    """A reference as a text; None for the intrinsic functions that compute more than a text with places."""
    match value:
        case {"Ref": str()} | {"Fn::GetAtt": [str(), str()]} | {"Fn::Sub": str()} | {"Fn::Sub": [str(), _]}:
            return shown(value)
    return None


def refers_to(value: object, names: Collection[str]) -> bool:
    """Whether a part of a template refers to a resource among `names`."""
    return not references(value).isdisjoint(names)

"""References of a template, found and rewritten: what points from one stack into another."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SUB = "Fn::Sub"
_NESTED = (dict, list)
_PLACE = re.compile(r"\$\{([A-Za-z0-9:]+)(?:\.([A-Za-z0-9.:]+))?\}")


class Reference(NamedTuple):
    """What `Ref`, `Fn::GetAtt` or a place in `Fn::Sub` names; without an attribute it is what `Ref` answers."""

    name: str
    attribute: str = ""

    def intrinsic(self) -> dict[str, object]:
        """The reference as a value of its own."""
        return {"Fn::GetAtt": [self.name, self.attribute]} if self.attribute else {"Ref": self.name}


def found(value: object) -> Iterator[Reference]:
    """Every reference within a part of a template."""
    if isinstance(value, list):
        for item in value:
            if isinstance(item, _NESTED):
                yield from found(item)
    elif isinstance(value, dict):
        if len(value) == 1 and (whole := reading(value)) is not None:
            yield whole
        elif len(value) == 1 and _SUB in value:
            text, local = _substitution(value[_SUB])
            yield from [Reference(*each) for each in _PLACE.findall(text) if each[0] not in local]
            yield from found(local)
        else:
            for item in value.values():
                if isinstance(item, _NESTED):
                    yield from found(item)


def rewritten(value: object, change: Callable[[Reference], Reference]) -> object:
    """A part of a template with another reference in the place of each."""
    if isinstance(value, list):
        return [rewritten(item, change) if isinstance(item, _NESTED) else item for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        if (whole := reading(value)) is not None:
            other = change(whole)
            return value if other == whole else other.intrinsic()
        if _SUB in value:
            return {_SUB: _substituted(value[_SUB], change)}
    return {key: rewritten(item, change) if isinstance(item, _NESTED) else item for key, item in value.items()}


def reading(value: object) -> Reference | None:
    """The reference that a value is; None where it is something else."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    match value.get("Ref", value.get("Fn::GetAtt")):
        case str(text):
            return Reference(text) if "Ref" in value else Reference(*text.split(".", 1))
        case [str(name), str(attribute)]:
            return Reference(name, attribute)
    return None


def _substituted(argument: object, change: Callable[[Reference], Reference]) -> object:
    text, local = _substitution(argument)

    def place(match: re.Match[str]) -> str:
        if match[1] in local:
            return match[0]
        name, attribute = change(Reference(match[1], match[2] or ""))
        return f"${{{name}.{attribute}}}" if attribute else f"${{{name}}}"

    told = _PLACE.sub(place, text)
    return [told, rewritten(local, change)] if local else told


def _substitution(argument: object) -> tuple[str, dict[str, object]]:
    """The text of an `Fn::Sub`, and the names that it brings along."""
    match argument:
        case [str(text), dict(local)]:
            return text, local
        case [str(text)] | str(text):
            return text, {}
    return "", {}

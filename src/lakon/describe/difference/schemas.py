"""What AWS's resource schemas say of a type: what cannot be changed in place, and what identifies a resource.

`schemas.json` holds `createOnlyProperties`, `conditionalCreateOnlyProperties` and `primaryIdentifier` of the services
that Lakon declares resources of. It is written by `python tests/describe/schemas.py`, and a test compares it with the
official schemas.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Literal

Replacement = Literal["never", "conditional", "always"]


def replacement(resource_type: str, path: str) -> Replacement:
    """Whether a change at `path` ("KeySchema[0].KeyType") makes a resource of the type anew.

    "conditional" where that depends on the change, and for types that are not known.
    """
    known = _table().get(resource_type)
    if known is None:
        return "conditional"
    changed = _names(path)
    if any(_touches(changed, fixed) for fixed in known["always"]):
        return "always"
    return "conditional" if any(_touches(changed, fixed) for fixed in known["conditional"]) else "never"


def is_known(resource_type: str) -> bool:
    """Whether the table tells of the type."""
    return resource_type in _table()


def identifiers(resource_type: str) -> tuple[str, ...]:
    """The names of the properties by which a resource of the type is found; none for types that are not known."""
    return tuple(_table().get(resource_type, {}).get("identifier", ()))


def _touches(changed: tuple[str, ...], fixed: str) -> bool:
    """Whether a changed path holds the fixed property, or lies within it."""
    names = tuple(fixed.split("/"))
    shorter = min(len(names), len(changed))
    return all(one in (other, "*") for one, other in zip(names[:shorter], changed[:shorter], strict=True))


def _names(path: str) -> tuple[str, ...]:
    """`Tags[team].Value` is ("Tags", "*", "Value"), as the schemas' pointers have it."""
    names: list[str] = []
    rest = path
    while rest:
        if rest.startswith("["):
            rest = rest[rest.index("]") + 1 :]
            names.append("*")
        else:
            end = min((rest.find(mark) for mark in ".[" if mark in rest), default=len(rest))
            names.append(rest[:end])
            rest = rest[end:]
        rest = rest.removeprefix(".")
    return tuple(names)


@cache
def _table() -> dict[str, dict[str, list[str]]]:
    text = Path(__file__).with_name("schemas.json").read_text("utf-8")
    table: dict[str, dict[str, list[str]]] = json.loads(text)
    return table

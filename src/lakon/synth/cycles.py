"""Which resources need which, and those that need each other in a circle, which CloudFormation cannot create."""

from __future__ import annotations

import re
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SUB_REFERENCE = re.compile(r"\$\{([A-Za-z0-9]+)[.}]")
_FUNCTIONS = frozenset(("Ref", "Fn::GetAtt", "Fn::Sub"))
_NESTED = (dict, list)


def find_cycle(needs: Mapping[str, Iterable[str]]) -> list[str]:
    """The names of one circle, each needing the next; empty where there is none."""
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        return list(reversed(error.args[1][1:]))
    return []


def references(value: object) -> set[str]:
    """Every logical id that a part of a template refers to, by `Ref`, `Fn::GetAtt` or `Fn::Sub`."""
    found: set[str] = set()
    _collect(value, found)
    return found


def _collect(value: object, found: set[str]) -> None:
    if isinstance(value, dict):
        for name, item in value.items():
            if name in _FUNCTIONS and len(value) == 1:
                found.update(_named(name, item))
            if isinstance(item, _NESTED):
                _collect(item, found)
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, _NESTED):
                _collect(item, found)


def _named(function: str, argument: object) -> Iterable[str]:
    """The logical ids in the argument of one function: a text, or a list that begins with it."""
    text, *more = argument if isinstance(argument, list) else [argument]
    if not isinstance(text, str):
        return ()
    if function == "Fn::Sub":
        local = more[0] if more and isinstance(more[0], dict) else {}
        return [name for name in _SUB_REFERENCE.findall(text) if name not in local]
    return () if "::" in text else (text.partition(".")[0],)

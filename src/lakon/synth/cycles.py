"""Finds resources that need each other in a circle, which CloudFormation cannot create."""

from __future__ import annotations

import re
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SUB_REFERENCE = re.compile(r"\$\{([A-Za-z0-9]+)[.}]")


def find_cycle(resources: Mapping[str, Mapping[str, object]]) -> list[str]:
    """The logical ids of one circle, each needing the next; empty where there is none."""
    graph = {name: {other for other in references(body) if other in resources} for name, body in resources.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(reversed(error.args[1][1:]))
    return []


def references(value: object) -> Iterator[str]:
    """Every logical id that a part of a template refers to, by `Ref`, `Fn::GetAtt`, `Fn::Sub` or `DependsOn`."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "Ref" and isinstance(item, str):
                yield item
            elif key == "Fn::GetAtt":
                yield item.split(".")[0] if isinstance(item, str) else item[0]
            elif key == "Fn::Sub":
                yield from _SUB_REFERENCE.findall(item if isinstance(item, str) else item[0])
                yield from references(item)
            elif key == "DependsOn":
                yield from [item] if isinstance(item, str) else item
            else:
                yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)

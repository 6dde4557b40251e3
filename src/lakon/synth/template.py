"""The template under construction: resources with the source line that each came from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lakon.model.origin import Origin

MAX_TEMPLATE_BYTES = 1_000_000
"""CloudFormation's "1 MB": it says that a template may not exceed 1000000 bytes."""

Properties = dict[str, object]


class Collision(NamedTuple):
    """A name that two declarations want: what the first of them became, and where both stand."""

    kind: Literal["resource", "parameter", "output"]
    name: str
    first: Origin
    second: Origin


class Template:
    """Collects resources, parameters and outputs; a name that comes twice is remembered in `collisions`."""

    def __init__(self, description: str) -> None:
        self.description = description
        self.parameters: dict[str, Properties] = {}
        self.resources: dict[str, Properties] = {}
        self.outputs: dict[str, Properties] = {}
        self.origins: dict[str, Origin] = {}
        self.parameter_origins: dict[str, Origin] = {}
        self.output_origins: dict[str, Origin] = {}
        self.collisions: list[Collision] = []

    def add(
        self,
        logical_id: str,
        type: str,
        properties: Properties,
        origin: Origin,
        *,
        keep: bool | None = None,
        depends_on: Sequence[str] = (),
    ) -> None:
        """Add a resource. `keep` says what becomes of what it holds when it is deleted or replaced; None: nothing."""
        if logical_id in self.resources:
            self.collisions.append(Collision("resource", logical_id, self.origins[logical_id], origin))
            return
        if logical_id in self.parameters:
            self.collisions.append(Collision("parameter", logical_id, self.parameter_origins[logical_id], origin))
            return
        resource: Properties = {"Type": type}
        if depends_on:
            resource["DependsOn"] = sorted(depends_on)
        if keep is not None:
            resource["DeletionPolicy"] = "Retain" if keep else "Delete"
            resource["UpdateReplacePolicy"] = "Retain" if keep else "Delete"
        resource["Properties"] = properties
        self.resources[logical_id] = resource
        self.origins[logical_id] = origin

    def output(self, name: str, value: object, origin: Origin) -> None:
        """Show a value among the stack's outputs."""
        if name in self.outputs:
            self.collisions.append(Collision("output", name, self.output_origins[name], origin))
            return
        self.outputs[name] = {"Value": value}
        self.output_origins[name] = origin

    def parameter(self, name: str, description: str, origin: Origin, **facts: object) -> None:
        """Ask for a text when the stack is created or updated; of `facts` those that are None are left out."""
        described = {"Description": description} if description else {}
        known = {key: value for key, value in facts.items() if value is not None}
        self.parameters[name] = {"Type": "String", **described, **known}
        self.parameter_origins[name] = origin

    def text(self) -> str:
        """The template as JSON in canonical order."""
        head = {"Description": self.description} if self.description else {}
        sections = {"Parameters": self.parameters, "Resources": self.resources, "Outputs": self.outputs}
        return template_text({"AWSTemplateFormatVersion": "2010-09-09", **head, **sections})


def section(template: Mapping[str, object], name: str) -> dict[str, Any]:
    """A section of a template; empty where it has none."""
    found = template.get(name)
    return found if isinstance(found, dict) else {}


_ORDER = ("AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Resources", "Outputs")


def template_text(template: Mapping[str, object]) -> str:
    """A template as JSON in canonical order: sections as AWS lists them, their entries by name, a line each.

    A line for a resource reads well in a comparison, and the encoder that indents takes four times as long.
    """
    told = []
    for name in (*_ORDER, *sorted(template.keys() - {*_ORDER})):
        held = template.get(name)
        if isinstance(held, dict):
            if held:
                lines = ",\n".join([f'  "{key}": {_json(held[key])}' for key in sorted(held)])
                told.append(f'"{name}": {{\n{lines}\n }}')
        elif held is not None:
            told.append(f'"{name}": {_json(held)}')
    return "{\n " + ",\n ".join(told) + "\n}\n"


_json = json.JSONEncoder(ensure_ascii=False).encode

"""The template under construction: resources with the source line that each came from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakon.model.origin import Origin

Properties = dict[str, object]


class Template:
    """Collects resources, parameters and outputs; a logical id that comes twice is remembered in `collisions`."""

    def __init__(self, description: str) -> None:
        self.description = description
        self.parameters: dict[str, Properties] = {}
        self.resources: dict[str, Properties] = {}
        self.outputs: dict[str, Properties] = {}
        self.origins: dict[str, Origin] = {}
        self.collisions: list[tuple[str, Origin, Origin]] = []

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
            self.collisions.append((logical_id, self.origins[logical_id], origin))
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

    def output(self, name: str, value: object) -> None:
        """Show a value among the stack's outputs."""
        self.outputs[name] = {"Value": value}

    def parameter(self, name: str, description: str) -> None:
        """Ask for a text when the stack is created or updated."""
        self.parameters[name] = {"Type": "String", "Description": description}

    def text(self) -> str:
        """The template as JSON in canonical order: sections as AWS lists them, their entries by name, a line each.

        A line for a resource reads well in a comparison, and the encoder that indents takes four times as long.
        """
        head = ['"AWSTemplateFormatVersion": "2010-09-09"']
        if self.description:
            head.append(f'"Description": {_json(self.description)}')
        sections = {"Parameters": self.parameters, "Resources": self.resources, "Outputs": self.outputs}
        for name, entries in sections.items():
            if entries:
                lines = ",\n".join(f"  {_json(key)}: {_json(entries[key])}" for key in sorted(entries))
                head.append(f'"{name}": {{\n{lines}\n }}')
        return "{\n " + ",\n ".join(head) + "\n}\n"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)

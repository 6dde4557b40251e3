"""All that differs between a stack and what it shall be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lakon.describe.difference.access import Access, compare_access
from lakon.describe.difference.code import CODE_PATHS, CodeChange, compare_code
from lakon.describe.difference.losses import Loss, losses
from lakon.describe.difference.resources import (
    ResourceChange,
    compare_resources,
    parameter_values,
    resolved_resources,
)
from lakon.describe.difference.values import NO_ECHO, differ, mapping

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

_SECTIONS = ("Parameters", "Resources", "Outputs")


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: a template with the values of its parameters, and the tags of the stack."""

    template: Mapping[str, object]
    parameters: Mapping[str, str]
    tags: Mapping[str, str]


NOTHING = Side({}, {}, {})
"""The side of a stack that is not there."""


@dataclass(frozen=True, slots=True)
class ValueChange:
    """A parameter, output, tag or other part of the template: what it was and what it will be, None where it is not."""

    name: str
    old: object
    new: object


@dataclass(frozen=True, slots=True)
class Difference:
    """What a provision would do. `losses` are told first; `sections` are other parts of the template."""

    losses: tuple[Loss, ...]
    resources: tuple[ResourceChange, ...]
    access: tuple[Access, ...]
    code: tuple[CodeChange, ...]
    parameters: tuple[ValueChange, ...]
    outputs: tuple[ValueChange, ...]
    tags: tuple[ValueChange, ...]
    sections: tuple[ValueChange, ...]

    @property
    def empty(self) -> bool:
        """Whether nothing would change."""
        parts = (self.resources, self.code, self.parameters, self.outputs, self.tags, self.sections)
        return not any(parts)

    @property
    def widens(self) -> bool:
        """Whether anybody may do more than before."""
        return any(access.widens for access in self.access)


def compare(old: Side, new: Side, places: Mapping[str, str]) -> Difference:
    """What becomes of `old` when it is made `new`. `places` tells the source line of each logical id.

    Values of parameters stand in the place of the references to them. Where functions get other code, that is told in
    `code`, and a resource of which nothing else changes is not told again.
    """
    unseen = {name for name, value in old.parameters.items() if value == NO_ECHO}
    values = [_seen(parameter_values(side.template, side.parameters), unseen) for side in (old, new)]
    before, after = (resolved_resources(side.template, known) for side, known in zip((old, new), values, strict=True))
    changes = compare_resources(before, after, places)
    code = compare_code(before, after)
    archives = {stored.key for change in code for stored in (change.old, change.new) if stored}
    return Difference(
        losses=losses(changes, before, after),
        resources=tuple(_without_code(changes)),
        access=compare_access(before, after),
        code=code,
        parameters=tuple(each for each in _values(*values) if each.new not in archives and each.old not in archives),
        outputs=tuple(_values(*(_outputs(side.template) for side in (old, new)))),
        tags=tuple(_values(old.tags, new.tags)),
        sections=(
            *_declarations(old.template, new.template),
            *_values(*(_rest(side.template) for side in (old, new))),
        ),
    )


def _without_code(changes: Iterable[ResourceChange]) -> Iterator[ResourceChange]:
    for change in changes:
        rest = tuple(each for each in change.properties if each.path not in CODE_PATHS)
        if rest or change.action != "change":
            yield replace(change, properties=rest)


def _seen(values: Mapping[str, str], unseen: Collection[str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if name not in unseen}


def _values(old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[ValueChange]:
    for name in sorted({*old, *new}):
        if differ(old.get(name), new.get(name)):
            yield ValueChange(name, old.get(name), new.get(name))


def _outputs(template: Mapping[str, object]) -> dict[str, object]:
    """The outputs: the value alone where an output has nothing else."""
    return {
        name: output["Value"] if mapping(output).keys() == {"Value"} else output
        for name, output in mapping(template.get("Outputs")).items()
        if isinstance(output, dict)
    }


def _declarations(old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[ValueChange]:
    """The parameters that both templates declare, and not alike; one that comes or goes is told by its value."""
    before, after = (mapping(template.get("Parameters")) for template in (old, new))
    for name in sorted(before.keys() & after.keys()):
        if differ(before[name], after[name]):
            yield ValueChange(f"Parameters.{name}", before[name], after[name])


def _rest(template: Mapping[str, object]) -> dict[str, object]:
    return {name: part for name, part in template.items() if name not in (*_SECTIONS, "AWSTemplateFormatVersion")}

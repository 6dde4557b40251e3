"""A template in portions: CloudFormation makes no more than 2,500 resources of nested stacks in one operation."""

from __future__ import annotations

from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from lakon.synth.crossing import found
from lakon.synth.template import section
from lakon.synth.units import depends_on

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from lakon.synth.splitting import AnyTemplate

MOST_AT_ONCE = 2_300
"""How many resources are added at once: the nested stacks themselves count, too."""


def portions(whole: AnyTemplate, there: AnyTemplate, *, most: int = MOST_AT_ONCE) -> list[AnyTemplate]:
    """Templates that lead from the one that is `there` to the whole, which is the last; each adds at most `most`.

    What is needed comes first. What is there already and shall need what is yet to come stays as it is until then; what
    is there and shall go goes with the last.
    """
    resources, old = section(whole, "Resources"), section(there, "Resources")
    needs = {name: _names(resource) & resources.keys() for name, resource in sorted(resources.items())}
    fresh = [name for name in TopologicalSorter(needs).static_order() if name not in old]
    return [
        *(_portion(whole, there, {*old, *fresh[:end]}, needs) for end in range(most, len(fresh), most)),
        whole,
    ]


def _portion(
    whole: AnyTemplate, there: AnyTemplate, names: Collection[str], needs: Mapping[str, Collection[str]]
) -> AnyTemplate:
    resources, old = section(whole, "Resources"), section(there, "Resources")
    ready = {name for name in names if name in resources and all(other in names for other in needs[name])}
    missing = resources.keys() - names
    outputs = {name: value for name, value in section(whole, "Outputs").items() if not _names(value) & missing}
    return {
        **whole,
        "Parameters": {**section(there, "Parameters"), **section(whole, "Parameters")},
        "Resources": {name: resources[name] if name in ready else old[name] for name in sorted(names)},
        "Outputs": outputs,
    }


def _names(value: Mapping[str, object]) -> set[str]:
    return {each.name for each in found(dict(value))}.union(depends_on(value))

"""One template cut into a root and nested ones by a given plan, and put together again, exactly.

What a nested stack refers to outside of itself becomes a parameter of it, and what others need of it an output. The
root's metadata tells what the pieces do not: dependencies on single resources of other stacks, and a sum of the whole,
by which it is known that nothing has changed. The address of a nested template holds its content's sum as well.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from lakon.synth.crossing import Reference, found, reading, rewritten
from lakon.synth.functions import BUCKET_PARAMETER
from lakon.synth.template import section, template_text
from lakon.synth.units import depends_on

if TYPE_CHECKING:
    from collections.abc import Mapping

    AnyTemplate = Mapping[str, object]

ROOT = ""
"""Where what is in no nested stack is."""

TEMPLATES = "lakon/templates/"
"""Where in the artifact bucket templates lie, each under the sum of its content."""

STACK = "AWS::CloudFormation::Stack"

FUNCTION_STACKS = tuple(f"Functions{digit:X}" for digit in range(16))
ROUTE_STACKS = tuple(f"Routes{digit:X}" for digit in range(16))
STORE_STACKS = tuple(f"Stores{digit:X}" for digit in range(16))
NESTED_STACKS = frozenset((*FUNCTION_STACKS, *ROUTE_STACKS, *STORE_STACKS))
"""The logical ids of nested stacks. Those for routes need those for functions, and these those for stores, and never
the other way."""

_METADATA = "Lakon"
_OUTPUTS = "Outputs."
_PSEUDO = {"AWS::StackName": "StackName", "AWS::StackId": "StackId"}
"""What means something else in a nested stack, and the parameters that tell what it means in the root."""


@dataclass(frozen=True, slots=True)
class Split:
    """A template as CloudFormation is given it: the root, and the nested ones by their logical ids in the root.

    `texts` are the nested ones as they are uploaded, by their keys in the artifact bucket.
    """

    root: AnyTemplate
    nested: Mapping[str, AnyTemplate]
    texts: Mapping[str, str] = field(default_factory=dict)


def template_key(text: str) -> str:
    """Under which key a template lies in the artifact bucket."""
    return f"{TEMPLATES}{sha256(text.encode()).hexdigest()}.json"


def cut(template: AnyTemplate, places: Mapping[str, str]) -> Split:
    """Cut a template into the stacks that `places` tells for each resource, `""` being the root.

    Between the stacks there must be no circle.
    """
    return _Cutting(template, places).done()


def joined(root: AnyTemplate, nested: Mapping[str, AnyTemplate]) -> AnyTemplate:
    """The template that was cut into these."""
    if not nested:
        return root
    shown = {
        Reference(stack, _OUTPUTS + name): _reference(output["Value"])
        for stack, each in nested.items()
        for name, output in section(each, "Outputs").items()
    }
    resources: dict[str, object] = {}
    for stack, each in nested.items():
        given = section(section(section(root, "Resources")[stack], "Properties"), "Parameters")
        told = {Reference(name): shown.get(_reference(value), _reference(value)) for name, value in given.items()}
        for name, resource in section(each, "Resources").items():
            resources[name] = rewritten(resource, lambda one, told=told: told.get(one, one))  # type: ignore[misc]  # a default binds it
    for name, resource in section(root, "Resources").items():
        if name not in nested:
            resources[name] = rewritten(resource, lambda one: shown.get(one, one))
    for name, others in section(_about(root), "DependsOn").items():
        resource = resources[name]
        if isinstance(resource, dict):
            resource["DependsOn"] = others
    whole = {**root, "Resources": resources, "Metadata": _without_ours(root)}
    if "Outputs" in root:
        whole["Outputs"] = rewritten(root["Outputs"], lambda one: shown.get(one, one))
    return {name: each for name, each in whole.items() if name != "Metadata" or each}


def is_made_of(root: AnyTemplate, template: AnyTemplate) -> bool:
    """Whether this root, untouched, is one of `template` cut into pieces."""
    return _about(root).get("Sum") == _sum(template, root)


def nested_stacks(root: AnyTemplate) -> list[str]:
    """The logical ids of the nested stacks that a root was cut into."""
    return sorted(NESTED_STACKS & section(root, "Resources").keys()) if _about(root) else []


def places(root: AnyTemplate, nested: Mapping[str, AnyTemplate]) -> dict[str, str]:
    """Which stack each resource is in."""
    inside = {name: stack for stack, each in nested.items() for name in section(each, "Resources")}
    return {name: ROOT for name in section(root, "Resources") if name not in nested} | inside


class _Cutting:
    def __init__(self, template: AnyTemplate, places: Mapping[str, str]) -> None:
        self._template = template
        self._places = places
        self._resources = section(template, "Resources")
        self._parameters = section(template, "Parameters")
        self._stacks = sorted(set(places.values()) - {ROOT})
        self._given: dict[str, dict[str, Reference]] = {stack: {} for stack in self._stacks}
        self._shown: dict[str, dict[str, Reference]] = {stack: {} for stack in self._stacks}
        self._after: dict[str, set[str]] = {stack: set() for stack in self._stacks}
        self._depends: dict[str, list[str]] = {}

    def done(self) -> Split:
        """The pieces. A nested stack shows only what others ask for: so its outputs come last."""
        inner = {stack: self._inside(stack) for stack in self._stacks}
        outer = self._inside(ROOT)
        outputs = rewritten(self._template.get("Outputs", {}), lambda one: self._seen(one, ROOT))
        given = {
            stack: {name: self._seen(one, ROOT).intrinsic() for name, one in sorted(named.items())}
            for stack, named in self._given.items()
        }
        nested = {stack: self._nested(stack, resources) for stack, resources in inner.items()}
        texts: dict[str, str] = {}
        for stack, each in nested.items():
            text = template_text(each)
            key = template_key(text)
            texts[key] = text
            outer[stack] = self._stack(stack, key, given[stack])
        root: dict[str, object] = {**self._template, "Resources": outer}
        if outputs:
            root["Outputs"] = outputs
        about: dict[str, object] = {"DependsOn": self._depends}
        metadata = section(self._template, "Metadata")
        root["Metadata"] = {**metadata, _METADATA: about}
        about["Sum"] = _sum(self._template, root)
        return Split(root, nested, texts)

    def _inside(self, stack: str) -> dict[str, object]:
        """The resources of a stack, as they stand in it."""
        return {name: self._resource(name, stack) for name in sorted(self._resources) if self._places[name] == stack}

    def _resource(self, name: str, stack: str) -> dict[str, object]:
        resource = {
            key: rewritten(value, lambda one: self._seen(one, stack)) for key, value in self._resources[name].items()
        }
        if others := depends_on(self._resources[name]):
            here = [other for other in others if self._places.get(other, stack) == stack]
            away = {self._places[other] or other for other in others if other not in here}
            if away:
                self._depends[name] = self._resources[name]["DependsOn"]
                self._wait(resource, stack, here, away)
        return resource

    def _wait(self, resource: dict[str, object], stack: str, here: list[str], away: set[str]) -> None:
        """Let a resource of the root, or the stack that it is in, wait for what is elsewhere."""
        if stack == ROOT:
            here = sorted({*here, *away} - {each.name for each in found(resource)})
        else:
            self._after[stack] |= away
        if here:
            resource["DependsOn"] = here
        else:
            del resource["DependsOn"]

    def _seen(self, one: Reference, stack: str) -> Reference:
        """How a reference is written in a stack."""
        place = self._places.get(one.name, ROOT)
        if stack == ROOT:
            return one if place == ROOT else self._output(one, place)
        if place == stack or (one.name.startswith("AWS::") and one.name not in _PSEUDO):
            return one
        return Reference(self._named(one, self._given[stack]))

    def _output(self, one: Reference, stack: str) -> Reference:
        return Reference(stack, _OUTPUTS + self._named(one, self._shown[stack]))

    def _named(self, one: Reference, known: dict[str, Reference]) -> str:
        """The parameter or output that stands for a reference."""
        if not one.attribute:
            name = _PSEUDO.get(one.name, one.name)
            own = name == one.name
        else:
            name, own = one.name + "".join(letter for letter in one.attribute if letter.isalnum()), False
        taken = name in self._resources or name in self._parameters or known.get(name, one) != one
        if taken and not own:
            name += sha256(".".join(one).encode()).hexdigest()[:8]
        known[name] = one
        return name

    def _nested(self, stack: str, resources: dict[str, object]) -> dict[str, object]:
        parameters = {name: self._declared(one) for name, one in self._given[stack].items()}
        shown = {name: {"Value": one.intrinsic()} for name, one in self._shown[stack].items()}
        described = self._template.get("Description")
        return {
            "AWSTemplateFormatVersion": "2010-09-09",
            **({"Description": described} if described else {}),
            **({"Parameters": parameters} if parameters else {}),
            "Resources": resources,
            **({"Outputs": shown} if shown else {}),
        }

    def _declared(self, one: Reference) -> dict[str, object]:
        unseen = self._parameters.get(one.name, {}).get("NoEcho")
        return {"Type": "String", **({"NoEcho": unseen} if unseen else {})}

    def _stack(self, stack: str, key: str, given: dict[str, dict[str, object]]) -> dict[str, object]:
        address = f"https://s3.${{AWS::Region}}.${{AWS::URLSuffix}}/${{{BUCKET_PARAMETER}}}/{key}"
        after = sorted(self._after[stack] - {each.name for each in found(given)})
        return {
            "Type": STACK,
            **({"DependsOn": after} if after else {}),
            "Properties": {"TemplateURL": {"Fn::Sub": address}, **({"Parameters": given} if given else {})},
        }


def _sum(template: AnyTemplate, root: AnyTemplate) -> str:
    """What stands for a template and the root that it was cut into, the root's own metadata left out."""
    bare = {**root, "Metadata": _without_ours(root)}
    return sha256(json.dumps([template, bare], sort_keys=True).encode()).hexdigest()


def _about(root: AnyTemplate) -> dict[str, object]:
    return section(section(root, "Metadata"), _METADATA)


def _without_ours(root: AnyTemplate) -> dict[str, object]:
    return {name: value for name, value in section(root, "Metadata").items() if name != _METADATA}


def _reference(value: object) -> Reference:
    one = reading(value)
    if one is None:
        raise ValueError(f"no reference: {value!r}")
    return one

"""Checks of references to Parameter Store and Secrets Manager: what is secret stays out of what many can see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lakon.model.cloudformation import CloudFormationResource
from lakon.model.references import SECRET_MARKS

if TYPE_CHECKING:
    from lakon.model.service import Service
    from lakon.synth.checks.mistakes import Mistakes

_HINT = (
    "whoever may look at it would see the value: read it when the function runs, as in "
    "uses=lakon.Secret.existing(ARN).read"
)


def check_references(service: Service, mistakes: Mistakes) -> None:
    """No secret stands in the environment of a function, in an output, or in what anybody may read of the template."""
    for function in service.functions:
        if not isinstance(function.env, Mapping):
            continue
        for name, value in function.env.items():
            what = f"the variable {name!r} of {function.name!r} would hold a secret"
            mistakes.unless(not _holds_secret(value), function.origin, what, _HINT)
    for output in service.outputs:
        what = f"the output {output.name!r} would show a secret"
        mistakes.unless(not _holds_secret(output.value), output.origin, what, _HINT)
    for each in service.inputs:
        what = f"the default of the input {each.name!r} would be a secret"
        mistakes.unless(not _holds_secret([each.default, each.choices]), each.origin, what, _HINT)
    mistakes.unless(
        not _holds_secret([service.description, service.env]),
        service.origin,
        f"the description or the environment of {service.name!r} would hold a secret",
        _HINT,
    )
    for resource in service.resources:
        if isinstance(resource, CloudFormationResource) and resource.type == "AWS::Lambda::Function":
            told = resource.properties.get("Environment") if isinstance(resource.properties, Mapping) else None
            what = f"the environment of {resource.id!r} would hold a secret"
            mistakes.unless(not _holds_secret(told), resource.origin, what, _HINT)


def _holds_secret(value: object) -> bool:
    """Whether a reference to a secret stands anywhere in a value: also one that intrinsic functions put together.

    What is nested too deep, or in itself, is another check's mistake, and no trouble here.
    """
    waiting, met = [value], set[int]()
    while waiting:
        each = waiting.pop()
        if isinstance(each, str) and any(mark in each for mark in SECRET_MARKS):
            return True
        if isinstance(each, (Mapping, list, tuple)) and id(each) not in met:
            met.add(id(each))
            waiting += each.values() if isinstance(each, Mapping) else each
    return False

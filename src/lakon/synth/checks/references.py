"""Checks of references to Parameter Store and Secrets Manager: what is secret stays out of what many can see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lakon.model.references import SECRET_MARKS

if TYPE_CHECKING:
    from lakon.model.service import Service
    from lakon.synth.checks.mistakes import Mistakes

_HINT = (
    "whoever may look at it would see the value: read it when the function runs, as in "
    "uses=lakon.Secret.existing(ARN).read"
)


def check_references(service: Service, mistakes: Mistakes) -> None:
    """No secret stands in the environment of a function or in an output, where it would be readable."""
    for function in service.functions:
        if not isinstance(function.env, Mapping):
            continue
        for name, value in function.env.items():
            mistakes.unless(
                not _holds_secret(value),
                function.origin,
                f"the variable {name!r} of {function.name!r} would hold a secret",
                _HINT,
            )
    for output in service.outputs:
        mistakes.unless(
            not _holds_secret(output.value), output.origin, f"the output {output.name!r} would show a secret", _HINT
        )


def _holds_secret(value: object) -> bool:
    return isinstance(value, str) and any(mark in value for mark in SECRET_MARKS)

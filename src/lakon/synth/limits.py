"""AWS's limits on a whole template, told before AWS does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lakon.exceptions import Mistake
from lakon.synth.synthesis import refusal
from lakon.synth.template import MAX_TEMPLATE_BYTES

if TYPE_CHECKING:
    from lakon.model.service import Service
    from lakon.synth.synthesis import Synthesis

MAX_RESOURCES = 500
MAX_OUTPUTS = 200
MAX_INLINE_POLICY = 10_240


def check_limits(synthesis: Synthesis, service: Service, *, root: str) -> None:
    """Raise ProgramError for all limits that the template breaks.

    See "CloudFormation quotas" and "IAM and STS quotas".
    """
    place = service.origin.place(root)
    mistakes = []
    if len(synthesis.resources) > MAX_RESOURCES:
        mistakes.append(
            Mistake(
                place,
                f"the service needs {len(synthesis.resources)} resources; a stack holds at most {MAX_RESOURCES}",
                f"split it into services: each function needs three resources, and this one has "
                f"{len(service.functions)} functions",
            )
        )
    if len(synthesis.outputs) > MAX_OUTPUTS:
        mistakes.append(
            Mistake(
                place,
                f"the stack would have {len(synthesis.outputs)} outputs; it may have at most {MAX_OUTPUTS}",
                "each bucket, table, queue, topic ... has one: split the service",
            )
        )
    size = len(synthesis.text.encode())
    if size > MAX_TEMPLATE_BYTES:
        mistakes.append(
            Mistake(
                place,
                f"the template has {size:,} bytes; CloudFormation takes at most {MAX_TEMPLATE_BYTES:,}",
                "split the service",
            )
        )
    for name, resource in synthesis.resources.items():
        if resource["Type"] == "AWS::IAM::Role":
            mistakes += _check_role(synthesis.origins[name], resource["Properties"])
    if mistakes:
        raise refusal(mistakes)


def _check_role(place: str, properties: object) -> list[Mistake]:
    policies = properties["Policies"] if isinstance(properties, dict) and "Policies" in properties else []
    size = len(json.dumps(policies, separators=(",", ":")))
    if size <= MAX_INLINE_POLICY:
        return []
    return [
        Mistake(
            place,
            f"the role's policy has {size:,} characters; IAM takes at most {MAX_INLINE_POLICY:,}",
            "split the function, or replace many single grants by one lakon.allow(...) on a common prefix",
        )
    ]

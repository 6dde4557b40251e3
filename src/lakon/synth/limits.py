"""AWS's limits on a whole template, told before AWS does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lakon.exceptions import Mistake
from lakon.synth.nesting import split
from lakon.synth.quotas import excesses
from lakon.synth.synthesis import refusal

if TYPE_CHECKING:
    from lakon.model.service import Service
    from lakon.synth.splitting import Split
    from lakon.synth.synthesis import Synthesis

MAX_INLINE_POLICY = 10_240


def check_limits(synthesis: Synthesis, service: Service, *, root: str) -> Split:
    """The template as CloudFormation is given it for a stack that is not there yet: split where it is too large.

    Raises ProgramError for all limits that it breaks. See "CloudFormation quotas" and "IAM and STS quotas".
    """
    divided = split(json.loads(synthesis.text))
    mistakes = [Mistake(service.origin.place(root), each.what, each.hint) for each in excesses(divided)]
    for name, resource in synthesis.resources.items():
        if resource["Type"] == "AWS::IAM::Role":
            mistakes += _check_role(synthesis.origins[name], resource["Properties"])
    if mistakes:
        raise refusal(mistakes)
    return divided


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

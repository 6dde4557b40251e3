"""A whole template as CloudFormation is handed it: split where it is too large, and in steps where it is too much."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from lakon.exceptions import ProvisionError
from lakon.synth.nesting import split
from lakon.synth.portions import MOST_AT_ONCE, portions
from lakon.synth.quotas import excesses
from lakon.synth.splitting import places
from lakon.synth.template import template_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lakon.provision.changes import Wanted
    from lakon.provision.deployed import Deployed


def planned(wanted: Wanted, held: Deployed | None) -> tuple[list[Wanted], Callable[[], Mapping[str, str]]]:
    """What to make of the stack `held` one after the other, the last being all that is wanted: mostly that alone.

    More steps are needed where more is added than CloudFormation makes at once. Beside them comes what tells which
    stack each resource is in, or shall be.
    """
    whole = json.loads(wanted.template)
    if len(whole.get("Resources", {})) <= MOST_AT_ONCE:
        return [wanted], lambda: held.places if held else {}
    steps = portions(whole, held.template if held else {})
    divided = split(whole, held.places if held else {})
    before = held.stack.parameters if held else {}
    placed = {**(held.places if held else {}), **places(divided.root, divided.nested)}
    first = [
        replace(
            wanted,
            template=template_text(step),
            parameters={**{name: before[name] for name in _parameters(step) & before.keys()}, **wanted.parameters},
        )
        for step in steps[:-1]
    ]
    return [*first, wanted], lambda: placed


def _parameters(template: Mapping[str, object]) -> set[str]:
    declared = template.get("Parameters")
    return set(declared) if isinstance(declared, dict) else set()


def handed(wanted: Wanted, placed: Mapping[str, str]) -> Wanted:
    """What to hand over so that a stack becomes all that is wanted: one template, or a root and nested ones.

    What is `placed` already stays in the nested stack, or in the root, where it is. ProvisionError when a template
    would exceed what CloudFormation takes, ProgramError when it cannot be split.
    """
    divided = split(json.loads(wanted.template), placed)
    for excess in excesses(divided):
        raise ProvisionError(excess.what, hint=f"{excess.hint[:1].upper()}{excess.hint[1:]}.")
    if not divided.nested:
        return wanted
    return replace(wanted, template=template_text(divided.root), nested=divided.texts)

"""A whole template as CloudFormation is handed it for a stack: split where it is too large, or has been before."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from lakon.exceptions import ProvisionError
from lakon.synth.nesting import split
from lakon.synth.quotas import excesses
from lakon.synth.template import template_text

if TYPE_CHECKING:
    from lakon.provision.changes import Wanted
    from lakon.provision.deployed import Deployed


def handed(wanted: Wanted, held: Deployed | None) -> Wanted:
    """What to hand over so that the stack `held` becomes all that is wanted: one template, or a root and nested ones.

    What is there already stays in the nested stack, or in the root, where it is. ProvisionError when a template would
    exceed what CloudFormation takes, ProgramError when it cannot be split.
    """
    divided = split(json.loads(wanted.template), held.places if held else None)
    for excess in excesses(divided):
        raise ProvisionError(excess.what, hint=f"{excess.hint[:1].upper()}{excess.hint[1:]}.")
    if not divided.nested:
        return wanted
    return replace(wanted, template=template_text(divided.root), nested=divided.texts)

"""Checks of the service's inputs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lakon.synth.checks.mistakes import are_texts, spelled

if TYPE_CHECKING:
    from lakon.model.service import Service
    from lakon.synth.checks.mistakes import Mistakes

INPUT_NAME = re.compile(r"(?!.*Archive$|ArtifactBucket$)[A-Za-z][A-Za-z0-9]{0,254}")
MAX_INPUTS = 150


def check_inputs(service: Service, mistakes: Mistakes) -> None:
    """Each input has a name that CloudFormation takes and Lakon does not, and a default that may be chosen."""
    seen: set[str] = set()
    for each in service.inputs:
        mistakes.unless(
            spelled(INPUT_NAME, each.name),
            each.origin,
            f"an input is named {each.name!r}",
            "an input is named in letters and digits, and not as Lakon's own: ArtifactBucket, or what ends in Archive",
        )
        mistakes.unless(
            str(each.name) not in seen,
            each.origin,
            f"there are two inputs named {each.name!r}",
            "rename one of the two",
        )
        seen.add(str(each.name))
        texts = are_texts(each.choices) if each.choices else True
        mistakes.unless(
            texts, each.origin, f"choices of the input {each.name!r} are {each.choices!r:.60}", "choices are texts"
        )
        mistakes.unless(
            each.default is None or isinstance(each.default, str),
            each.origin,
            f"the default of the input {each.name!r} is {each.default!r:.60}",
            "a default is a text, as all parameters of a template are",
        )
        mistakes.unless(
            not each.choices or each.default is None or each.default in each.choices,
            each.origin,
            f"the default of the input {each.name!r} is {each.default!r:.60}, which is not among its choices",
            "add it to choices=, or choose another",
        )
    if len(service.inputs) > MAX_INPUTS:
        mistakes.add(
            service.origin,
            f"the service has {len(service.inputs)} inputs",
            f"a template has at most 200 parameters, and Lakon needs some: declare {MAX_INPUTS} inputs at most",
        )

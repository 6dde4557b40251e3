"""What a program may not say, found all at once: each check adds to one list of mistakes and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakon.synth.addresses import opens_doors
from lakon.synth.checks.code import check_libraries
from lakon.synth.checks.documents import check_documents
from lakon.synth.checks.functions import check_functions
from lakon.synth.checks.inputs import check_inputs
from lakon.synth.checks.mistakes import Mistakes
from lakon.synth.checks.references import check_references
from lakon.synth.checks.resources import check_resources
from lakon.synth.checks.service import check_service
from lakon.synth.checks.tokens import check_tokens
from lakon.synth.checks.triggers import check_triggers
from lakon.synth.checks.uses import check_uses

if TYPE_CHECKING:
    from lakon.exceptions import Mistake
    from lakon.model.service import Service

__all__ = ["check"]


def check(service: Service, *, stage: str, root: str) -> list[Mistake]:
    """Every mistake of the declaration, in the order of the source."""
    mistakes = Mistakes(root)
    check_service(service, stage, mistakes)
    check_resources(service, stage, mistakes)
    check_inputs(service, mistakes)
    check_functions(service, stage, mistakes)
    check_libraries(service, mistakes)
    check_triggers(service, mistakes)
    if opens_doors(service):
        from lakon.synth.checks.http import check_front_doors  # not for programs without

        check_front_doors(service, stage, mistakes)
    check_uses(service, mistakes)
    check_documents(service, mistakes)
    check_references(service, mistakes)
    check_tokens(service, mistakes)
    return mistakes.in_order()

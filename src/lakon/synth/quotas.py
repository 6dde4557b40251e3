"""CloudFormation's quotas on templates: see "CloudFormation quotas"."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lakon.synth.template import MAX_TEMPLATE_BYTES, template_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakon.synth.splitting import AnyTemplate, Split

INLINE_TEMPLATE = 51_200
"""How many bytes a template may have that does not lie in a bucket."""

MAX_RESOURCES = 500
MAX_OUTPUTS = 200
MAX_PARAMETERS = 200


class Excess(NamedTuple):
    """A quota that a template exceeds, and what to do."""

    what: str
    hint: str


def excesses(split: Split) -> Iterator[Excess]:
    """Every quota that one of the templates exceeds."""
    yield from _excesses(split.root, "the stack")
    for name, template in split.nested.items():
        yield from _excesses(template, f"the nested stack {name}")


def _excesses(template: AnyTemplate, who: str) -> Iterator[Excess]:
    resources, outputs, parameters = (_count(template, name) for name in ("Resources", "Outputs", "Parameters"))
    if resources > MAX_RESOURCES:
        yield Excess(
            f"{who} needs {resources} resources; it may hold at most {MAX_RESOURCES}",
            "functions move to nested stacks with all that is theirs alone, and with a bucket only; what is left is "
            "too much: split the service",
        )
    if outputs > MAX_OUTPUTS:
        yield Excess(
            f"{who} would have {outputs} outputs; it may have at most {MAX_OUTPUTS}", "take out some service.output"
        )
    if parameters > MAX_PARAMETERS:
        yield Excess(
            f"{who} would have {parameters} parameters; it may have at most {MAX_PARAMETERS}",
            "each input has one, and each program that is not Python: split the service",
        )
    size = len(template_text(template).encode())
    if size > MAX_TEMPLATE_BYTES:
        yield Excess(
            f"the template of {who} has {size:,} bytes; CloudFormation takes at most {MAX_TEMPLATE_BYTES:,}",
            "split the service",
        )


def _count(template: AnyTemplate, name: str) -> int:
    section = template.get(name)
    return len(section) if isinstance(section, dict) else 0

"""Checks of the service itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lakon.settings import STAGE_HINT, STAGE_NAME
from lakon.synth.checks.mistakes import are_texts, is_number, spelled
from lakon.synth.values import handles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakon.model.declared import Output
    from lakon.model.function import Function
    from lakon.model.origin import Origin
    from lakon.model.resource import Resource
    from lakon.model.service import Service
    from lakon.synth.checks.mistakes import Mistakes

SERVICE_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
OUTPUT_NAME = re.compile(r"[A-Za-z0-9]{1,255}")
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
ARCHITECTURES = ("x86_64", "arm64")
RETENTION_DAYS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)
MAX_TAGS = 50
MAX_DESCRIPTION = 1024


def check_service(service: Service, stage: str, mistakes: Mistakes) -> None:
    """The names that make up the stack's name, the runtime, and the service's outputs."""
    origin = service.origin
    mistakes.unless(
        spelled(SERVICE_NAME, service.name),
        origin,
        f"the service's name is {service.name!r}",
        "a service is named in lower-case letters, digits and hyphens, at most 40, and begins with a letter",
    )
    mistakes.unless(
        spelled(STAGE_NAME, stage),
        origin,
        f"the stage's name is {stage!r}",
        STAGE_HINT,
    )
    mistakes.unless(
        service.python in PYTHONS,
        origin,
        f"the service wants Python {service.python!r}",
        f"Lambda's managed runtimes are {', '.join(PYTHONS)}; write the version as text",
    )
    _check_description(service, mistakes)
    mistakes.flags(origin, str(service.name), layer=service.layer, bucket=service.with_bucket)
    for option, patterns in {"include": service.include, "exclude": service.exclude}.items():
        mistakes.unless(
            not patterns or are_texts(patterns), origin, f"{option} is {patterns!r:.60}", "a glob pattern is a text"
        )
    check_architecture(service.architecture, origin, mistakes)
    check_retention(service.log_retention_days, origin, mistakes)
    check_tags(service.tags, origin, mistakes)
    mistakes.mapping(origin, f"env of {service.name!r}", service.env, 'env={"COLOUR": "blue"}')
    mistakes.unless(
        bool(service.functions or handles(service)),
        origin,
        f"the service {service.name!r} declares nothing",
        "declare a function with @service.function(...), or a resource such as service.bucket(...)",
    )
    for output in service.outputs:
        _check_output(output, mistakes)


def _check_description(service: Service, mistakes: Mistakes) -> None:
    what = f"the description of {service.name!r}"
    mistakes.text(service.origin, what, service.description, MAX_DESCRIPTION)
    if isinstance(service.description, str) and len(service.description) <= MAX_DESCRIPTION:
        size = len(service.description.encode())
        hint = f"CloudFormation takes at most {MAX_DESCRIPTION:,}"
        mistakes.unless(size <= MAX_DESCRIPTION, service.origin, f"{what} has {size:,} bytes", hint)


def _check_output(output: Output, mistakes: Mistakes) -> None:
    mistakes.unless(
        spelled(OUTPUT_NAME, output.name),
        output.origin,
        f"an output is named {output.name!r:.60}",
        "an output's name is made of letters and digits",
    )
    if not isinstance(output.value, (dict, str)) or not output.value:
        mistakes.add(
            output.origin,
            f"the output {output.name!r} is {output.value!r:.60}",
            "an output is a text, an attribute of a handle, or an intrinsic function",
        )


def check_known(service: Service, function: Function, verb: str, resource: Resource, mistakes: Mistakes) -> None:
    """What a function `verb` ("uses") is of its own service, or exists already."""
    mistakes.unless(
        not resource.owned or resource in handles(service),
        function.origin,
        f"{function.name!r} {verb} {resource!r}, which is not of the service {service.name!r}",
        f"declare it on this service, or use {type(resource).__name__}.existing(...)",
    )


def check_architecture(architecture: object, origin: Origin, mistakes: Mistakes) -> None:
    """One of the two that Lambda runs on."""
    mistakes.unless(
        architecture in ARCHITECTURES,
        origin,
        f"the architecture is {architecture!r}",
        'it is "x86_64" or "arm64"',
    )


def check_retention(days: object, origin: Origin, mistakes: Mistakes) -> None:
    """One of the lengths that CloudWatch Logs knows."""
    mistakes.unless(
        is_number(days) and days in RETENTION_DAYS,
        origin,
        f"logs are kept for {days!r} days",
        f"CloudWatch Logs keeps them for one of {', '.join(map(str, RETENTION_DAYS))} days",
    )


def check_tags(tags: Mapping[str, str], origin: Origin, mistakes: Mistakes) -> None:
    """Texts within AWS's limits, outside AWS's own names."""
    if not mistakes.mapping(origin, "tags", tags, 'tags={"team": "stamps"}'):
        return
    mistakes.unless(len(tags) <= MAX_TAGS, origin, f"there are {len(tags)} tags", f"AWS takes at most {MAX_TAGS}")
    for key, value in tags.items():
        right = isinstance(key, str) and isinstance(value, str) and 0 < len(key) <= 128 and len(value) <= 256
        mistakes.unless(
            right and not key.lower().startswith(("aws:", "lakon:")),
            origin,
            f"the tag {key!r} has the value {value!r}",
            'tags are texts: a key of 1 to 128 characters that does not begin with "aws:" or "lakon:", a value of at '
            "most 256",
        )

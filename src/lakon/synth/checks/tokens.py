"""Checks of handles' attributes that stand inside texts: environment, properties, outputs, payloads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lakon.model.alarms import Alarm
from lakon.model.function import Vpc
from lakon.model.grants import Allow
from lakon.model.resources import Parameter
from lakon.synth.checks.documents import documents, json_fault
from lakon.synth.values import handles, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakon.model.function import Function
    from lakon.model.origin import Origin
    from lakon.model.service import Service
    from lakon.synth.checks.mistakes import Mistakes


_OF_DOORS = ("listener", "security_groups", "stage_variables", "subnets", "vpc_endpoints")


def check_tokens(service: Service, mistakes: Mistakes) -> None:
    """Every attribute of a handle in the program's texts belongs to a resource of this service."""
    known = {handle.logical_id for handle in handles(service)} | {str(each.name) for each in service.inputs}
    for origin, value in _texts(service):
        for logical_id in tokens(value):
            if logical_id not in known and not logical_id.startswith("AWS::"):
                mistakes.add(
                    origin,
                    f"a text refers to the resource {logical_id}, which is not of the service {service.name!r}",
                    "declare the resource on this service, or use the .existing(...) form of its handle",
                )


def _texts(service: Service) -> Iterator[tuple[Origin, object]]:
    for function in service.functions:
        for value in _function_texts(function):
            yield function.origin, value
    for resource in service.resources:
        if isinstance(resource, Parameter):
            yield resource.origin, resource.text
    for api in service.apis:
        yield api.origin, [getattr(api, option, None) for option in _OF_DOORS]
    for document in documents(service):
        if json_fault(document.value) is None:
            yield document.origin, document.value


def _function_texts(function: Function) -> Iterator[object]:
    if isinstance(function.env, Mapping):
        yield from function.env.values()
    yield from function.layers
    yield from (function.kms_key, function.dead_letters, function.on_success, function.on_failure)
    if isinstance(function.vpc, Vpc):
        yield (function.vpc.subnets, function.vpc.security_groups)
    for use in function.uses:
        if isinstance(use, Allow):
            yield use.resources
    for alarm in function.alarms:
        if isinstance(alarm, Alarm):
            yield alarm.notify

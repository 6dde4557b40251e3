"""Checks of what the user writes for AWS in JSON: properties, patterns, payloads, policies, outputs."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, NamedTuple

from lakon.model.gateways import RestApi
from lakon.model.grants import Allow
from lakon.model.resources import CloudFormationResource, Secret
from lakon.model.triggers import BusEvents, QueueMessages, Schedule, TopicMessages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakon.model.function import Function
    from lakon.model.origin import Origin
    from lakon.model.service import Service
    from lakon.synth.checks.mistakes import Mistakes

MAX_DEPTH = 100
_INTRINSICS = {
    "Ref": 'a name, as in {"Ref": "Cache"}',
    "Fn::GetAtt": 'a name and an attribute, as in {"Fn::GetAtt": ["Cache", "Endpoint.Address"]}',
    "Fn::Sub": 'a text, as in {"Fn::Sub": "${Cache.Arn}/*"}, or a list of a text and its variables',
}


class Document(NamedTuple):
    """A piece of JSON. One that is `structure` stands in the template as it is, and one that is not as a text."""

    origin: Origin
    what: str
    value: object
    structure: bool = True


def documents(service: Service) -> Iterator[Document]:
    """Everything that the service says in JSON."""
    for function in service.functions:
        yield from _of_function(function)
    for resource in service.resources:
        if isinstance(resource, CloudFormationResource):
            yield Document(resource.origin, f"the properties of {resource.id!r}", resource.properties)
        elif isinstance(resource, Secret):
            yield Document(resource.origin, f"the template of {resource.id!r}", resource.template, structure=False)
    for api in service.apis:
        if isinstance(api, RestApi) and api.policy is not None:
            yield Document(api.origin, f"the policy of {api.id!r}", api.policy)
    for site in service.sites:
        yield Document(site.origin, f"the manifest of {site.id!r}", site.manifest, structure=False)
    for output in service.outputs:
        yield Document(output.origin, f"the output {output.name!r}", output.value)


def _of_function(function: Function) -> Iterator[Document]:
    origin, name = function.origin, function.name
    for use in function.uses:
        if isinstance(use, Allow):
            yield Document(origin, f"a condition of {name!r}", use.condition)
    for trigger in function.on:
        if isinstance(trigger, BusEvents):
            yield Document(origin, f"the event pattern of {name!r}", trigger.pattern)
        elif isinstance(trigger, Schedule):
            yield Document(origin, f"the payload of {name!r}", trigger.payload, structure=False)
        elif isinstance(trigger, TopicMessages):
            yield Document(origin, f"the filter of {name!r}", trigger.filter)
        elif isinstance(trigger, QueueMessages):
            yield Document(origin, f"the filter of {name!r}", trigger.filters, structure=False)


def check_documents(service: Service, mistakes: Mistakes) -> None:
    """Each is JSON, and the functions in it are CloudFormation's."""
    for document in documents(service):
        fault = json_fault(document.value)
        if fault is not None:
            hint = "JSON has texts, numbers, True, False, None, lists and dictionaries; of a handle write an attribute"
            mistakes.add(document.origin, f"{document.what} has {fault}, which is not JSON", hint)
        elif document.structure:
            for function, argument in _intrinsics(document.value):
                mistakes.unless(
                    _well_formed(function, argument),
                    document.origin,
                    f"{document.what} has {{{function!r}: {argument!r:.60}}}",
                    f"{function} takes {_INTRINSICS[function]}",
                )


def json_fault(value: object, depth: int = 0) -> str | None:
    """What in the value JSON cannot say, as deep as it lies; None where all of it is JSON."""
    if value is None or isinstance(value, (str, int)):
        return None
    if isinstance(value, float):
        return None if isfinite(value) else repr(value)
    if not isinstance(value, (Mapping, list, tuple)):
        return f"{value!r:.60}"
    if depth == MAX_DEPTH:
        return f"more than {MAX_DEPTH} levels"
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                return f"the key {key!r:.60}"
    for item in value.values() if isinstance(value, Mapping) else value:
        fault = json_fault(item, depth + 1)
        if fault is not None:
            return fault
    return None


def _intrinsics(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        if len(value) == 1:
            yield from [(name, argument) for name, argument in value.items() if name in _INTRINSICS]
        for item in value.values():
            yield from _intrinsics(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _intrinsics(item)


def _well_formed(function: str, argument: object) -> bool:
    match function, argument:
        case (_, str()):
            return True
        case "Fn::GetAtt", [str(), str() | Mapping()]:
            return True
        case "Fn::Sub", [str(), Mapping()]:
            return True
    return False


def pattern_fault(pattern: object) -> str | None:
    """The key of an event pattern below which no list of what to match stands; None where there is none."""
    if not isinstance(pattern, Mapping):
        return None
    for key, wanted in pattern.items():
        if isinstance(wanted, Mapping) and wanted:
            fault = pattern_fault(wanted)
        elif isinstance(wanted, (list, tuple)) and wanted:
            faults = [pattern_fault(each) for each in wanted] if key == "$or" else []
            fault = next((found for found in faults if found is not None), None)
        else:
            fault = repr(key)
        if fault is not None:
            return fault
    return None

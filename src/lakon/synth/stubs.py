"""A template that needs no bucket: stubs in the place of code, and nothing that calls them by itself.

CloudFormation takes Python within the template; AWS keeps it in a bucket of its own. Real code follows beside
CloudFormation (`lakon flip`), for any runtime.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from lakon.synth.cycles import references
from lakon.synth.functions import BUCKET_PARAMETER

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from lakon.synth.template import Properties, Template

STUB_HANDLER = "index.lakon_stub"
STUB = '''\
"""Stands in for the code of a function until `lakon flip` brings it."""


def lakon_stub(event, context):
    told = context.function_name + " is a stub: its code comes with `lakon flip`"
    print(told)
    if isinstance(event, dict) and event.get("lakon") == "health":
        return {"lakon": "stub", "function": context.function_name}
    if isinstance(event, dict) and "requestContext" in event:
        return {"statusCode": 503, "headers": {"content-type": "text/plain", "retry-after": "60"}, "body": told}
    raise RuntimeError(told)
'''
"""What answers health checks and HTTP requests, and fails for every other event: so none is taken for done."""

SWITCHES: dict[str, tuple[str, object]] = {
    "AWS::Lambda::EventSourceMapping": ("Enabled", False),
    "AWS::Scheduler::Schedule": ("State", "DISABLED"),
    "AWS::Events::Rule": ("State", "DISABLED"),
}
"""By which property a trigger is off. Notifications of buckets and topics have none: what they tell is tried again."""

DECLARED = "lakon:declared"
"""In the metadata of a trigger that the program does not declare on: what it says in that property's place."""


_ON = (True, "true", "ENABLED")


def put_stubs(template: Template, archives: Collection[str], python: str) -> None:
    """Put a stub into each function whose code comes from a bucket, and switch off what calls it.

    `archives` are the parameters that name archives; `python` is the version of the stubs' runtime.
    """
    stubs = [name for name, resource in template.resources.items() if _from_bucket(resource)]
    for name in stubs:
        properties = _properties(template.resources[name])
        properties["Runtime"], properties["Handler"] = f"python{python}", STUB_HANDLER
        properties["Code"] = {"ZipFile": STUB}
    for name in triggers(template.resources, stubs):
        key, value = SWITCHES[str(template.resources[name]["Type"])]
        declared = _properties(template.resources[name]).get(key)
        if declared is not None and declared not in _ON:
            template.resources[name]["Metadata"] = {DECLARED: declared}
        _properties(template.resources[name])[key] = value
    for name in (BUCKET_PARAMETER, *archives):
        template.parameters.pop(name, None)


def stubbed(resources: Mapping[str, Mapping[str, object]]) -> tuple[str, ...]:
    """The logical ids of functions whose template holds a stub."""
    return tuple(
        name
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Lambda::Function" and _properties(resource).get("Handler") == STUB_HANDLER
    )


def triggers(resources: Mapping[str, Mapping[str, object]], functions: Collection[str]) -> Iterator[str]:
    """The logical ids of what can be switched off and calls one of the functions."""
    for name, resource in resources.items():
        if resource["Type"] in SWITCHES and not references(resource["Properties"]).isdisjoint(functions):
            yield name


def declared_on(trigger: Mapping[str, object], parameters: Mapping[str, str]) -> bool:
    """Whether a trigger is on once its function is live; `parameters` are the values of those of the stack."""
    metadata = cast("Properties", trigger.get("Metadata", {}))
    declared = metadata.get(DECLARED)
    if isinstance(declared, dict):
        declared = parameters.get(str(declared.get("Ref")))
    return declared is None or declared in _ON


def _from_bucket(resource: Mapping[str, object]) -> bool:
    code = _properties(resource).get("Code") if resource["Type"] == "AWS::Lambda::Function" else None
    return isinstance(code, dict) and code.get("S3Bucket") == {"Ref": BUCKET_PARAMETER}


def _properties(resource: Mapping[str, object]) -> Properties:
    return cast("Properties", resource.get("Properties", {}))

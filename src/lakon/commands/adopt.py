"""`lakon adopt`: make resources that exist already part of the service's stack."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakon.commands.places import provisioning, start
from lakon.commands.revision import revision
from lakon.commands.wanted import without_bucket
from lakon.describe.difference.schemas import identifiers
from lakon.describe.difference.values import mapping, shown
from lakon.exceptions import UsageError
from lakon.model.names import logical_id
from lakon.provision import adoption, artifacts, releases
from lakon.provision.changes import Wanted
from lakon.provision.deployed import deployed
from lakon.provision.existing import function_as_it_is, has_alias_named, has_url, log_group_as_it_is
from lakon.provision.status import resources
from lakon.synth.cycles import references
from lakon.synth.functions import BUCKET_PARAMETER
from lakon.synth.stubs import stubbed
from lakon.synth.synthesis import synthesize
from lakon.synth.traffic import ALIAS, has_alias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_cloudformation.type_defs import ResourceToImportTypeDef

    from lakon.commands.program import Program
    from lakon.model.function import Function
    from lakon.provision.deployed import Deployed
    from lakon.provision.session import Session
    from lakon.report import Reporter
    from lakon.settings import Target


@dataclass(frozen=True, slots=True)
class Adopted:
    """The stack, and the physical name of each logical id that is part of it now."""

    stack: str
    resources: Mapping[str, str]


def adopt(program: Program, target: Target, reporter: Reporter, names: Mapping[str, str]) -> Adopted:
    """Take existing resources into the service's stack, which is made where there is none.

    `names` maps what the program calls a resource or a function ("orders", or its logical id) to its physical name.
    What is adopted is not touched; the next provision makes it what the program says. A function comes with its log
    group; the code that it has goes to the bucket of archives, so that it can come back. Raises UsageError for what
    cannot be adopted, and ProvisionError when it is not there or CloudFormation refuses.
    """
    stack = program.stack(target.stage)
    with program.at_hand():
        synthesis = synthesize(program.service, stage=target.stage, root=str(program.root))
    functions = _functions(program, target, names)
    logical = {
        _logical_id(program, synthesis.resources, name): physical
        for name, physical in names.items()
        if name not in functions
    }
    session = start(program, target, reporter)
    if session.quick and not session.local:
        reporter.note("where an emulator answers: it may make the resource anew at its next change, as AWS does not")
    with provisioning(program, target):
        before = deployed(session, stack)
        there = _part_of(session, before, functions, logical, stack)
        functions = {name: each for name, each in functions.items() if logical_id(each.name, "Function") not in there}
        logical = {name: physical for name, physical in logical.items() if name not in there}
        if not functions and not logical:
            return Adopted(stack, there)
        bucketless = without_bucket(program, target) or (before is not None and bool(stubbed(before.resources)))
        if functions and bucketless:
            raise UsageError(
                "a function is adopted with the code that it has, and that needs a bucket",
                where=next(iter(functions.values())).origin.place(str(program.root)),
                hint=f"{target.command('provision')} gives the stack its bucket.",
            )
        named = (before.stack.parameters.get(BUCKET_PARAMETER) if before else None) or target.bucket
        store = None if bucketless else artifacts.artifact_bucket(session, named, reporter)
        added = {name: _resource(synthesis.resources[name]) for name in logical}
        for function in functions.values():
            found = _as_it_is(session, function, function.physical(stack), store or "", reporter)
            added |= {name: _resource(each) for name, (each, _) in found.items()}
            logical |= {name: physical for name, (_, physical) in found.items()}
        imports = [_import(name, added[name], physical, stack) for name, physical in logical.items()]
        wanted = _wanted(target, before, added)
        adoption.adopt(session, stack, wanted, imports, reporter, origins=synthesis.origins, held=before)
        if store:
            releases.record(session, store, stack, wanted, before, revision(program.root))
    return Adopted(stack, {**there, **logical})


def _part_of(
    session: Session, before: Deployed | None, functions: Mapping[str, Function], logical: Mapping[str, str], stack: str
) -> dict[str, str]:
    """What is named and part of the stack already, by logical ids. UsageError where that is another of its kind."""
    named = {**{logical_id(each.name, "Function"): each.physical(stack) for each in functions.values()}, **logical}
    if before is None or not (named.keys() & before.resources.keys()):
        return {}
    found = {each.logical_id: each.physical_id for each in resources(session, before.stack.stack_id)}
    for name, physical in named.items():
        if (held := found.get(name, physical)) != physical:
            raise UsageError(
                f"{name} is part of the stack already: it is {held}, and not {physical}",
                hint="Take it out of the program and provision, which removes it; then declare and adopt the other.",
            )
    return {name: physical for name, physical in named.items() if name in found}


def _functions(program: Program, target: Target, names: Mapping[str, str]) -> dict[str, Function]:
    """The functions among what is named, each by how it is named there. UsageError for one of another name in AWS."""
    found = {}
    for function in program.service.functions:
        for name in {function.name, logical_id(function.name, "Function")} & names.keys():
            called = names[name].rpartition(":function:")[2]
            if (said := function.physical(program.stack(target.stage))) != called:
                raise UsageError(
                    f"the function {function.name!r} cannot be adopted: the program names it {said}, and not {called}",
                    where=function.origin.place(str(program.root)),
                    hint=f'Say what it is called: physical_name="{called}".',
                )
            found[name] = function
    return found


def _as_it_is(
    session: Session, function: Function, physical: str, store: str, reporter: Reporter
) -> dict[str, tuple[Mapping[str, object], str]]:
    """The function, and its log group where there is one, by their logical ids: as they are, and their names.

    As the program has them they would need a role and an archive that are not in the stack yet.
    """
    if has_alias(function) and has_alias_named(session, physical, ALIAS):
        raise _in_the_way(f"an alias {ALIAS!r}", physical)
    if function.url is not False and has_url(session, physical):
        raise _in_the_way("a URL", physical)
    group = f"/aws/lambda/{physical}"
    told = function_as_it_is(session, physical, store, reporter)
    function_resource: Mapping[str, object] = {"Type": "AWS::Lambda::Function", "Properties": told}
    found = {logical_id(function.name, "Function"): (function_resource, physical)}
    if logs := log_group_as_it_is(session, group):
        found[logical_id(function.name, "LogGroup")] = ({"Type": "AWS::Logs::LogGroup", "Properties": logs}, group)
    return found


def _in_the_way(what: str, physical: str) -> UsageError:
    return UsageError(
        f"{physical} has {what}, and the program makes one",
        hint="CloudFormation makes nothing that is there: delete it once nobody calls it, and adopt then.",
    )


def _logical_id(program: Program, resources: Mapping[str, object], name: str) -> str:
    for resource in program.service.resources:
        if resource.id == name and resource.owned:
            return resource.logical_id
    if name in resources:
        return name
    named = [resource.id for resource in program.service.resources if resource.owned]
    known = ", ".join([*named, *(function.name for function in program.service.functions)])
    raise UsageError(
        f"the service {program.service.name} has no resource or function {name!r}",
        hint=f"There are: {known}." if known else "Declare the resource that shall be adopted.",
    )


def _resource(declared: Mapping[str, object]) -> dict[str, object]:
    """The resource as the template of the import has it: kept, whatever happens before the next provision."""
    return {**declared, "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}


def _import(name: str, resource: Mapping[str, object], physical: str, stack: str) -> ResourceToImportTypeDef:
    kind = str(resource["Type"])
    keys = identifiers(kind)
    if len(keys) != 1:
        raise UsageError(f"{name} cannot be adopted: a {kind} is not found by one name alone")
    [key] = keys
    told = mapping(resource.get("Properties")).get(key)
    said = shown(told).replace("${AWS::StackName}", stack)
    if told is not None and said != physical:
        raise UsageError(
            f"{name} cannot be adopted: the program names it {said}, and not {physical}",
            hint=f'Use its existing(...) form, or service.resource("...", "{kind}", ...) with the name that it has.',
        )
    return {"ResourceType": kind, "LogicalResourceId": name, "ResourceIdentifier": {key: physical}}


def _wanted(target: Target, before: Deployed | None, resources: Mapping[str, object]) -> Wanted:
    """The stack as it is, with the resources; CloudFormation allows no other change then, not even of tags."""
    held = mapping(before.template.get("Resources")) if before else {}
    declared = mapping(before.template.get("Parameters")) if before else {}
    if missing := sorted(references(dict(resources)) - {*held, *declared, *resources}):
        raise UsageError(
            f"what shall be adopted needs {missing[0]}, which is not in the stack",
            hint="Provision the service without it first; or adopt both.",
        )
    template = {"AWSTemplateFormatVersion": "2010-09-09", **(before.template if before else {})}
    template["Resources"] = {**held, **resources}
    parameters, tags = (before.stack.parameters, before.stack.tags) if before else ({}, {})
    return Wanted(json.dumps(template), parameters, tags, target.bucket or parameters.get(BUCKET_PARAMETER))

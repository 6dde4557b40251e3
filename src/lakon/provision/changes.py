"""Change sets: what an operation would do to each resource, asked of CloudFormation before it is done."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypedDict

from lakon.exceptions import LakonError, ProvisionError
from lakon.provision.artifacts import upload_template, upload_templates
from lakon.provision.failure import refused_changes
from lakon.provision.progress import Pace
from lakon.provision.status import find
from lakon.synth.functions import BUCKET_PARAMETER
from lakon.synth.quotas import INLINE_TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_cloudformation.literals import CapabilityType
    from mypy_boto3_cloudformation.type_defs import (
        ParameterTypeDef,
        ResourceChangeTypeDef,
        ResourceToImportTypeDef,
        TagTypeDef,
    )

    from lakon.provision.session import Session

Replacement = Literal["never", "conditional", "always"]


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one resource: `action` is "add", "modify", "remove", "import", "dynamic" or "syncWithActual".

    `properties` are the names of those that change; `replacement` tells whether the resource is made anew.
    """

    action: str
    logical_id: str
    resource_type: str
    physical_id: str | None
    replacement: Replacement
    properties: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a stack shall be: the template's text, its parameters and tags, and the bucket for a long template.

    `nested` are the templates of nested stacks, where the template was split, by their keys in the bucket of archives.
    """

    template: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    artifacts: str | None
    nested: Mapping[str, str] = field(default_factory=dict)

    def parameter_list(self) -> list[ParameterTypeDef]:
        """The parameters as CloudFormation takes them, in order."""
        return [{"ParameterKey": key, "ParameterValue": value} for key, value in sorted(self.parameters.items())]

    def tag_list(self) -> list[TagTypeDef]:
        """The tags as CloudFormation takes them, in order."""
        return [{"Key": key, "Value": value} for key, value in sorted(self.tags.items())]

    def capabilities(self) -> list[CapabilityType]:
        """What has to be acknowledged: IAM resources always, macros only when the template uses one."""
        macros = re.search(r'"(Fn::)?Transform"\s*:', self.template)
        return ["CAPABILITY_NAMED_IAM", *(("CAPABILITY_AUTO_EXPAND",) if macros else ())]


class TemplateArgument(TypedDict, total=False):
    """The one of the two that a call names."""

    TemplateBody: str
    TemplateURL: str


class ImportArgument(TypedDict, total=False):
    """What a call names that takes resources into a stack."""

    ResourcesToImport: Sequence[ResourceToImportTypeDef]


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """A change set that CloudFormation has made and that waits to be executed, unless it is empty.

    One that changes only outputs or tags has no `changes` and is not empty.
    """

    change_set_id: str
    stack_id: str
    changes: tuple[Change, ...]
    empty: bool


def make(
    session: Session,
    name: str,
    kind: Literal["CREATE", "UPDATE", "IMPORT"],
    token: str,
    wanted: Wanted,
    origins: Mapping[str, str],
    imports: Sequence[ResourceToImportTypeDef] = (),
) -> ChangeSet:
    """Have CloudFormation make the change set `token` of the stack `name`. One that is empty is removed again.

    `imports` are the resources that an "IMPORT" takes into the stack.

    Raises:
        ProvisionError: there is no bucket for a long template, or CloudFormation refuses it.

    """
    cloudformation = session.client("cloudformation")
    imported: ImportArgument = {"ResourcesToImport": imports} if imports else {}
    made = cloudformation.create_change_set(
        StackName=name,
        ChangeSetName=token,
        ClientToken=token,
        ChangeSetType=kind,
        Parameters=wanted.parameter_list(),
        Tags=wanted.tag_list(),
        Capabilities=wanted.capabilities(),
        **template_argument(session, wanted),
        **imported,
    )
    state, reason, changes = _described(session, made["Id"])
    if state == "CREATE_COMPLETE":
        return ChangeSet(made["Id"], made["StackId"], changes, empty=False)
    if "didn't contain changes" in reason or "No updates are to be performed" in reason:
        cloudformation.delete_change_set(ChangeSetName=made["Id"])
        return ChangeSet(made["Id"], made["StackId"], (), empty=True)
    raise refused_changes(session, made["Id"], reason, origins)


def template_argument(session: Session, wanted: Wanted) -> TemplateArgument:
    """How the template is handed over: in the call, or by its address in the artifact bucket.

    Raises:
        ProvisionError: it has to lie in a bucket, and there is none.

    """
    if wanted.nested:
        upload_templates(session, wanted.parameters[BUCKET_PARAMETER], wanted.nested)
    size = len(wanted.template.encode())
    if size <= INLINE_TEMPLATE:
        return {"TemplateBody": wanted.template}
    if wanted.artifacts is None:
        raise ProvisionError(
            f"the template has {size:,} bytes: more than {INLINE_TEMPLATE:,} have to lie in a bucket",
            hint="Provision with an artifact bucket.",
        )
    return {"TemplateURL": upload_template(session, wanted.artifacts, wanted.template)}


def discard(session: Session, name: str, change_set: str) -> None:
    """Remove a change set that will not be executed, and the empty stack that was made only to hold it.

    Says nothing when that fails: a change set that waits harms nobody, and the next execution removes it.
    """
    cloudformation = session.client("cloudformation")
    try:
        cloudformation.delete_change_set(StackName=name, ChangeSetName=change_set)
        stack = find(session, name)
        if stack is None or stack.state != "REVIEW_IN_PROGRESS":
            return
        if not cloudformation.list_change_sets(StackName=stack.stack_id)["Summaries"]:
            cloudformation.delete_stack(StackName=stack.stack_id)
    except LakonError:
        return


def _described(session: Session, change_set: str) -> tuple[str, str, tuple[Change, ...]]:
    pace = Pace(session)
    describe = session.client("cloudformation").describe_change_set
    answer = describe(ChangeSetName=change_set)
    while answer["Status"] in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
        pace.wait()
        answer = describe(ChangeSetName=change_set)
    state, reason, rows = answer["Status"], answer.get("StatusReason", ""), list(answer["Changes"])
    while answer.get("NextToken"):
        answer = describe(ChangeSetName=change_set, NextToken=answer["NextToken"])
        rows += answer["Changes"]
    return state, reason, tuple(_read(row["ResourceChange"]) for row in rows if "ResourceChange" in row)


def _read(row: ResourceChangeTypeDef) -> Change:
    replacements: dict[str, Replacement] = {"True": "always", "Conditional": "conditional"}
    action = row.get("Action", "")
    names = {detail.get("Target", {}).get("Name", "") for detail in row.get("Details", ())}
    return Change(
        action=action[:1].lower() + action[1:],
        logical_id=row.get("LogicalResourceId", ""),
        resource_type=row.get("ResourceType", ""),
        physical_id=row.get("PhysicalResourceId") or None,
        replacement=replacements.get(row.get("Replacement", ""), "never"),
        properties=tuple(sorted(names - {""})),
    )

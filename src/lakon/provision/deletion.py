"""Deleting a stack: empty what CloudFormation will not delete full, keep what is marked to be kept, and say so."""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lakon.exceptions import ProvisionError
from lakon.provision.artifacts import ARCHIVES, own_bucket
from lakon.provision.deployed import held
from lakon.provision.failure import first_cause
from lakon.provision.progress import follow, running_token
from lakon.provision.releases import forget
from lakon.provision.session import RefusedError
from lakon.provision.stack import DONE, provision
from lakon.provision.status import find, resources, rows
from lakon.provision.transfers import abandon
from lakon.synth.functions import BUCKET_PARAMETER
from lakon.synth.portions import MOST_AT_ONCE, portions
from lakon.synth.template import template_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_s3.type_defs import ListObjectVersionsOutputTypeDef, ObjectIdentifierTypeDef

    from lakon.provision.progress import Ending
    from lakon.provision.session import Session
    from lakon.provision.status import Resource, StackStatus
    from lakon.report import Reporter

_RESTING = DONE | {"UPDATE_ROLLBACK_COMPLETE"}
_LEAVING = frozenset({"CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "DELETE_IN_PROGRESS"})


@dataclass(frozen=True, slots=True)
class Deletion:
    """What `delete` did: whether there was a stack, the physical ids of what was kept, the object versions removed.

    `emptied` counts those by bucket.
    """

    stack: str
    existed: bool
    kept: tuple[str, ...]
    emptied: Mapping[str, int]


def delete(session: Session, name: str, reporter: Reporter, *, empty: bool = True) -> Deletion:
    """Delete the stack `name` and wait until it is gone. A stack that is not there is a success that says so.

    With `empty`, the buckets that go with the stack are emptied first, of all versions and delete markers; without it,
    a bucket that holds something makes the deletion fail. What the template marks to be kept is not touched. Nothing is
    emptied when it is known beforehand that the stack cannot be deleted.

    Raises:
        ProvisionError: the stack is protected, is used by another, somebody else works on it, or AWS failed.

    """
    stack = find(session, name)
    if stack is None:
        _forget(session, _store(session, None), name)  # of one that was deleted by other means
        reporter.note(f"there is no stack {name}: nothing to delete")
        return Deletion(name, existed=False, kept=(), emptied={})
    _check(session, stack)
    kept, doomed = _sorted_out(session, stack.stack_id)
    emptied = _emptied(session, doomed, reporter) if empty else {}
    _thin_out(session, stack, reporter)
    ending = _deleted(session, stack, reporter)
    if empty and ending.state == "DELETE_FAILED" and (late := _emptied(session, doomed, reporter)):
        emptied = {bucket: emptied.get(bucket, 0) + late.get(bucket, 0) for bucket in emptied | late}
        ending = _deleted(session, replace(stack, state=ending.state), reporter)
    if ending.state != "DELETE_COMPLETE":
        raise first_cause(session, name, ending, {})
    _forget(session, _store(session, stack), name)
    for each in kept:
        reporter.note(f"kept: {each.logical_id} ({each.resource_type}) {each.physical_id}")
    return Deletion(
        name, existed=True, kept=tuple(each.physical_id for each in kept if each.physical_id), emptied=emptied
    )


def _thin_out(session: Session, stack: StackStatus, reporter: Reporter) -> None:
    """Take out of a stack step by step what is more than CloudFormation deletes at once."""
    if stack.state not in _RESTING or len(resources(session, stack.stack_id)) <= MOST_AT_ONCE:
        return
    reporter.note(f"CloudFormation deletes so many resources only bit by bit: some of {stack.name} are taken out first")
    there = held(session, stack)
    for step in reversed(portions(there.template, {})[:-1]):
        provision(
            session,
            stack.name,
            template_text(step),
            stack.parameters,
            reporter,
            tags=stack.tags,
            origins={},
            artifacts=stack.parameters.get(BUCKET_PARAMETER),
            held=there,
        )


def _store(session: Session, stack: StackStatus | None) -> str:
    """The bucket of the stack's archives and history."""
    named = stack.parameters.get(BUCKET_PARAMETER) if stack else None
    return named or session.target.bucket or own_bucket(session)


def _forget(session: Session, store: str, name: str) -> None:
    """What is kept of earlier builds goes with the stack, and so do uploads of archives that nobody finished.

    A terminal that is at such an upload begins it anew.
    """
    with suppress(RefusedError):  # whoever may not look into the bucket leaves its history there
        forget(session, store, name)
    with suppress(RefusedError):  # there is no such bucket, or others look after it
        abandon(session, store, ARCHIVES)


def _check(session: Session, stack: StackStatus) -> None:
    """Refuse before anything is lost what CloudFormation would refuse later."""
    if stack.protected:
        off = (
            f"cloudformation update-termination-protection --no-enable-termination-protection --stack-name {stack.name}"
        )
        raise ProvisionError(
            f"the stack {stack.name} is protected from termination",
            hint=f"{session.aws_command(off)} takes the protection away.",
        )
    if stack.in_progress and stack.state not in _LEAVING:
        raise ProvisionError(
            f"somebody is working on the stack {stack.name} ({stack.state})",
            hint=f"{session.command('status')} shows how it fares; run the command again when it is done.",
        )
    for export in stack.exports:
        if users := _importers(session, export):
            raise ProvisionError(
                f"the output {export} of the stack {stack.name} is used by {', '.join(users)}",
                hint="Delete or change those stacks first.",
            )


def _importers(session: Session, export: str) -> list[str]:
    try:
        return session.client("cloudformation").list_imports(ExportName=export)["Imports"]
    except RefusedError as refused:
        if "is not imported by any stack" in refused.what:
            return []
        raise


def _sorted_out(session: Session, stack_id: str) -> tuple[list[Resource], list[str]]:
    """The resources that the template marks to be kept, and the buckets that go, those of nested stacks included."""
    policies = _deletion_policies(session, stack_id)
    kept: list[Resource] = []
    buckets: list[str] = []
    for each in rows(session, stack_id):
        if not each.physical_id:
            continue
        if policies.get(each.logical_id, "Delete") not in ("Delete", "Snapshot"):
            kept.append(each)
        elif each.resource_type == "AWS::S3::Bucket":
            buckets.append(each.physical_id)
        elif each.resource_type == "AWS::CloudFormation::Stack":
            inner_kept, inner_buckets = _sorted_out(session, each.physical_id)
            kept += inner_kept
            buckets += inner_buckets
    return kept, buckets


def _deletion_policies(session: Session, stack_id: str) -> Mapping[str, object]:
    """The deletion policy of every resource whose template names one.

    Raises:
        ProvisionError: the template is not JSON: what it keeps cannot be known.

    """
    body: object = session.client("cloudformation").get_template(StackName=stack_id, TemplateStage="Processed")[
        "TemplateBody"
    ]
    if isinstance(body, str):  # botocore hands over JSON as a dictionary, anything else as text
        try:
            body = json.loads(body or "{}")
        except ValueError as error:
            raise ProvisionError(
                f"the template of {stack_id} is not JSON, so what it keeps cannot be known",
                hint=f"{session.aws_command(f'cloudformation delete-stack --stack-name {stack_id}')} deletes it.",
            ) from error
    declared = body.get("Resources", {}) if isinstance(body, dict) else {}
    return {logical_id: each["DeletionPolicy"] for logical_id, each in declared.items() if "DeletionPolicy" in each}


def _deleted(session: Session, stack: StackStatus, reporter: Reporter) -> Ending:
    """Have the stack deleted, or watch a deletion that goes on already, to its end."""
    token = f"lakon-delete-{secrets.token_hex(8)}"
    if stack.state == "DELETE_IN_PROGRESS":
        token = running_token(session, stack.stack_id) or token
    else:
        session.client("cloudformation").delete_stack(StackName=stack.stack_id, ClientRequestToken=token)
    try:
        with reporter.step(f"deleting {stack.name}"):
            return follow(session, stack.stack_id, token, reporter)
    except KeyboardInterrupt:
        reporter.note(
            f"AWS goes on deleting the stack {stack.name}; {session.command('delete')} again goes on watching."
        )
        raise


def _emptied(session: Session, buckets: list[str], reporter: Reporter) -> dict[str, int]:
    counts = {bucket: _empty(session, bucket, reporter) for bucket in buckets}
    return {bucket: count for bucket, count in counts.items() if count}


def _empty(session: Session, bucket: str, reporter: Reporter) -> int:
    """Remove every version and delete marker from a bucket; return how many there were."""
    removed = 0
    for batch in _batches(session, bucket):
        with reporter.step(f"emptying {bucket}") as step:
            answer = session.client("s3").delete_objects(
                Bucket=bucket, ExpectedBucketOwner=session.account, Delete={"Objects": batch, "Quiet": True}
            )
            if errors := answer.get("Errors"):
                first = errors[0]
                raise ProvisionError(
                    f"{first.get('Key')} in the bucket {bucket} cannot be removed: {first.get('Message')}",
                    hint="Nothing but objects was removed so far; mend the cause and run the command again.",
                )
            removed += len(batch)
            step.update(f"{removed} objects")
    return removed


def _batches(session: Session, bucket: str) -> Iterator[list[ObjectIdentifierTypeDef]]:
    """The versions and delete markers of a bucket, a thousand at a time; none when the bucket is gone."""
    pages = session.client("s3").get_paginator("list_object_versions")
    try:
        for page in pages.paginate(Bucket=bucket, ExpectedBucketOwner=session.account):
            if batch := _identifiers(page):
                yield batch
    except RefusedError as refused:
        if refused.code != "NoSuchBucket":
            raise


def _identifiers(page: ListObjectVersionsOutputTypeDef) -> list[ObjectIdentifierTypeDef]:
    versions = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
    return [{"Key": each.get("Key", ""), "VersionId": each.get("VersionId", "null")} for each in versions]

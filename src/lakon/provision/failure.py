"""The first cause of a failure: the resource, AWS's reason, the source line that declared it, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakon.exceptions import ProvisionError
from lakon.provision.reasons import hint_for, is_noise, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mypy_boto3_cloudformation.type_defs import OperationEventTypeDef, StackEventTypeDef

    from lakon.provision.progress import Ending
    from lakon.provision.session import Session

_VERBS = {"CREATE_FAILED": "created", "UPDATE_FAILED": "updated", "DELETE_FAILED": "deleted"}


def first_cause(session: Session, name: str, ending: Ending, origins: Mapping[str, str]) -> ProvisionError:
    """The error to raise for an operation that did not end well.

    `origins` tells the source line that declared each logical id.
    """
    failed = [event for event in ending.events if _is_cause(event)]
    if not failed:
        what = f"the stack {name} ended as {ending.state}" + (f": {ending.reason}" if ending.reason else "")
        return ProvisionError(what, hint=_aftermath(session, ending.state, name))
    first = failed[0]
    logical_id = first.get("LogicalResourceId", "")
    cause = _inside(session, first) or first
    reason, kind = cause.get("ResourceStatusReason", ""), cause.get("ResourceType", "")
    hints = (hint_for(reason, kind), _aftermath(session, ending.state, name))
    return ProvisionError(
        f"{_named(first, cause)} could not be {_VERBS.get(cause.get('ResourceStatus', ''), 'made')}: {plain(reason)}",
        where=origins.get(logical_id),
        hint="\n".join(filter(None, hints)),
        detail=_others(failed[1:]),
    )


def refused_changes(session: Session, change_set: str, reason: str, origins: Mapping[str, str]) -> ProvisionError:
    """The error to raise for a change set that CloudFormation could not make."""
    if "EarlyValidation" not in reason:
        return ProvisionError(f"CloudFormation refused the template: {plain(reason)}", hint=hint_for(reason))
    answer = session.client("cloudformation").describe_events(ChangeSetName=change_set, Filters={"FailedEvents": True})
    found = [_validation(event, origins) for event in answer["OperationEvents"] if "ValidationName" in event]
    return found[0] if found else ProvisionError(f"CloudFormation refused the template: {plain(reason)}")


def _is_cause(event: StackEventTypeDef) -> bool:
    whole = event.get("PhysicalResourceId") == event["StackId"]
    failed = event.get("ResourceStatus", "").endswith("_FAILED")
    return failed and not whole and not is_noise(event.get("ResourceStatusReason"))


def _inside(session: Session, event: StackEventTypeDef) -> StackEventTypeDef | None:
    """The cause within a nested stack that failed; None for any other resource."""
    nested = event.get("PhysicalResourceId", "")
    if event.get("ResourceType") != "AWS::CloudFormation::Stack" or not nested:
        return None
    pages = session.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=nested)
    newest_first = [each for page in pages for each in page["StackEvents"] if _is_cause(each)]
    if not newest_first:
        return None
    return _inside(session, newest_first[-1]) or newest_first[-1]


def _named(outer: StackEventTypeDef, cause: StackEventTypeDef) -> str:
    within = f"{outer.get('LogicalResourceId')} > " if cause is not outer else ""
    return f"{within}{cause.get('LogicalResourceId')} ({cause.get('ResourceType')})"


def _others(events: Iterable[StackEventTypeDef]) -> str | None:
    lines = [f"{_named(event, event)}: {plain(event.get('ResourceStatusReason', ''))}" for event in events]
    return "\n".join(["Failed as well:", *lines]) if lines else None


def _aftermath(session: Session, state: str, name: str) -> str | None:
    """What the failure left behind, and the one thing to do about that."""
    match state:
        case "ROLLBACK_COMPLETE":
            return "Everything that was created has been removed; running the command again starts afresh."
        case "UPDATE_ROLLBACK_COMPLETE":
            return "The stack is as it was before."
        case "DELETE_COMPLETE":
            return "The stack was deleted meanwhile."
        case _:
            return remedy(session, state, name)


def remedy(session: Session, state: str, name: str) -> str | None:
    """The one command that brings a stack out of a state in which it is stuck; None when it is not stuck."""
    match state:
        case "CREATE_FAILED" | "ROLLBACK_FAILED" | "DELETE_FAILED":
            return f"{session.command('delete')} removes what is left; then provision again."
        case "UPDATE_ROLLBACK_FAILED":
            command = session.aws_command(f"cloudformation continue-update-rollback --stack-name {name}")
            return f"Mend the cause, then {command} takes it back."
        case "UPDATE_FAILED":
            return f"{session.aws_command(f'cloudformation rollback-stack --stack-name {name}')} takes it back."
        case "IMPORT_ROLLBACK_FAILED":
            return "The CloudFormation console shows which import to take back."
        case _:
            return None


def _validation(event: OperationEventTypeDef, origins: Mapping[str, str]) -> ProvisionError:
    logical_id, reason = event.get("LogicalResourceId", ""), event.get("ValidationStatusReason", "")
    kind = event.get("ResourceType", "")
    return ProvisionError(
        f"{logical_id} ({kind}) would fail: {plain(reason)}",
        where=origins.get(logical_id),
        hint=hint_for(reason, kind),
        detail=event.get("ValidationPath"),
    )

"""The first cause of a failure: the resource, AWS's reason, the source line that declared it, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lakon.exceptions import ProvisionError
from lakon.provision.progress import events_since, nested_stack, split_stack
from lakon.provision.reasons import hint_for, is_noise, plain
from lakon.synth.splitting import STACK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from mypy_boto3_cloudformation.type_defs import OperationEventTypeDef, StackEventTypeDef

    from lakon.provision.progress import Ending
    from lakon.provision.session import Session
    from lakon.provision.status import StackStatus

_VERBS = {"CREATE_FAILED": "created", "UPDATE_FAILED": "updated", "DELETE_FAILED": "deleted"}


def first_cause(session: Session, name: str, ending: Ending, origins: Mapping[str, str]) -> ProvisionError:
    """The error to raise for an operation that did not end well.

    `origins` tells the source line that declared each logical id.
    """
    failed = [event for event in ending.events if _is_cause(event)]
    if not failed:
        what = f"the stack {name} ended as {ending.state}" + (f": {ending.reason}" if ending.reason else "")
        return ProvisionError(what, hint=_aftermath(session, ending.state))
    began = ending.events[0]["Timestamp"]
    first, *others = [_Failure(event, _inside(session, event, began) or event) for event in failed]
    cause = first.cause
    reason, kind = cause.get("ResourceStatusReason", ""), cause.get("ResourceType", "")
    hints = (hint_for(reason, kind), _blocked(ending.state, others), _aftermath(session, ending.state))
    verb = _VERBS.get(cause.get("ResourceStatus", ""), "made")
    return ProvisionError(
        f"{first.named} could not be {verb}: {plain(reason)}",
        where=origins.get(cause.get("LogicalResourceId", "")) or origins.get(first.outer.get("LogicalResourceId", "")),
        hint="\n".join(filter(None, hints)),
        detail=_told(others),
    )


class _Failure(NamedTuple):
    """What failed in a stack, and the cause of it, which may be within a nested stack."""

    outer: StackEventTypeDef
    cause: StackEventTypeDef

    @property
    def named(self) -> str:
        """The resource; of a nested stack that is not Lakon's own, by that."""
        shown = self.cause is not self.outer and not split_stack(self.outer)
        within = f"{self.outer.get('LogicalResourceId')} > " if shown else ""
        return f"{within}{self.cause.get('LogicalResourceId')} ({self.cause.get('ResourceType')})"


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


def _inside(session: Session, event: StackEventTypeDef, began: datetime) -> StackEventTypeDef | None:
    """The cause within a nested stack that failed since then; None for any other resource."""
    nested = nested_stack(event) if event.get("ResourceType") == STACK else None
    if nested is None:
        return None
    for each in events_since(session, nested, began):
        if _is_cause(each):
            return _inside(session, each, began) or each
    return None


def _told(failures: Sequence[_Failure]) -> str | None:
    lines = [f"{each.named}: {plain(each.cause.get('ResourceStatusReason', ''))}" for each in failures]
    return "\n".join(["Failed as well:", *lines]) if lines else None


def _blocked(state: str, others: Sequence[_Failure]) -> str | None:
    """What stands in the way of taking an update back: the last thing that failed."""
    if state != "UPDATE_ROLLBACK_FAILED" or not others:
        return None
    last = others[-1]
    return f"{last.named} could not be taken back: {plain(last.cause.get('ResourceStatusReason', ''))}"


def _aftermath(session: Session, state: str) -> str | None:
    """What the failure left behind, and the one thing to do about that."""
    match state:
        case "ROLLBACK_COMPLETE":
            return "Everything that was created has been removed; running the command again starts afresh."
        case "UPDATE_ROLLBACK_COMPLETE":
            return "The stack is as it was before."
        case "DELETE_COMPLETE":
            return "The stack was deleted meanwhile."
        case _:
            return remedy(session, state)


def remedy(session: Session, state: str) -> str | None:
    """The one command that brings a stack out of a state in which it is stuck; None when it is not stuck."""
    match state:
        case "CREATE_FAILED" | "ROLLBACK_FAILED" | "DELETE_FAILED":
            return f"{session.command('delete')} removes what is left; then provision again."
        case "UPDATE_ROLLBACK_FAILED":
            return f"Mend the cause, then {session.command('rollback --continue')} takes it back."
        case "UPDATE_FAILED":
            return f"{session.command('rollback --continue')} takes it back."
        case "IMPORT_ROLLBACK_FAILED":
            return "The CloudFormation console shows which import to take back."
        case _:
            return None


def check_rests(session: Session, stack: StackStatus) -> None:
    """Refuse to work on a stack that somebody else works on, or that is stuck. Raises ProvisionError."""
    if stack.in_progress:
        raise ProvisionError(
            f"somebody else is working on the stack {stack.name} ({stack.state})",
            hint=f"{session.command('status')} shows how it fares; run the command again when it is done.",
        )
    if command := remedy(session, stack.state):
        raise ProvisionError(f"the stack {stack.name} is stuck in {stack.state}", hint=command, detail=stack.reason)


def _validation(event: OperationEventTypeDef, origins: Mapping[str, str]) -> ProvisionError:
    logical_id, reason = event.get("LogicalResourceId", ""), event.get("ValidationStatusReason", "")
    kind = event.get("ResourceType", "")
    return ProvisionError(
        f"{logical_id} ({kind}) would fail: {plain(reason)}",
        where=origins.get(logical_id),
        hint=hint_for(reason, kind),
        detail=event.get("ValidationPath"),
    )

"""The way out of an update that failed, and that CloudFormation could not take back by itself."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, TypedDict

from lakon.exceptions import UsageError
from lakon.provision.failure import first_cause
from lakon.provision.progress import follow, running_token
from lakon.provision.status import find, is_ours, missing, rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakon.provision.session import Session
    from lakon.provision.status import StackStatus
    from lakon.report import Reporter


class _Skipping(TypedDict, total=False):
    ResourcesToSkip: Sequence[str]


def take_back(session: Session, name: str, reporter: Reporter, skipped: Sequence[str] = ()) -> None:
    """Have CloudFormation go on taking back the update that failed, and follow that to its end.

    `skipped` are logical ids of resources that are left as they are: CloudFormation holds them for what they were
    before the update, whatever they are. Somebody's taking back that goes on already is watched.

    Raises:
        UsageError: no update of the stack is to be taken back.
        ProvisionError: there is no such stack, or it cannot be taken back: names the first cause.

    """
    stack = find(session, name)
    if stack is None:
        raise missing(session, name)
    cloudformation, token = session.client("cloudformation"), f"lakon-take-back-{secrets.token_hex(4)}"
    match stack.state:
        case "UPDATE_ROLLBACK_FAILED":
            skipping: _Skipping = {"ResourcesToSkip": _named(session, stack, skipped)} if skipped else {}
            cloudformation.continue_update_rollback(StackName=stack.stack_id, ClientRequestToken=token, **skipping)
        case "UPDATE_FAILED" if not skipped:
            cloudformation.rollback_stack(StackName=stack.stack_id, ClientRequestToken=token)
        case "UPDATE_ROLLBACK_IN_PROGRESS" if not skipped:
            token = running_token(session, stack.stack_id) or token
        case state:
            raise UsageError(
                f"the stack {name} is in {state}: there is nothing to go on taking back",
                hint=f"{session.command('status')} shows how it fares.",
            )
    with reporter.step(f"taking back the update of {name}"):
        ending = follow(session, stack.stack_id, token, reporter)
    if ending.state != "UPDATE_ROLLBACK_COMPLETE":
        raise first_cause(session, name, ending, {})


def _named(session: Session, stack: StackStatus, resources: Sequence[str]) -> list[str]:
    """The resources as CloudFormation wants them named: those of nested stacks with the name of theirs."""
    inside = {
        each.logical_id: f"{nested.physical_id.split('/')[1]}.{each.logical_id}"
        for nested in rows(session, stack.stack_id)
        if is_ours(nested) and nested.physical_id
        for each in rows(session, nested.physical_id)
    }
    return [inside.get(name, name) for name in resources]

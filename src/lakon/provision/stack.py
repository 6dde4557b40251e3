"""A template in, a stack out.

The stages of `provision`: look at the stack; put aside what a failed first creation left; have a change set made;
execute it; follow its events; name the first cause when it fails. The stack is the only state there is: an operation
that was interrupted is found again by its client request token, which carries a fingerprint of what was wanted.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lakon.errors import ProvisionError
from lakon.provision.changes import Change, Wanted, discard, make, template_argument
from lakon.provision.failure import first_cause, remedy
from lakon.provision.progress import follow, running_token
from lakon.provision.session import RefusedError
from lakon.provision.status import find

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakon.provision.progress import Ending
    from lakon.provision.session import Session
    from lakon.provision.status import StackStatus
    from lakon.report import Reporter

_DONE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})
_OVERTAKEN = frozenset({"AlreadyExistsException", "ChangeSetNotFound", "InvalidChangeSetStatus"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What `provision` did: the stack's name, whether it was made or changed, its outputs, and the changes."""

    stack: str
    action: Literal["created", "updated", "unchanged"]
    outputs: Mapping[str, str]
    changes: tuple[Change, ...]


def provision(
    session: Session,
    name: str,
    template: str,
    parameters: Mapping[str, str],
    reporter: Reporter,
    *,
    tags: Mapping[str, str],
    origins: Mapping[str, str],
    artifacts: str | None,
) -> Outcome:
    """Make the stack `name` what the template (JSON text) and its parameters say, and follow that to its end.

    `origins` tells the source line ("app.py:12") that declared each logical id; `artifacts` is the bucket for a
    template of more than 51,200 bytes. Ctrl-C before AWS was told to begin undoes everything; later it leaves the
    stack to AWS, and the same call again goes on watching.

    Raises:
        ProvisionError: the stack failed, is stuck, or somebody else works on it.

    """
    wanted = Wanted(template, parameters, tags, artifacts)
    stack = find(session, name)
    fingerprint = _fingerprint(wanted)
    if stack is not None and stack.in_progress:
        return _join(session, stack, fingerprint, reporter, origins)
    if stack is not None and stack.state == "ROLLBACK_COMPLETE":
        _remove_remains(session, stack, reporter)
        stack = None
    if stack is not None and (command := remedy(session, stack.state, name)):
        raise ProvisionError(f"the stack {name} is stuck in {stack.state}", hint=command, detail=stack.reason)
    token = f"{fingerprint}{secrets.token_hex(4)}"
    try:
        return _change(session, name, stack, token, wanted, reporter, origins)
    except RefusedError as refused:
        if _is_overtaken(refused):
            raise _overtaken(session, name) from refused
        raise


def _change(
    session: Session,
    name: str,
    stack: StackStatus | None,
    token: str,
    wanted: Wanted,
    reporter: Reporter,
    origins: Mapping[str, str],
) -> Outcome:
    kind: Literal["CREATE", "UPDATE"] = "CREATE" if stack is None or stack.state == "REVIEW_IN_PROGRESS" else "UPDATE"
    try:
        with reporter.step("asking CloudFormation what would change"):
            change_set = make(session, name, kind, token, wanted, origins)
        if change_set is not None:
            session.client("cloudformation").execute_change_set(
                ChangeSetName=change_set.change_set_id, ClientRequestToken=token, RetainExceptOnCreate=True
            )
    except BaseException:  # Ctrl-C, too, must leave no change set behind
        discard(session, name, token)
        raise
    if change_set is not None:
        return _watch(session, name, change_set.stack_id, token, reporter, origins, change_set.changes)
    assert stack is not None, "only an update can change nothing"  # noqa: S101 - CloudFormation refuses an empty template
    if session.local and _differs(session, stack, wanted):
        return _update_emulator(session, stack, token, wanted, reporter, origins)
    return Outcome(name, "unchanged", stack.outputs, ())


def _watch(
    session: Session,
    name: str,
    stack_id: str,
    token: str,
    reporter: Reporter,
    origins: Mapping[str, str],
    changes: tuple[Change, ...] = (),
) -> Outcome:
    try:
        with reporter.step(f"provisioning {name}"):
            ending = follow(session, stack_id, token, reporter)
    except KeyboardInterrupt:
        reporter.note(
            f"AWS goes on with the stack {name}. {session.command('status')} shows how it fares; "
            f"{session.command('provision')} again goes on watching."
        )
        raise
    stack = find(session, stack_id) if ending.state in _DONE else None
    if stack is None:
        raise first_cause(session, name, ending, origins)
    return Outcome(name, "created" if ending.state == "CREATE_COMPLETE" else "updated", stack.outputs, changes)


def _join(
    session: Session, stack: StackStatus, fingerprint: str, reporter: Reporter, origins: Mapping[str, str]
) -> Outcome:
    """Go on watching an operation that was begun by the same call before; an error when it is another one."""
    token = running_token(session, stack.stack_id)
    if token is None or not token.startswith(fingerprint):
        raise _overtaken(session, stack.name, stack.state)
    reporter.note(f"the stack {stack.name} is being provisioned with just this already; watching")
    return _watch(session, stack.name, stack.stack_id, token, reporter, origins)


def _remove_remains(session: Session, stack: StackStatus, reporter: Reporter) -> None:
    """Delete a stack whose first creation failed: it holds nothing, and nothing can be done with it."""
    reporter.note(f"the first creation of the stack {stack.name} failed; its empty remains are removed")
    token = f"lakon-remains-{secrets.token_hex(4)}"
    session.client("cloudformation").delete_stack(StackName=stack.stack_id, ClientRequestToken=token)
    ending: Ending = follow(session, stack.stack_id, token, reporter)
    if ending.state != "DELETE_COMPLETE":
        raise first_cause(session, stack.name, ending, {})


def _fingerprint(wanted: Wanted) -> str:
    text = json.dumps([wanted.template, sorted(wanted.parameters.items()), sorted(wanted.tags.items())])
    return f"lakon-{hashlib.sha256(text.encode()).hexdigest()[:20]}-"


def _is_overtaken(refused: RefusedError) -> bool:
    busy = re.search(r"is in \w+_IN_PROGRESS state|_IN_PROGRESS and can ?not be updated", refused.what)
    return refused.code in _OVERTAKEN or busy is not None


def _overtaken(session: Session, name: str, state: str | None = None) -> ProvisionError:
    return ProvisionError(
        f"somebody else is working on the stack {name}" + (f" ({state})" if state else ""),
        hint=f"{session.command('status')} shows how it fares; run the command again when it is done.",
    )


def _differs(session: Session, stack: StackStatus, wanted: Wanted) -> bool:
    """Whether the template differs in what the emulator's change sets overlook: all that is not a resource."""
    held = session.client("cloudformation").get_template(StackName=stack.stack_id)["TemplateBody"]
    return json.dumps(held, sort_keys=True) != json.dumps(json.loads(wanted.template), sort_keys=True)


def _update_emulator(
    session: Session,
    stack: StackStatus,
    token: str,
    wanted: Wanted,
    reporter: Reporter,
    origins: Mapping[str, str],
) -> Outcome:
    """Update a stack of the embedded AWS without a change set, because it makes none when only outputs change."""
    session.client("cloudformation").update_stack(
        StackName=stack.stack_id,
        ClientRequestToken=token,
        Parameters=wanted.parameter_list(),
        Tags=wanted.tag_list(),
        Capabilities=wanted.capabilities(),
        **template_argument(session, wanted),
    )
    return _watch(session, stack.name, stack.stack_id, token, reporter, origins)

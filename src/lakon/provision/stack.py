"""A template in, a stack out.

`unchanged` tells whether there is anything to do. The stages of `provision`: look at the stack; put aside what a
failed first creation left; have a change set made; execute it; follow its events; name the first cause when it fails.
The stack is the only state there is: an operation that was interrupted is found again by its client request token,
which carries a fingerprint of what was wanted.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from lakon.exceptions import ProvisionError
from lakon.provision.changes import Change, Wanted, discard, make, template_argument
from lakon.provision.deployed import template as template_of
from lakon.provision.failure import check_rests, first_cause
from lakon.provision.nesting import handed, planned
from lakon.provision.progress import follow, running_token
from lakon.provision.session import RefusedError
from lakon.provision.status import find
from lakon.synth.splitting import is_made_of, nested_stacks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lakon.provision.deployed import Deployed
    from lakon.provision.session import Session
    from lakon.provision.status import StackStatus
    from lakon.report import Reporter

DONE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})
_OVERTAKEN = frozenset({"AlreadyExistsException", "ChangeSetNotFound", "InvalidChangeSetStatus"})


_VARIES = re.compile(r'"(Fn::)?Transform"\s*:|AWS::SSM::Parameter::Value<|\{\{resolve:')
"""What of a template may mean something else today than it did yesterday: CloudFormation alone knows."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What `provision` did: the stack's name, whether it was made or changed, its outputs, and the changes."""

    stack: str
    action: Literal["created", "updated", "unchanged"]
    outputs: Mapping[str, str]
    changes: tuple[Change, ...]


def unchanged(name: str, held: Deployed | None, wanted: Wanted) -> Outcome | None:
    """What `provision` would answer for a stack that rests and was made of just this; None when it has to be asked.

    Template, parameters and tags are compared, as they were read: nothing is asked of AWS.
    """
    if held is None or held.stack.state not in DONE or _VARIES.search(wanted.template):
        return None
    template = json.loads(wanted.template)
    defaults = {key: str(each["Default"]) for key, each in template.get("Parameters", {}).items() if "Default" in each}
    if held.stack.parameters != {**defaults, **wanted.parameters} or held.stack.tags != wanted.tags:
        return None
    same = is_made_of(held.root, template) if nested_stacks(held.root) else not _differ(held.root, template)
    return Outcome(name, "unchanged", held.stack.outputs, ()) if same else None


def _differ(one: object, other: object) -> bool:
    """Whether two templates differ; 1 and true do, which are equal to Python."""
    return json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True)


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
    held: Deployed | None = None,
) -> Outcome:
    """Make the stack `name` what the template (JSON text) and its parameters say, and follow that to its end.

    `origins` tells the source line ("app.py:12") that declared each logical id; `artifacts` is the bucket for a
    template of more than 51,200 bytes, and for nested ones. `held` is what the stack was until now: what is there stays
    in the nested stack where it is. Ctrl-C before AWS was told to begin undoes everything; later it leaves the
    stack to AWS, and the same call again goes on watching.

    Raises:
        ProvisionError: the stack failed, is stuck, or somebody else works on it.

    """
    steps, placed = planned(Wanted(template, parameters, tags, artifacts), held)
    if len(steps) > 1:
        reporter.note(f"CloudFormation takes so many resources only bit by bit: {name} is made in {len(steps)} steps")
    try:
        done = [_Work(session, name, step, reporter, origins, placed).run() for step in steps]
    except RefusedError as refused:
        if _is_overtaken(refused):
            raise _overtaken(session, name) from refused
        raise
    return replace(done[-1], action=done[0].action, changes=tuple(change for each in done for change in each.changes))


@dataclass(frozen=True, slots=True)
class _Work:
    """One call of `provision`, stage by stage."""

    session: Session
    name: str
    wanted: Wanted
    reporter: Reporter
    origins: Mapping[str, str]
    placed: Callable[[], Mapping[str, str]]

    def run(self) -> Outcome:
        stack = find(self.session, self.name)
        if stack is not None and stack.in_progress:
            return self.join(stack)
        if stack is not None and stack.state == "ROLLBACK_COMPLETE":
            self.remove_remains(stack)
            stack = None
        if stack is not None:
            check_rests(self.session, stack)
        if stack is not None and stack.state == "REVIEW_IN_PROGRESS":  # somebody's change set was never executed
            stack = None
        pieces = handed(self.wanted, self.placed())
        return replace(self, wanted=pieces).change(stack, f"{_fingerprint(self.wanted)}{secrets.token_hex(4)}")

    def change(self, stack: StackStatus | None, token: str) -> Outcome:
        """Make the change set and execute it; Ctrl-C and errors until then leave nothing behind."""
        try:
            with self.reporter.step("asking CloudFormation what would change"):
                kind: Literal["CREATE", "UPDATE"] = "CREATE" if stack is None else "UPDATE"
                change_set = make(self.session, self.name, kind, token, self.wanted, self.origins)
            if change_set.empty and stack is None:
                raise ProvisionError(f"the stack {self.name} would hold nothing", hint="Declare at least one resource.")
            if not change_set.empty:
                self.session.client("cloudformation").execute_change_set(
                    ChangeSetName=change_set.change_set_id, ClientRequestToken=token, RetainExceptOnCreate=True
                )
        except BaseException:
            discard(self.session, self.name, token)
            raise
        if change_set.empty and stack is not None:
            return self.unchanged(stack, token)
        # The embedded AWS may give the stack another id when two terminals make it at once.
        watched = self.name if self.session.local else change_set.stack_id
        return self.watch(watched, token, change_set.changes)

    def watch(self, stack_id: str, token: str, changes: tuple[Change, ...] = ()) -> Outcome:
        """Follow the operation to its end. Ctrl-C leaves it to AWS."""
        try:
            with self.reporter.step(f"provisioning {self.name}"):
                ending = follow(self.session, stack_id, token, self.reporter)
        except KeyboardInterrupt:
            self.reporter.note(
                f"AWS goes on with the stack {self.name}. {self.session.command('status')} shows how it fares; "
                f"{self.session.command('provision')} again goes on watching."
            )
            raise
        stack = find(self.session, stack_id) if ending.state in DONE else None
        if stack is None:
            raise first_cause(self.session, self.name, ending, self.origins)
        action: Literal["created", "updated"] = "created" if ending.state == "CREATE_COMPLETE" else "updated"
        return Outcome(self.name, action, stack.outputs, changes)

    def join(self, stack: StackStatus) -> Outcome:
        """Go on watching what the same call began before; an error when it is something else."""
        token = running_token(self.session, stack.stack_id)
        if token is None or not token.startswith(_fingerprint(self.wanted)):
            raise _overtaken(self.session, self.name, stack.state)
        self.reporter.note(f"the stack {self.name} is being provisioned with just this already; watching")
        return self.watch(stack.stack_id, token)

    def remove_remains(self, stack: StackStatus) -> None:
        """Delete a stack whose first creation failed: it holds nothing, and nothing else can be done with it."""
        self.reporter.note(f"the first creation of the stack {self.name} failed; its empty remains are removed")
        token = f"lakon-remains-{secrets.token_hex(4)}"
        self.session.client("cloudformation").delete_stack(StackName=stack.stack_id, ClientRequestToken=token)
        ending = follow(self.session, stack.stack_id, token, self.reporter)
        if ending.state != "DELETE_COMPLETE":
            raise first_cause(self.session, self.name, ending, self.origins)

    def unchanged(self, stack: StackStatus, token: str) -> Outcome:
        """Nothing to do. The embedded AWS says so, too, when all that changes is not a resource: update it then."""
        if not self.session.local or not self.differs(stack):
            return Outcome(self.name, "unchanged", stack.outputs, ())
        self.session.client("cloudformation").update_stack(
            StackName=stack.stack_id,
            ClientRequestToken=token,
            Parameters=self.wanted.parameter_list(),
            Tags=self.wanted.tag_list(),
            Capabilities=self.wanted.capabilities(),
            **template_argument(self.session, self.wanted),
        )
        return self.watch(stack.stack_id, token)

    def differs(self, stack: StackStatus) -> bool:
        """Whether the stack was made from another template."""
        return _differ(template_of(self.session, stack.stack_id), json.loads(self.wanted.template))


def _fingerprint(wanted: Wanted) -> str:
    text = json.dumps([wanted.template, sorted(wanted.parameters.items()), sorted(wanted.tags.items())])
    return f"lakon-{hashlib.sha256(text.encode()).hexdigest()[:20]}-"


def _is_overtaken(refused: RefusedError) -> bool:
    busy = re.search(r"is in \w+_IN_PROGRESS state|_IN_PROGRESS and can ?not|tack \S+ does not exist", refused.what)
    return refused.code in _OVERTAKEN or busy is not None


def _overtaken(session: Session, name: str, state: str | None = None) -> ProvisionError:
    return ProvisionError(
        f"somebody else is working on the stack {name}" + (f" ({state})" if state else ""),
        hint=f"{session.command('status')} shows how it fares; run the command again when it is done.",
    )

"""provision: create, update, leave alone, fail with the cause, recover."""

from __future__ import annotations

import http.client
import json
import threading
import urllib.parse
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from lakon.exceptions import ProvisionError
from lakon.provision.artifacts import artifact_bucket
from lakon.provision.session import Session
from lakon.provision.stack import Outcome, provision
from lakon.provision.status import find, status
from lakon.report import Silent

from .conftest import Child, Template

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lakon.report import Step

    from .conftest import World

TERMINAL = """
import json, sys
from lakon.provision.session import Session
from lakon.provision.stack import provision
from lakon.report import Silent
from lakon.settings import Target

class Talking(Silent):
    def note(self, text): print("note:", text)
    def resource(self, event): print(event.logical_id, event.status)

endpoint, name, template = sys.argv[1:]
target = Target(endpoint_url=endpoint, region="eu-west-1", local=True)
try:
    provision(Session(target), name, template, {}, Talking(), tags={}, origins={}, artifacts=None)
except KeyboardInterrupt:
    sys.exit(130)
"""


def queue(colour: str = "red") -> Template:
    return {"Type": "AWS::SQS::Queue", "Properties": {"Tags": [{"Key": "colour", "Value": colour}]}}


def template(colour: str = "red", **more: Template) -> Template:
    return {
        "Parameters": {"Size": {"Type": "String", "Default": "small"}},
        "Resources": {
            "Jobs": queue(colour),
            "Photos": {"Type": "AWS::S3::Bucket"},
            "Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 7}},
            **more,
        },
        "Outputs": {"Bucket": {"Value": {"Ref": "Photos"}}, "Size": {"Value": {"Ref": "Size"}}},
    }


def failing() -> Template:
    """A parameter that cannot be made, once the queue stands."""
    return {
        "Type": "AWS::SSM::Parameter",
        "DependsOn": "Jobs",
        "Properties": {"Name": "broken", "Type": "Nonsense", "Value": "1"},
    }


def waiting() -> Template:
    """A stack that stays in progress until its handle is signalled."""
    return {
        "Resources": {
            "Jobs": queue(),
            "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
            "Wait": {
                "Type": "AWS::CloudFormation::WaitCondition",
                "DependsOn": "Jobs",
                "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": "60"},
            },
        }
    }


def change_sets(world: World) -> list[object]:
    """The change sets of the stack that somebody could still execute."""
    answer = world.session.client("cloudformation").list_change_sets(StackName=world.name)
    return [each for each in answer["Summaries"] if each.get("ExecutionStatus") == "AVAILABLE"]


def test_create(world: World) -> None:
    outcome = world.provision(template(), {"Size": "large"}, tags={"team": "images"})

    assert (outcome.stack, outcome.action) == (world.name, "created")
    assert outcome.outputs["Size"] == "large"
    assert {change.logical_id: change.action for change in outcome.changes} == dict.fromkeys(
        ("Jobs", "Photos", "Log"), "add"
    )
    assert next((event.logical_id, event.status) for event in world.reporter.events) == (
        world.name,
        "CREATE_IN_PROGRESS",
    )
    assert [(event.logical_id, event.status) for event in world.reporter.events][-1] == (world.name, "CREATE_COMPLETE")
    seen = status(world.session, world.name)
    assert seen.state == "CREATE_COMPLETE"
    assert seen.parameters == {"Size": "large"}
    assert seen.tags == {"team": "images"}
    assert {each.logical_id for each in seen.resources} == {"Jobs", "Photos", "Log"}


def test_update_tells_what_changed_and_reports_its_own_events_only(world: World) -> None:
    world.provision(template("red"))
    world.reporter.events.clear()

    outcome = world.provision(template("blue"))

    assert outcome.action == "updated"
    (change,) = outcome.changes
    assert (change.logical_id, change.action, change.replacement) == ("Jobs", "modify", "never")
    assert change.properties == ("Tags",)
    assert not [event for event in world.reporter.events if event.status.startswith("CREATE")]


def test_update_tells_a_replacement(world: World) -> None:
    def named(name: str) -> Template:
        return {"Resources": {"Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}}}}

    world.provision(named(f"{world.name}-a"))
    outcome = world.provision(named(f"{world.name}-b"))

    assert outcome.changes[0].replacement == "always"


def test_no_change_is_a_success_that_changes_nothing(world: World) -> None:
    first = world.provision(template(), {"Size": "large"}, tags={"team": "images"})
    world.reporter.events.clear()

    again = world.provision(template(), {"Size": "large"}, tags={"team": "images"})

    assert (again.action, again.outputs, again.changes) == ("unchanged", first.outputs, ())
    assert world.reporter.events == []
    assert change_sets(world) == []


def test_no_change_takes_few_calls(world: World) -> None:
    world.provision(template())
    calls: list[str] = []
    session = Session(world.target)
    session.client("cloudformation").meta.events.register(
        "before-call", lambda event_name, **_: calls.append(event_name)
    )

    provision(session, world.name, json.dumps(template()), {}, world.reporter, tags={}, origins={}, artifacts=None)

    assert len(calls) <= 5


def test_outputs_alone_can_change(world: World) -> None:
    world.provision(template())
    changed = template() | {"Outputs": {"Other": {"Value": "new"}}}

    assert world.provision(changed).outputs == {"Other": "new"}
    assert world.provision(changed).action == "unchanged"


def test_failed_creation_names_the_cause_and_the_next_call_recovers(world: World) -> None:
    with pytest.raises(ProvisionError) as raised:
        world.provision(template(Broken=failing()), origins={"Broken": "app.py:12", "Jobs": "app.py:3"})

    assert raised.value.where == "app.py:12"
    assert raised.value.what.startswith("Broken (AWS::SSM::Parameter) could not be created: ")
    assert "Nonsense" in raised.value.what
    assert raised.value.hint is not None
    assert "afresh" in raised.value.hint
    assert world.state() == "ROLLBACK_COMPLETE"

    assert world.provision(template()).action == "created"
    assert any("remains are removed" in note for note in world.reporter.notes)


def test_failed_creation_leaves_nothing_even_of_what_is_to_be_kept(world: World) -> None:
    kept: Template = {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": "Retain",
        "Properties": {"BucketName": f"{world.name}-kept"},
    }
    with pytest.raises(ProvisionError):
        world.provision(template(Jobs=queue(), Kept=kept, Broken=failing() | {"DependsOn": "Kept"}))

    names = [bucket.get("Name") for bucket in world.session.client("s3").list_buckets()["Buckets"]]
    assert f"{world.name}-kept" not in names


def test_failed_update_leaves_the_stack_as_it_was(world: World) -> None:
    before = world.provision(template("red"))

    with pytest.raises(ProvisionError) as raised:
        world.provision(template("blue", Broken=failing()), origins={"Broken": "app.py:12"})

    assert raised.value.where == "app.py:12"
    assert raised.value.hint == "The stack is as it was before."
    assert world.provision(template("red")) == Outcome(world.name, "unchanged", before.outputs, ())


def test_template_that_is_refused_leaves_no_stack(world: World) -> None:
    with pytest.raises(ProvisionError, match="Nobody::Knows::This"):
        world.provision({"Resources": {"Odd": {"Type": "Nobody::Knows::This"}}})

    assert find(world.session, world.name) is None


def test_stack_left_in_review_is_continued(world: World) -> None:
    world.session.client("cloudformation").create_change_set(
        StackName=world.name,
        ChangeSetName="left-over",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps(template("old")),
    )
    assert world.state() == "REVIEW_IN_PROGRESS"

    assert world.provision(template()).action == "created"


def test_long_template_goes_through_the_bucket(world: World) -> None:
    long = template() | {"Metadata": {"Text": "x" * 60_000}}
    with pytest.raises(ProvisionError, match="have to lie in a bucket"):
        world.provision(long)
    assert find(world.session, world.name) is None

    bucket = artifact_bucket(world.session, None, world.reporter)

    assert world.provision(long, artifacts=bucket).action == "created"
    assert world.provision(long, artifacts=bucket).action == "unchanged"


def test_template_beyond_the_limit_is_refused(world: World) -> None:
    with pytest.raises(ProvisionError, match="takes at most 1,000,000"):
        world.provision(template() | {"Metadata": {"Text": "x" * 1_000_000}}, artifacts="any")


def test_interrupted_run_leaves_the_stack_to_aws_and_the_next_goes_on(
    world: World, emulator: str, tmp_path: Path, child: list[Child]
) -> None:
    script = tmp_path / "terminal.py"
    script.write_text(TERMINAL)
    terminal = Child(script, emulator, world.name, json.dumps(waiting()))
    child.append(terminal)
    terminal.read_until("Wait CREATE_IN_PROGRESS")

    with pytest.raises(ProvisionError, match=r"somebody else is working on .*CREATE_IN_PROGRESS"):
        world.provision(template())
    code, said = terminal.interrupt()

    assert code == 130
    assert (
        f"AWS goes on with the stack {world.name}. `lakon status --local --region eu-west-1` shows how it fares" in said
    )
    assert world.state() == "CREATE_IN_PROGRESS"

    outcomes: list[Outcome] = []
    joined = threading.Thread(target=lambda: outcomes.append(world.provision(waiting())))
    joined.start()
    signal_handle(world)
    joined.join()
    assert outcomes[0].action == "created"
    assert any("being provisioned with just this already" in note for note in world.reporter.notes)


class Impatient(Silent):
    """Somebody who presses Ctrl-C as soon as the change set is made."""

    @contextmanager
    def step(self, what: str) -> Iterator[Step]:
        with super().step(what) as step:
            yield step
        raise KeyboardInterrupt


def test_ctrl_c_before_anything_is_done_leaves_nothing(world: World) -> None:
    def press(colour: str) -> None:
        with pytest.raises(KeyboardInterrupt):
            provision(
                world.session,
                world.name,
                json.dumps(template(colour)),
                {},
                Impatient(),
                tags={},
                origins={},
                artifacts=None,
            )

    press("red")
    assert find(world.session, world.name) is None

    world.provision(template("red"))
    press("blue")
    assert change_sets(world) == []
    assert world.provision(template("red")).action == "unchanged"


def test_two_terminals_create_at_once(world: World) -> None:
    results = at_once(world, "green", "blue")

    assert [result for result in results if isinstance(result, Outcome)]
    assert world.state() in ("CREATE_COMPLETE", "UPDATE_COMPLETE")  # the second when one came after the other


def test_two_terminals_at_once(world: World) -> None:
    """Whoever comes second is told so, and the stack ends as one of the two wanted it."""
    world.provision(template("red"))

    results = at_once(world, "green", "blue")

    assert [result for result in results if isinstance(result, Outcome)]
    assert world.state() == "UPDATE_COMPLETE"


def at_once(world: World, *colours: str) -> list[Outcome | ProvisionError]:
    """Provision the stack from several terminals at the same time; each wins or is told that another is at work."""
    results: list[Outcome | ProvisionError] = []
    start = threading.Barrier(len(colours))

    def terminal(colour: str) -> None:
        session = Session(world.target)
        text = json.dumps(template(colour))
        start.wait()
        try:
            results.append(provision(session, world.name, text, {}, Silent(), tags={}, origins={}, artifacts=None))
        except ProvisionError as error:
            results.append(error)

    threads = [threading.Thread(target=terminal, args=(colour,)) for colour in colours]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for result in results:
        assert isinstance(result, Outcome) or "somebody else is working on the stack" in result.what
    return results


def signal_handle(world: World) -> None:
    handle = (
        world.session.client("cloudformation")
        .describe_stack_resource(StackName=world.name, LogicalResourceId="Handle")["StackResourceDetail"]
        .get("PhysicalResourceId", "")
    )
    body = json.dumps({"Status": "SUCCESS", "Reason": "ready", "UniqueId": "1", "Data": ""}).encode()
    address = urllib.parse.urlsplit(handle)
    connection = http.client.HTTPConnection("127.0.0.1", address.port or 80, timeout=10)
    connection.request("PUT", address.path, body=body)  # without a content type, as a signal has to be
    assert connection.getresponse().status == 200
    connection.close()

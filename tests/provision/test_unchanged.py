"""A stack that is what it shall be already is left alone, and hardly asked about."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

import pytest

from lakon.commands.build import build
from lakon.commands.program import load
from lakon.commands.provision import provision, put
from lakon.provision.changes import Wanted
from lakon.provision.deployed import deployed
from lakon.provision.session import Service, Session
from lakon.provision.stack import Outcome, unchanged
from lakon.provision.status import status
from lakon.synth.splitting import NESTED_STACKS

if TYPE_CHECKING:
    from pathlib import Path

    from lakon.commands.program import Program

    from .conftest import Template, World

PROGRAM = """
import lakon

service = lakon.Service("{name}")
photos = service.bucket("photos")
jobs = service.queue("jobs")


@service.function(on=photos.created(), uses=[photos.read, jobs.send])
def stamp(event, context):
    return 1
"""


def template(**more: object) -> Template:
    return {
        "Parameters": {"Size": {"Type": "Number", "Default": 3}},
        "Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}},
        "Outputs": {"Url": {"Value": {"Ref": "Jobs"}}},
        **more,
    }


def asked(world: World, template: Template, parameters: dict[str, str] | None = None, **tags: str) -> Outcome | None:
    held = deployed(world.session, world.name)
    return unchanged(world.name, held, Wanted(json.dumps(template), parameters or {}, tags, None))


def counted(session: Session) -> list[str]:
    """The calls that the session's clients send from now on, each attempt of them."""
    calls: list[str] = []
    for service in get_args(Service):
        session.client(service).meta.events.register(
            "before-send", lambda event_name, **_: calls.append(event_name.rpartition(".")[2])
        )
    return calls


@pytest.fixture
def program(world: World, tmp_path: Path) -> Program:
    (tmp_path / "app.py").write_text(PROGRAM.format(name=world.name))
    return load(tmp_path / "app.py")


def test_command_asks_three_things(world: World, program: Program) -> None:
    first = provision(program, world.target, world.reporter)
    built = build(program, world.target, world.reporter)
    session = Session(world.target)
    calls = counted(session)

    again = put(program, world.target, built, session, world.reporter)

    assert calls == ["GetCallerIdentity", "DescribeStacks", "GetTemplate"]
    assert (again.outcome.action, again.uploaded) == ("unchanged", 0)
    assert (again.outcome.outputs, again.functions) == (first.outcome.outputs, first.functions)


def test_a_large_service_is_asked_no_more(world: World, tmp_path: Path) -> None:
    """What its nested stacks are is known from the root, which holds the sums of their templates."""
    more = "\nfor number in range(140):\n    service.function(name=f'more{number}')(stamp)\n"
    (tmp_path / "app.py").write_text(PROGRAM.format(name=world.name) + more)
    program = load(tmp_path / "app.py")
    first = provision(program, world.target, world.reporter)
    names = {each.logical_id for each in status(world.session, first.outcome.stack).resources}
    assert {"More0Function", "More139LogGroup", "PhotosBucket"} < names
    assert not names & NESTED_STACKS
    built = build(program, world.target, world.reporter)
    session = Session(world.target)
    calls = counted(session)

    again = put(program, world.target, built, session, world.reporter)

    assert calls == ["GetCallerIdentity", "DescribeStacks", "GetTemplate"]
    assert (again.outcome.action, again.build) == ("unchanged", first.build)
    held = deployed(session, first.outcome.stack)
    assert held
    assert held.template == json.loads(built.synthesis.text)


def test_what_was_made_of_this(world: World) -> None:
    assert asked(world, template()) is None
    made = world.provision(template(), tags={"team": "images"})

    assert asked(world, template(), team="images") == Outcome(world.name, "unchanged", made.outputs, ())
    assert asked(world, template(), {"Size": "3"}, team="images") is not None


def test_what_differs(world: World) -> None:
    world.provision(template(), tags={"team": "images"})

    assert asked(world, template(), {"Size": "4"}, team="images") is None
    assert asked(world, template(), team="videos") is None
    assert asked(world, template()) is None
    assert asked(world, template(Description="another"), team="images") is None
    assert asked(world, template(Outputs={}), team="images") is None


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"Metadata": {"Text": "{{resolve:ssm:/size}}"}},
        {"Parameters": {"Image": {"Type": "AWS::SSM::Parameter::Value<String>"}}},
        {"Transform": "AWS::LanguageExtensions"},
    ],
)
def test_what_cloudformation_alone_can_tell(world: World, more: Template) -> None:
    world.provision({"Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}}})
    held = deployed(world.session, world.name)
    assert held
    same = {**held.template, **more}

    answer = unchanged(world.name, replace(held, root=same), Wanted(json.dumps(same), {}, {}, None))

    assert (answer is None) == bool(more)


@pytest.mark.parametrize("state", ["UPDATE_ROLLBACK_COMPLETE", "UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED"])
def test_a_stack_that_does_not_rest_well_is_looked_at_more_closely(world: World, state: str) -> None:
    world.provision(template())
    held = deployed(world.session, world.name)
    assert held
    wanted = Wanted(json.dumps(template()), {}, {}, None)

    assert unchanged(world.name, held, wanted)
    assert unchanged(world.name, replace(held, stack=replace(held.stack, state=state)), wanted) is None
    assert unchanged(world.name, None, wanted) is None

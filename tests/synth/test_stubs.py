"""Templates without a bucket: what they ask for, what is off, and that CloudFormation takes them."""

# mypy: allow-untyped-defs, allow-untyped-calls

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

import lakon
from lakon.commands.program import load
from lakon.provision.switches import SWITCHED
from lakon.synth.stubs import STUB, SWITCHES, declared_on, stubbed, triggers
from lakon.synth.synthesis import synthesize

from .test_golden import EXPLAINED, GOLDEN

if TYPE_CHECKING:
    from collections.abc import Callable


def stubs(service):
    return json.loads(synthesize(service, stage="dev", root="/", stubs=True).text)


@pytest.mark.parametrize("program", ["whole", "languages", "doors"])
def test_cfn_lint_has_nothing_to_say(program, tmp_path):
    service = load(GOLDEN / f"{program}.py").service
    service.layer = False
    (tmp_path / "template.json").write_text(json.dumps(stubs(service)))
    done = subprocess.run(
        [Path(sys.executable).parent / "cfn-lint", "--format", "json", tmp_path / "template.json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert [each["Message"] for each in json.loads(done.stdout) if each["Rule"]["Id"] not in EXPLAINED] == []


def test_no_bucket_and_no_archive_is_asked_for():
    service = lakon.Service("born")
    queue = service.queue("orders")
    service.function(on=[queue.messages(), lakon.every("1 day"), lakon.event(source="a")], name="take")(print)
    level = service.input("Level", default="info")
    service.output("Level", level)
    template = stubs(service)
    assert template["Parameters"].keys() == {"Level"}
    function = template["Resources"]["TakeFunction"]["Properties"]
    assert function["Code"] == {"ZipFile": STUB}
    assert stubbed(template["Resources"]) == ("TakeFunction",)
    off = {
        name: template["Resources"][name]["Properties"] for name in triggers(template["Resources"], ["TakeFunction"])
    }
    assert {name: each.get("Enabled", each.get("State")) for name, each in off.items()} == {
        "TakeOrdersQueueMapping": False,
        "TakeRule": "DISABLED",
        "TakeSchedule": "DISABLED",
    }


def test_what_the_program_declares_off():
    service = lakon.Service("born")
    service.function(on=lakon.every("1 day"), name="take")(print)
    target = [{"Arn": {"Fn::GetAtt": ["TakeFunction", "Arn"]}, "Id": "take"}]
    wish = service.input("Wish", default="DISABLED")
    for name, state in (("Off", "DISABLED"), ("On", "ENABLED"), ("Maybe", wish)):
        service.resource(name, "AWS::Events::Rule", {"State": state, "EventPattern": {}, "Targets": target})
    resources = stubs(service)["Resources"]
    assert {resources[name]["Properties"]["State"] for name in triggers(resources, ["TakeFunction"])} == {"DISABLED"}
    for value, on in (("DISABLED", ["On", "TakeSchedule"]), ("ENABLED", ["Maybe", "On", "TakeSchedule"])):
        found = triggers(resources, ["TakeFunction"])
        assert sorted(name for name in found if declared_on(resources[name], {"Wish": value})) == on


def test_each_kind_of_trigger_is_switched():
    assert SWITCHED.keys() == SWITCHES.keys()


def test_what_a_stub_answers(capsys):
    names: dict[str, Callable[..., Any]] = {}
    exec(STUB, names)
    stub, context = names["lakon_stub"], SimpleNamespace(function_name="born-dev-take")
    assert stub({"lakon": "health"}, context) == {"lakon": "stub", "function": "born-dev-take"}
    assert stub({"requestContext": {}}, context)["statusCode"] == 503
    event: object
    for event in ({"Records": []}, {}, [], None):
        with pytest.raises(RuntimeError, match="born-dev-take is a stub"):
            stub(event, context)
    assert "lakon flip" in capsys.readouterr().out

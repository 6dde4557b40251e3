"""Large templates: what moves, what stays where it was, and that the pieces are the whole."""

# mypy: allow-untyped-defs, allow-untyped-calls

import json
import os
import subprocess
import sys
from pathlib import Path

import hypothesis
import hypothesis.strategies as st
import pytest

import lakon
from lakon.exceptions import ProgramError
from lakon.synth.crossing import found
from lakon.synth.cycles import find_cycle
from lakon.synth.nesting import split
from lakon.synth.portions import portions
from lakon.synth.quotas import excesses
from lakon.synth.splitting import NESTED_STACKS, STACK, is_made_of, joined, nested_stacks, places
from lakon.synth.synthesis import synthesize
from lakon.synth.template import template_text
from lakon.synth.units import depends_on

GOLDEN = Path(__file__).parent.parent / "golden"
WHOLE = sorted(path for path in GOLDEN.glob("*.json") if path.name != "split.json")


def handler(event, context):
    """Any handler."""


def sound(divided):
    """Hold the pieces against what CloudFormation asks of them."""
    assert not list(excesses(divided))
    needs = {}
    for name, template in {"": divided.root, **divided.nested}.items():
        resources, parameters = template["Resources"], template.get("Parameters", {})
        for mine, resource in resources.items():
            named = {each.name for each in found(resource)}
            assert {each for each in named if not each.startswith("AWS::")} <= resources.keys() | parameters.keys()
            assert set(depends_on(resource)) <= resources.keys()
            if name:
                assert not named & {"AWS::StackName", "AWS::StackId"}, "they are another stack's"
            else:
                needs[mine] = named.union(depends_on(resource)) & resources.keys()
    assert not find_cycle(needs)
    for reference in found(divided.root):
        if reference.name in divided.nested:
            assert reference.attribute.removeprefix("Outputs.") in divided.nested[reference.name]["Outputs"]
    for name, template in divided.nested.items():
        stack = divided.root["Resources"][name]
        assert stack["Type"] == STACK
        assert stack["Properties"].get("Parameters", {}).keys() == template.get("Parameters", {}).keys()
    assert sorted(divided.nested) == nested_stacks(divided.root)


def resources(template):
    return template["Resources"]


def whole(service, **how):
    return json.loads(synthesize(service, stage="dev", root=str(Path(__file__).parent), **how).text)


def service_of(count, *, first=0, **how):
    """Functions that touch a table and a queue, each with an alarm."""
    service = lakon.Service("big")
    index, jobs = service.table("index", key="id"), service.queue("jobs")
    for number in range(first, first + count):
        uses = [index.write, jobs.send]
        service.function(name=f"f{number}", uses=uses, alarms=[lakon.errors(threshold=1)], **how)(handler)
    return service


def place_of(divided):
    return places(divided.root, divided.nested)


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.stem)
def test_the_pieces_are_the_whole(path):
    template = json.loads(path.read_text())
    divided = split(template, most=3)
    sound(divided)
    assert joined(divided.root, divided.nested) == template
    assert split(template, place_of(divided), most=3) == divided
    if divided.nested:
        assert is_made_of(divided.root, template)
        assert not is_made_of(divided.root, {**template, "Description": "another"})
        assert not is_made_of({**divided.root, "Outputs": {"By": {"Value": "hand"}}}, template)


def test_the_split_is_the_golden_one():
    divided = split(json.loads((GOLDEN / "imager.json").read_text()), most=3)
    told = json.dumps({"root": divided.root, **dict(sorted(divided.nested.items()))}, indent=1, sort_keys=True) + "\n"
    if os.environ.get("LAKON_GOLDEN") == "write":
        (GOLDEN / "split.json").write_text(told)
    assert divided.nested
    assert told == (GOLDEN / "split.json").read_text()


def test_cfn_lint_finds_no_error(tmp_path):
    """In the pieces of a program with versions, aliases and hooks."""
    for program in ("traffic",):
        divided = split(json.loads((GOLDEN / f"{program}.json").read_text()), most=3)
        for name, template in {"root": divided.root, **divided.nested}.items():
            (tmp_path / f"{program}-{name}.json").write_text(template_text(template))
    cfn_lint = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run(
        [cfn_lint, "--non-zero-exit-code", "error", *sorted(tmp_path.iterdir())],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_a_small_template_is_not_split():
    template = whole(service_of(90))
    assert len(template["Resources"]) < 400
    assert split(template) == (split(template, {})) == type(split(template))(template, {})


def test_what_only_a_function_has_moves_with_it():
    divided = split(whole(service_of(100)))
    for name, stack in place_of(divided).items():
        if name.startswith("F"):
            assert stack == place_of(divided)[f"F{''.join(filter(str.isdigit, name))}Function"] != ""
        else:
            assert stack == "", f"{name} is no function's"
    sound(divided)


def test_many_functions():
    divided = split(whole(service_of(1000)))
    sound(divided)
    assert len(divided.nested) == 16
    assert len(resources(divided.root)) < 50
    assert all(len(template_text(each)) < 1_000_000 for each in divided.nested.values())


def test_many_functions_get_more():
    before = split(whole(service_of(600)))
    after = split(whole(service_of(620)), place_of(before))
    assert place_of(before).items() <= place_of(after).items()
    assert len(resources(after.root)) < 50
    sound(after)


def test_what_is_there_stays_when_the_service_outgrows_one_stack():
    before = split(whole(service_of(95)))
    after = split(whole(service_of(105)), place_of(before))
    assert not before.nested
    assert {name for name, stack in place_of(after).items() if not stack} == resources(before.root).keys()
    assert {name for name, stack in place_of(after).items() if stack} == {
        f"F{number}{what}" for number in range(95, 105) for what in ("Function", "Role", "LogGroup", "ErrorsAlarm")
    }
    sound(after)


def test_what_is_there_stays_when_the_service_shrinks():
    before = split(whole(service_of(110)))
    after = split(whole(service_of(90, first=10)), place_of(before))
    assert len(resources(after.root)) < 100
    kept = place_of(after).items()
    assert {name: stack for name, stack in kept if name not in NESTED_STACKS}.items() <= place_of(before).items()
    fresh = split(whole(service_of(91, first=10)), place_of(after))
    assert place_of(fresh)["F100Function"] == "", "there is room again"
    sound(fresh)


def test_what_a_function_gets_later_goes_where_it_is():
    before = split(whole(service_of(110)))
    after = split(whole(service_of(110, on=lakon.every("1 minute"))), place_of(before))
    assert place_of(before).items() <= place_of(after).items()
    assert all(place_of(after)[f"F{number}Schedule"] == place_of(after)[f"F{number}Function"] for number in range(110))


def test_what_functions_in_a_full_root_get_goes_to_nested_stacks():
    before = split(whole(service_of(95)))
    after = split(whole(service_of(95, on=lakon.every("1 minute"))), place_of(before))
    assert place_of(before).items() <= place_of(after).items()
    assert all(place_of(after)[f"F{number}Schedule"] for number in range(95))
    sound(after)


def test_without_a_bucket_nothing_can_be_split():
    divided = split(whole(service_of(130), stubs=True))
    assert not divided.nested
    assert next(excesses(divided)).what.startswith("the stack needs 52")


def test_functions_that_need_each_other_are_together():
    service = service_of(100)
    service.function(name="front", url=True)(handler)
    service.function(name="back")(handler)
    template = whole(service)
    address = {"Fn::GetAtt": ["FrontFunctionUrl", "FunctionUrl"]}
    template["Resources"]["BackFunction"]["Properties"]["Environment"] = {"Variables": {"FRONT": address}}
    divided = split(template)
    assert place_of(divided)["FrontFunction"] == place_of(divided)["BackFunction"] != ""
    assert place_of(divided)["FrontFunctionUrl"] == place_of(divided)["BackRole"] == place_of(divided)["BackFunction"]
    sound(divided)


def test_what_a_function_needs_of_another_by_way_of_what_stays_does_not_move():
    service = service_of(100)
    service.function(name="first")(handler)
    told = service.resource(
        "Told", "AWS::SSM::Parameter", {"Type": "String", "Value": {"Fn::GetAtt": ["FirstFunction", "Arn"]}}
    )
    service.function(name="second", env={"TOLD": told.ref})(handler)
    divided = split(whole(service))
    assert place_of(divided)["FirstFunction"] == place_of(divided)["FirstRole"] == ""
    assert place_of(divided)["SecondFunction"]
    sound(divided)


def test_a_resource_with_the_name_of_a_nested_stack():
    service = service_of(110)
    service.resource("Functions3", "AWS::SNS::Topic", {})
    with pytest.raises(ProgramError) as raised:
        split(whole(service))
    assert "Functions3 is what a nested stack" in raised.value.what


def test_the_last_function_of_a_split_stack():
    service = lakon.Service("big")
    service.table("index", key="id")
    assert not split(whole(service), {"IndexTable": "", "F1Function": "Functions3"}).nested
    with pytest.raises(ProgramError) as raised:
        split(whole(service), {"IndexTable": "Stores3"})
    assert "IndexTable is in a nested stack" in raised.value.what


def test_stacks_that_would_need_each_other():
    service = service_of(110)
    first, second = sorted({"F1Function", "F5Function"})
    before = split(whole(service))
    assert place_of(before)[first] != place_of(before)[second]
    after = whole(service)
    for mine, other in ((first, "F5Role"), (second, "F1Role")):
        after["Resources"][mine]["Properties"]["Description"] = {"Ref": other}
    with pytest.raises(ProgramError) as raised:
        split(after, place_of(before))
    assert "would need each other in a circle" in raised.value.what


def test_the_many_routes_of_one_function_are_spread():
    template = whole(service_of(60))
    route = {"Target": {"Fn::Sub": "integrations/${Way}"}, "ApiId": {"Ref": "Api"}}
    way = {"IntegrationUri": {"Fn::GetAtt": ["F1Function", "Arn"]}}
    template["Resources"] |= {
        "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {}},
        "Way": {"Type": "AWS::ApiGatewayV2::Integration", "Properties": way},
        **{f"Route{number}": {"Type": "AWS::ApiGatewayV2::Route", "Properties": route} for number in range(300)},
    }
    divided = split(template)
    sound(divided)
    template["Resources"]["Allow"] = {"Type": "AWS::Lambda::Permission", "Properties": {"For": {"Ref": "F1Function"}}}
    template["Resources"]["More"] = {"Type": "AWS::Lambda::Alias", "Properties": {"For": {"Ref": "F1Function"}}}
    template["Resources"]["Way"]["Properties"]["More"] = {"Ref": "More"}
    later = split(template, place_of(divided))
    sound(later)
    assert place_of(later)["More"] == place_of(later)["F1Function"] != place_of(later)["Allow"]
    assert {place_of(divided)[f"Route{number}"] for number in range(300)} == {f"Routes{digit:X}" for digit in range(16)}
    assert place_of(divided)["Way"] == place_of(divided)["F1Function"] != ""
    assert len(resources(divided.root)) < 50


def test_stores_move_when_the_root_would_be_too_large():
    service = service_of(100)
    queues = [service.queue(f"jobs{number}") for number in range(110)]
    for number, queue in enumerate(queues):
        service.function(name=f"worker{number}", on=queue.messages(), uses=queue.send)(handler)
    before = split(whole(service))
    sound(before)
    assert place_of(before)["Jobs1Queue"] == place_of(before)["Jobs1DeadLettersQueuePolicy"]
    assert place_of(before)["Jobs1Queue"].startswith("Stores")
    assert len(resources(before.root)) < 100
    assert joined(before.root, before.nested) == whole(service)
    service.queue("another")
    after = split(whole(service), place_of(before))
    assert place_of(after)["AnotherQueue"] == "", "there is room"
    assert place_of(before).items() <= place_of(after).items()


def test_portions_lead_to_the_whole():
    before, after = whole(service_of(20)), whole(service_of(30, first=10))
    after["Resources"]["JobsQueuePolicy"]["DependsOn"] = ["F39ErrorsAlarm"]
    steps = portions(after, before, most=30)
    assert steps[-1] == after
    assert len(steps) == 3, "eighty resources are new"
    there = resources(before).keys()
    for step in steps:
        added = resources(step).keys() - there
        assert len(added) <= 30
        there |= added
        for resource in resources(step).values():
            named = {each.name for each in found(resource)}.union(depends_on(resource))
            assert {each for each in named if "::" not in each} <= resources(step).keys() | step["Parameters"].keys()  # type: ignore[attr-defined]
    late = [resources(step)["JobsQueuePolicy"] for step in (*steps, before)]
    assert late[0] == late[1] == late[3] != late[2], "what it needs is not there yet"
    assert "F0Function" in resources(steps[1])
    assert portions(after, before, most=1000) == [after]
    assert portions(before, {}, most=1000) == [before]


@st.composite
def templates(draw):
    """Functions and other things that refer to what came before them."""
    made: dict[str, object] = {}
    outputs: dict[str, object] = {}
    for number in range(draw(st.integers(1, 25))):
        known = sorted(made)
        named = draw(st.lists(st.sampled_from(known), max_size=3, unique=True)) if known else []
        references = [
            draw(st.sampled_from([{"Ref": name}, {"Fn::GetAtt": [name, "Arn"]}, {"Fn::Sub": f"x-${{{name}.Arn}}"}]))
            for name in named
        ]
        kind = draw(st.sampled_from(["function", "AWS::SQS::Queue", "AWS::Lambda::Permission", "AWS::Events::Rule"]))
        after = draw(st.lists(st.sampled_from(known), max_size=2, unique=True)) if known else []
        more = {"DependsOn": after} if after else {}
        if kind == "function":
            role, group = f"R{number}", f"G{number}"
            made[group] = {"Type": "AWS::Logs::LogGroup", "Properties": {}}
            made[role] = {"Type": "AWS::IAM::Role", "Properties": {"Log": {"Fn::GetAtt": [group, "Arn"]}}}
            properties = {
                "FunctionName": {"Fn::Sub": f"${{AWS::StackName}}-{number}"},
                "Role": {"Fn::GetAtt": [role, "Arn"]},
                "LoggingConfig": {"LogGroup": {"Ref": group}},
                "Code": {"S3Bucket": {"Ref": "ArtifactBucket"}},
                "Given": references,
            }
            made[f"F{number}"] = {"Type": "AWS::Lambda::Function", **more, "Properties": properties}
        else:
            made[f"X{number}"] = {"Type": kind, **more, "Properties": {"Given": references}}
    for name in draw(st.lists(st.sampled_from(sorted(made)), max_size=3, unique=True)):
        outputs[f"{name}Told"] = {"Value": {"Fn::GetAtt": [name, "Arn"]}}
    return {"Parameters": {"ArtifactBucket": {"Type": "String"}}, "Resources": made, "Outputs": outputs}


@hypothesis.given(templates(), templates())
@hypothesis.settings(max_examples=50, deadline=None)
def test_any_template_can_be_split_and_joined(first, second):
    divided = split(first, most=4)
    sound(divided)
    assert joined(divided.root, divided.nested) == first
    try:
        later = split(second, place_of(divided), most=4)
    except ProgramError:
        return
    sound(later)
    assert joined(later.root, later.nested) == second
    shared = place_of(divided).keys() & second["Resources"].keys()
    assert {name: place_of(later)[name] for name in shared} == {name: place_of(divided)[name] for name in shared}

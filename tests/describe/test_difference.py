"""Two programs in, what would become of the stack out; the text is frozen, the parts are looked at one by one."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from lakon.cli.difference import lines, plain_line
from lakon.commands import program
from lakon.commands.diff import StackDifference
from lakon.describe.difference.access import compare_access
from lakon.describe.difference.code import FileChange, Member, compare_files
from lakon.describe.difference.schemas import replacement
from lakon.describe.difference.values import leaves, shown
from lakon.describe.difference.whole import NOTHING, Difference, Side, compare
from lakon.synth.synthesis import Synthesis, synthesize

from . import schemas

PROGRAMS = Path(__file__).parent.parent / "golden" / "differences"
ARCHIVES = {"ArtifactBucket": "store", "PythonArchive": "lakon/archives/a.zip", "DependenciesArchive": "d.zip"}


def synthesis(name: str) -> Synthesis:
    return synthesize(program.load(PROGRAMS / f"{name}.py").service, stage="dev", root=str(PROGRAMS))


def side(template: dict[str, object], **parameters: str) -> Side:
    return Side(template, parameters, {})


def resources(**types_and_properties: object) -> dict[str, dict[str, object]]:
    return {name: dict(facts) for name, facts in types_and_properties.items() if isinstance(facts, dict)}


def difference(old: dict[str, dict[str, object]], new: dict[str, dict[str, object]]) -> Difference:
    return compare(side({"Resources": old}), side({"Resources": new}), {})


@pytest.mark.parametrize(("before", "after"), [("before", "after"), ("after", "before"), (None, "before")])
def test_the_text_of_a_difference(before: str | None, after: str) -> None:
    new = synthesis(after)
    old = Side(json.loads(synthesis(before).text), ARCHIVES, {"team": before}) if before else NOTHING
    wanted = Side(json.loads(new.text), {**ARCHIVES, "PythonArchive": "lakon/archives/b.zip"}, {"team": after})
    found = StackDifference("shop-dev", before is not None, compare(old, wanted, new.origins))
    text = "".join(f"{plain_line(line)}\n" for line in lines(found))
    golden = PROGRAMS / f"{before or 'nothing'}-{after}.txt"
    if os.environ.get("LAKON_GOLDEN") == "write":
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")


@pytest.mark.parametrize("name", ["before", "after"])
def test_what_is_the_same_is_no_difference(name: str) -> None:
    same = Side(json.loads(synthesis(name).text), ARCHIVES, {"team": "one"})
    found = compare(same, same, {})
    assert found.empty
    assert not found.widens


def test_the_table_is_what_the_official_schemas_say() -> None:
    assert schemas.TABLE.read_text("utf-8") == schemas.text(schemas.table()), "run `python tests/describe/schemas.py`"


@pytest.mark.parametrize(
    ("kind", "path", "expected"),
    [
        ("AWS::Lambda::Function", "FunctionName", "always"),
        ("AWS::Lambda::Function", "MemorySize", "never"),
        ("AWS::Lambda::LayerVersion", "Content.S3Key", "always"),
        ("AWS::DynamoDB::Table", "KeySchema[photo].KeyType", "conditional"),
        ("AWS::SQS::Queue", "Tags[team].Value", "never"),
        ("AWS::S3::Bucket", "BucketName", "always"),
        ("Custom::Thing", "Anything", "conditional"),
    ],
)
def test_replacement(kind: str, path: str, expected: str) -> None:
    assert replacement(kind, path) == expected


def test_what_refers_to_a_replaced_resource_follows_it() -> None:
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "a"}}
    policy = {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [{"Ref": "Jobs"}], "PolicyDocument": {}}}
    alarm = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Dimensions": [{"Name": "q", "Value": {"Ref": "Jobs"}}]}}
    old = resources(Jobs=queue, Policy=policy, Alarm=alarm)
    new = resources(Jobs={**queue, "Properties": {"QueueName": "b"}}, Policy=policy, Alarm=alarm)
    found = {change.logical_id: change for change in difference(old, new).resources}
    assert (found["Jobs"].action, found["Jobs"].replacement) == ("replace", "always")
    assert (found["Alarm"].action, found["Alarm"].replacement) == ("follow", "never")
    [followed] = found["Alarm"].properties
    assert (followed.path, followed.follows) == ("Dimensions[q].Value", ("Jobs",))
    assert found["Policy"].action == "follow"


def test_values_of_parameters_stand_for_the_references_to_them() -> None:
    template: dict[str, object] = {
        "Parameters": {"Level": {"Type": "String", "Default": "info"}, "Hidden": {"Type": "String", "NoEcho": True}},
        "Resources": {
            "A": {"Type": "X", "Properties": {"One": {"Ref": "Level"}, "Two": {"Fn::Sub": "is ${Level}"}}},
            "B": {"Type": "X", "Properties": {"Three": {"Ref": "Hidden"}}},
        },
    }
    found = compare(side(template, Hidden="****"), side(template, Level="debug", Hidden="new"), {})
    [change] = found.resources
    assert [(each.path, shown(each.old), shown(each.new)) for each in change.properties] == [
        ("One", "info", "debug"),
        ("Two", "is info", "is debug"),
    ]
    assert [(each.name, each.old, each.new) for each in found.parameters] == [("Level", "info", "debug")]


def test_retained_data_is_not_lost() -> None:
    table = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "a"}}
    kept = {**table, "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    assert [loss.event for loss in difference(resources(T=table), {}).losses] == ["removed"]
    assert not difference(resources(T=kept), {}).losses
    renamed = {**kept, "Properties": {"TableName": "b"}}
    [loss] = difference(resources(T=kept), resources(T=renamed)).losses
    assert (loss.event, loss.certain) == ("replaced", True)
    assert "stays outside of the stack" in loss.what


def role(*statements: dict[str, object]) -> dict[str, dict[str, object]]:
    policy = {"PolicyName": "Access", "PolicyDocument": {"Statement": list(statements)}}
    return resources(Role={"Type": "AWS::IAM::Role", "Properties": {"Policies": [policy]}})


def statement(actions: object, resource: object = "*", effect: str = "Allow", **more: object) -> dict[str, object]:
    return {"Effect": effect, "Action": actions, "Resource": resource, **more}


@pytest.mark.parametrize(
    ("old", "new", "widens"),
    [
        (statement("s3:GetObject"), statement(["s3:GetObject", "s3:PutObject"]), True),
        (statement(["s3:GetObject", "s3:PutObject"]), statement("s3:GetObject"), False),
        (statement("s3:*"), statement("s3:getobject", "arn:aws:s3:::a/*"), False),
        (statement("s3:GetObject", "arn:a/*"), statement("s3:GetObject", "arn:*"), True),
        (statement("s3:Get*", Condition={"Bool": {"x": "true"}}), statement("s3:Get*"), True),
        (statement("s3:Get*"), statement("s3:Get*", Condition={"Bool": {"x": "true"}}), False),
        (statement("s3:*", effect="Deny"), statement("s3:Put*", effect="Deny"), True),
        (statement("s3:Put*", effect="Deny"), statement("s3:*", effect="Deny"), False),
        (statement("s3:*"), {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, True),
    ],
)
def test_what_widens(old: dict[str, object], new: dict[str, object], widens: bool) -> None:
    assert any(access.widens for access in compare_access(role(old), role(new))) is widens


def test_a_new_caller_widens() -> None:
    properties = {"Action": "lambda:InvokeFunction", "FunctionName": {"Ref": "F"}, "Principal": "s3.amazonaws.com"}
    [access] = compare_access({}, resources(P={"Type": "AWS::Lambda::Permission", "Properties": properties}))
    assert (access.principal, access.resource, access.widens) == ("s3.amazonaws.com", "${F}", True)


def test_files() -> None:
    old = {"a.py": Member(1, 1), "__pycache__/a.cpython-313.pyc": Member(5, 5), "b.py": Member(2, 2)}
    new = {"a.py": Member(3, 3), "__pycache__/a.cpython-313.pyc": Member(6, 6), "c/d.txt": Member(4, 4)}
    assert compare_files(old, new) == (
        FileChange("change", "a.py", 1, 3),
        FileChange("remove", "b.py", 2, None),
        FileChange("add", "c/d.txt", None, 4),
    )


def test_paths_of_lists() -> None:
    value = {"Tags": [{"Key": "a.b", "Value": "1"}], "Rules": [{"x": 1}, {"x": 2}], "Plain": ["a", {"Ref": "B"}]}
    assert leaves(value) == {
        "Tags[a.b].Key": "a.b",
        "Tags[a.b].Value": "1",
        "Rules[0].x": 1,
        "Rules[1].x": 2,
        "Plain": ["a", {"Ref": "B"}],
    }


TABLE = {"Type": "AWS::DynamoDB::Table", "Properties": {"KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}]}}
REKEYED = {"Type": "AWS::DynamoDB::Table", "Properties": {"KeySchema": [{"AttributeName": "b", "KeyType": "HASH"}]}}


@pytest.mark.parametrize("kept", [{}, {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}])
def test_a_table_that_gets_another_key_loses_sight_of_its_items(kept: dict[str, object]) -> None:
    [loss] = difference(resources(T={**TABLE, **kept}), resources(T={**REKEYED, **kept})).losses
    assert (loss.event, loss.certain) == ("replaced", False)


def test_a_changed_type_is_told_as_what_it_is() -> None:
    found = difference(resources(T=TABLE), resources(T={"Type": "AWS::SQS::Queue", "Properties": {}}))
    [change] = found.resources
    assert change.action == "replace"
    [loss] = found.losses
    assert (loss.resource_type, loss.event, loss.certain) == ("AWS::DynamoDB::Table", "replaced", True)
    text = "\n".join(map(plain_line, lines(StackDifference("s", True, found))))
    assert "CloudFormation refuses that: give it another logical id" in text


def test_a_value_of_many_lines_is_told_on_one() -> None:
    code = {"ZipFile": "def handler(event, context):\n    return 1\n"}
    old = resources(F={"Type": "AWS::Lambda::Function", "Properties": {}})
    found = difference(old, resources(F={"Type": "AWS::Lambda::Function", "Properties": {"Code": code}}))
    told = [plain_line(line) for line in lines(StackDifference("s", True, found))]
    assert not any("\n" in line for line in told)
    assert any("context):\\n    return 1" in line for line in told)


@pytest.mark.parametrize("kind", ["AWS::Neptune::DBCluster", "AWS::EC2::Volume", "Custom::Store", "AWS::New::Thing"])
def test_what_may_hold_data_is_told_when_it_goes(kind: str) -> None:
    assert difference(resources(T={"Type": kind}), {}).losses
    assert not difference({}, resources(T={"Type": kind})).losses
    assert not difference(resources(T={"Type": "AWS::IAM::Role"}), {}).losses


@pytest.mark.parametrize(
    ("kind", "old", "new", "told"),
    [
        ("AWS::Logs::LogGroup", {"RetentionInDays": 365}, {"RetentionInDays": 1}, "older entries"),
        ("AWS::Logs::LogGroup", {}, {"RetentionInDays": 1}, "older entries"),
        ("AWS::Logs::LogGroup", {"RetentionInDays": 1}, {"RetentionInDays": 365}, None),
        ("AWS::SQS::Queue", {"MessageRetentionPeriod": 1209600}, {"MessageRetentionPeriod": 60}, "older messages"),
        ("AWS::DynamoDB::Table", {}, {"TimeToLiveSpecification": {"AttributeName": "t", "Enabled": True}}, "expire"),
        ("AWS::S3::Bucket", {}, {"LifecycleConfiguration": {"Rules": [{"ExpirationInDays": 3}]}}, "expire"),
        ("AWS::S3::Bucket", {"LifecycleConfiguration": {"Rules": [{"ExpirationInDays": 3}]}}, {}, None),
    ],
)
def test_what_is_kept_for_less_long(kind: str, old: object, new: object, told: str | None) -> None:
    sides = (resources(T={"Type": kind, "Properties": old}), resources(T={"Type": kind, "Properties": new}))
    losses = difference(*sides).losses
    assert [loss.event for loss in losses] == ([] if told is None else ["changed"])
    assert all(told is not None and told in loss.what for loss in losses)


def test_what_is_no_longer_kept() -> None:
    [loss] = difference(resources(T={**TABLE, "DeletionPolicy": "Retain"}), resources(T=TABLE)).losses
    assert "no longer be kept" in loss.what


def of(kind: str, **properties: object) -> dict[str, dict[str, object]]:
    return resources(R={"Type": kind, "Properties": properties})


POLICY = json.dumps({"Statement": [statement("s3:Get*")]})
WIDER = json.dumps({"Statement": [statement("s3:*")]})
CALL = {"Action": "lambda:InvokeFunctionUrl", "FunctionName": "f", "Principal": "*"}


@pytest.mark.parametrize(
    ("old", "new", "widens"),
    [
        (of("AWS::IAM::Policy", Roles=[]), of("AWS::IAM::Policy", Roles=["admin"]), True),
        (of("AWS::IAM::Policy", Roles=["admin"]), of("AWS::IAM::Policy", Roles=[]), False),
        (of("AWS::IAM::User", Groups=["a"]), of("AWS::IAM::User", Groups=["a", "b"]), True),
        (of("AWS::SQS::QueuePolicy", Queues=["a"]), of("AWS::SQS::QueuePolicy", Queues=["a", "b"]), True),
        (of("AWS::Lambda::Function", Role="low"), of("AWS::Lambda::Function", Role="admin"), True),
        ({}, of("AWS::Lambda::Function", Role="arn:aws:iam::1:role/admin"), True),
        ({}, of("AWS::Lambda::Function", Role={"Fn::GetAtt": ["New", "Arn"]}), False),
        (of("AWS::IAM::Role", PermissionsBoundary="b"), of("AWS::IAM::Role"), True),
        (of("AWS::IAM::Role"), of("AWS::IAM::Role", PermissionsBoundary="b"), False),
        (of("AWS::Lambda::Permission", PrincipalOrgID="o", **CALL), of("AWS::Lambda::Permission", **CALL), True),
        (
            of("AWS::Lambda::Permission", FunctionUrlAuthType="AWS_IAM", **CALL),
            of("AWS::Lambda::Permission", FunctionUrlAuthType="NONE", **CALL),
            True,
        ),
        (of("AWS::Lambda::Url", AuthType="AWS_IAM"), of("AWS::Lambda::Url", AuthType="NONE"), True),
        (of("AWS::ApiGatewayV2::Route", AuthorizationType="JWT"), of("AWS::ApiGatewayV2::Route"), True),
        (
            of("AWS::SQS::QueuePolicy", PolicyDocument={"Fn::Sub": POLICY}),
            of("AWS::SQS::QueuePolicy", PolicyDocument={"Fn::Sub": WIDER}),
            True,
        ),
        (
            of("AWS::SQS::QueuePolicy", PolicyDocument={"Fn::Sub": WIDER}),
            of("AWS::SQS::QueuePolicy", PolicyDocument={"Fn::Sub": POLICY}),
            False,
        ),
        (
            of("AWS::SQS::QueuePolicy", PolicyDocument={"Fn::ImportValue": "a"}),
            of("AWS::SQS::QueuePolicy", PolicyDocument={"Fn::ImportValue": "b"}),
            True,
        ),
    ],
)
def test_what_widens_without_a_statement_of_its_own(
    old: dict[str, dict[str, object]], new: dict[str, dict[str, object]], widens: bool
) -> None:
    assert any(access.widens for access in compare_access(old, new)) is widens


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (of("AWS::S3::Bucket", Flag=True), of("AWS::S3::Bucket", Flag=1)),
        (of("X", Rules=[{"Id": "a"}, {"Id": "b"}]), of("X", Rules=[{"Id": "b"}, {"Id": "a"}])),
        (resources(R={"Type": "X"}), resources(R={"Type": "X", "Metadata": {"a": 1}})),
    ],
)
def test_whatever_cloudformation_would_be_told_is_a_difference(
    old: dict[str, dict[str, object]], new: dict[str, dict[str, object]]
) -> None:
    assert not difference(old, new).empty


def test_another_declaration_of_an_input_is_a_difference() -> None:
    templates = [{"Parameters": {"Level": {"Type": "String", "Default": each}}} for each in ("info", "debug")]
    found = compare(side(dict(templates[0]), Level="x"), side(dict(templates[1]), Level="x"), {})
    assert [each.name for each in found.sections] == ["Parameters.Level"]

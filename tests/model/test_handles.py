"""Handles: tokens at declaration, answers from the environment inside Lambda."""

# mypy: allow-untyped-defs, allow-untyped-calls

import importlib
import json

import pytest

import lakon
from lakon.exceptions import ProgramError
from lakon.model.values import Declaring, Token
from lakon.synth.synthesis import synthesize
from lakon.synth.values import Values


def test_a_decorator_returns_the_function_unchanged():
    service = lakon.Service("imager")

    def stamp(event, context):
        return event

    assert service.function(stamp) is stamp
    assert service.function(name="other", memory=512)(stamp) is stamp
    assert [function.name for function in service.functions] == ["stamp", "other"]


@pytest.mark.parametrize(
    ("make", "attribute", "variable"),
    [
        (lambda s: s.bucket("photos"), "name", "PHOTOS_BUCKET_NAME"),
        (lambda s: s.table("index", key="id"), "name", "INDEX_TABLE_NAME"),
        (lambda s: s.queue("my-jobs"), "url", "MY_JOBS_QUEUE_URL"),
        (lambda s: s.topic("news"), "arn", "NEWS_TOPIC_ARN"),
        (lambda s: s.bus("orders"), "name", "ORDERS_BUS_NAME"),
        (lambda s: s.log_group("audit"), "name", "AUDIT_LOG_GROUP_NAME"),
        (lambda s: s.parameter("greeting", "hi"), "name", "GREETING_PARAMETER_NAME"),
        (lambda s: s.secret("db"), "arn", "DB_SECRET_ARN"),
        (lambda s: lakon.Bucket.existing("old-photos"), "name", "OLD_PHOTOS_BUCKET_NAME"),
    ],
)
def test_an_attribute_answers_from_the_environment(make, attribute, variable, monkeypatch):
    handle = make(lakon.Service("imager"))
    assert list(handle.variables()) == [variable]
    declared = getattr(handle, attribute)
    monkeypatch.setenv(variable, "physical")
    assert getattr(handle, attribute) == "physical"
    with Declaring():
        assert getattr(handle, attribute) == declared
    assert getattr(handle, attribute) == "physical"


def test_tokens_survive_strings():
    service = lakon.Service("imager")
    photos, jobs = service.bucket("photos"), service.queue("jobs")
    values = Values(service)
    assert values.resolve(jobs.url) == {"Ref": "JobsQueue"}
    assert values.resolve(jobs.arn) == {"Fn::GetAtt": ["JobsQueue", "Arn"]}
    assert values.resolve(f"{jobs.name}-${{x}}") == {"Fn::Sub": "${JobsQueue.QueueName}-${!x}"}
    assert values.resolve("${JobsQueue}") == "${JobsQueue}"
    assert "arn:${AWS::Partition}:s3:::" in str(values.resolve({"a": [photos.arn, 1, None]}))
    assert isinstance(photos.name, Token)


def test_existing_handles_are_known():
    bucket = lakon.Bucket.existing("old-photos")
    assert bucket.name == "old-photos"
    queue = lakon.Queue.existing("arn:aws:sqs:eu-west-1:111122223333:jobs")
    assert queue.arn == "arn:aws:sqs:eu-west-1:111122223333:jobs"
    assert queue.url == f"https://sqs.eu-west-1.{Token('AWS::URLSuffix', 'Ref')}/111122223333/jobs"
    assert Values(lakon.Service("none")).resolve(lakon.Table.existing("users").arn) == {
        "Fn::Sub": "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/users"
    }


def test_one_text_stands_for_a_list_of_one():
    service = lakon.Service("imager", include="tests/x", exclude=["a", "b"])
    service.function(name="stamp", layers="arn:x")(handler)
    assert (service.include, service.exclude, service.functions[0].layers) == (("tests/x",), ("a", "b"), ("arn:x",))


def handler(event, context):
    """Do nothing."""


def test_a_function_is_told_only_of_what_it_touches():
    service = lakon.Service("imager")
    photos, jobs, _ = service.bucket("photos"), service.queue("jobs"), service.table("index", key="id")
    service.function(name="stamp", on=jobs.messages(), uses=photos.read)(handler)
    template = json.loads(synthesize(service, stage="dev", root="/").text)
    variables = template["Resources"]["StampFunction"]["Properties"]["Environment"]["Variables"]
    assert sorted(variables) == ["JOBS_QUEUE_URL", "PHOTOS_BUCKET_NAME"]


def test_a_role_holds_its_own_log_group_and_what_it_uses_only():
    service = lakon.Service("imager")
    photos = service.bucket("photos")
    service.function(name="one", uses=photos.read)(handler)
    service.function(name="two")(handler)
    template = json.loads(synthesize(service, stage="dev", root="/").text)

    def statements(name):
        return template["Resources"][name]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]

    own = {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": {"Fn::GetAtt": ["TwoLogGroup", "Arn"]},
    }
    assert statements("TwoRole") == [own]
    assert {str(statement["Action"]) for statement in statements("OneRole")[1:]} == {
        "s3:ListBucket",
        "['s3:GetObject', 's3:GetObjectTagging', 's3:GetObjectVersion']",
    }
    assert not any(statement["Resource"] == "*" for statement in statements("OneRole"))


def test_what_is_kept_keeps_its_policy():
    service = lakon.Service("imager")
    for kind in (service.bucket, service.queue, service.topic):
        kind("kept", keep=True)
        kind("gone")
    resources = synthesize(service, stage="dev", root="/").resources
    policies = {name: body.get("DeletionPolicy") for name, body in resources.items() if name.endswith("Policy")}
    assert {name for name, policy in policies.items() if policy == "Retain"} == {
        "KeptBucketPolicy",
        "KeptQueuePolicy",
        "KeptDeadLettersQueuePolicy",
        "KeptTopicPolicy",
    }
    assert set(policies.values()) == {"Retain", None}


def test_the_front_door_names_what_there_is():
    assert {name for name in lakon.__all__ if not hasattr(lakon, name)} == set()
    assert sorted(lakon.__all__) == lakon.__all__
    with pytest.raises(AttributeError, match="no attribute 'Nope'"):
        getattr(lakon, "Nope")  # noqa: B009 - mypy, too, knows that there is no such name


def test_inside_lambda_what_a_function_does_not_know_is_told_plainly(tmp_path, monkeypatch):
    (tmp_path / "deployed.py").write_text(
        "import lakon\nservice = lakon.Service('x')\nnotes = service.bucket('notes')\n"
        "def declare():\n    return notes.arn\n"
        "declared = declare()\n"
        "def handler(event, context):\n    return getattr(notes, event)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "x-dev-handler")
    deployed = importlib.import_module("deployed")
    assert isinstance(deployed.declared, Token)
    with pytest.raises(ProgramError, match="does not know the name of the bucket 'notes'") as raised:
        deployed.handler("name", None)
    assert "uses=[notes.read]" in str(raised.value.hint)
    with pytest.raises(ProgramError) as raised:
        deployed.handler("arn", None)
    assert "env={'NOTES_ARN': ...}" in str(raised.value.hint)
    monkeypatch.setenv("NOTES_BUCKET_NAME", "physical")
    assert deployed.handler("name", None) == "physical"

"""What the embedded AWS does not do is told for what is declared, and for nothing else."""

from __future__ import annotations

from lakon.local.gaps import GAPS, gaps


def told(type: str, properties: dict[str, object]) -> list[str]:
    return [gap.partition(" does not ")[2] for gap in gaps({"Thing": {"Type": type, "Properties": properties}})]


def test_nothing_is_told_of_what_works() -> None:
    assert told("AWS::SQS::Queue", {"DelaySeconds": 5}) == []
    assert told("AWS::S3::Bucket", {"VersioningConfiguration": {"Status": "Enabled"}}) == []
    assert told("AWS::Scheduler::Schedule", {"ScheduleExpressionTimezone": "UTC"}) == []
    assert told("AWS::CloudFormation::WaitConditionHandle", {}) == []
    assert gaps({"Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}) == []


def test_a_property_is_told_with_the_names_of_all_that_have_it() -> None:
    schedule = {"Type": "AWS::Scheduler::Schedule", "Properties": {"ScheduleExpressionTimezone": "Europe/Paris"}}
    in_utc = {"Type": "AWS::Scheduler::Schedule", "Properties": {"ScheduleExpressionTimezone": "UTC"}}
    [sentence] = gaps({"First": schedule, "Second": in_utc, "Third": schedule})
    assert sentence.startswith("the embedded AWS does not know time zones")
    assert sentence.endswith("(First, Third)")


def test_a_nested_property_is_found() -> None:
    [sentence] = told("AWS::SecretsManager::Secret", {"GenerateSecretString": {"ExcludePunctuation": True}})
    assert sentence == "leave punctuation out of the secrets it makes (Thing)"
    assert told("AWS::SecretsManager::Secret", {"GenerateSecretString": {"Ref": "AWS::NoValue"}}) == []


def test_what_concerns_the_whole_program_is_told_once_without_names() -> None:
    role = {"Type": "AWS::IAM::Role", "Properties": {}}
    [sentence] = gaps({"One": role, "Two": role})
    assert sentence.startswith("the embedded AWS does not enforce permissions")
    assert "One" not in sentence


def test_every_gap_has_a_name_of_its_own() -> None:
    assert len({gap.name for gap in GAPS}) == len(GAPS)

"""Inputs, and references to Parameter Store and Secrets Manager: what becomes of them, and what may not be."""

from __future__ import annotations

import json

import pytest

import lakon
from lakon.exceptions import ProgramError
from lakon.model.values import Declaring
from lakon.synth.synthesis import synthesize


def shop() -> lakon.Service:
    return lakon.Service("shop")


def made(service: lakon.Service, stage: str = "dev") -> dict[str, dict[str, dict[str, dict[str, object]]]]:
    text = synthesize(service, stage=stage, root="/").text
    template: dict[str, dict[str, dict[str, dict[str, object]]]] = json.loads(text)
    return template


def test_references_stand_as_they_are() -> None:
    service = shop()
    service.function(env={"URL": lakon.ssm("/shop/url", version=3)})(work)
    password = lakon.secret("db", key="password")
    service.resource(
        "Db", "AWS::RDS::DBInstance", {"MasterUserPassword": password, "Other": lakon.ssm("a", secure=True)}
    )
    resources = made(service)["Resources"]
    assert resources["WorkFunction"]["Properties"]["Environment"] == {
        "Variables": {"URL": "{{resolve:ssm:/shop/url:3}}"}
    }
    assert resources["Db"]["Properties"] == {
        "MasterUserPassword": "{{resolve:secretsmanager:db:SecretString:password}}",
        "Other": "{{resolve:ssm-secure:a}}",
    }
    assert lakon.secret("db") == "{{resolve:secretsmanager:db}}"
    assert lakon.secret("db", stage="OLD") == "{{resolve:secretsmanager:db:SecretString::OLD}}"


def work(event: object, context: object) -> None:
    """Work."""


def test_the_stage_stands_in_templates_only_when_it_is_asked_for() -> None:
    asking, other = shop(), shop()
    with Declaring("prod"):
        assert asking.stage == "prod"
    for service in (asking, other):
        service.function(work)
    told = made(asking, "prod")["Resources"]["WorkFunction"]["Properties"]["Environment"]
    assert told == {"Variables": {"LAKON_STAGE": "prod"}}
    assert "Environment" not in made(other, "prod")["Resources"]["WorkFunction"]["Properties"]


def mistake(service: lakon.Service) -> str:
    if not service.functions:
        service.function(work)
    with pytest.raises(ProgramError) as raised:
        synthesize(service, stage="dev", root="/")
    return str(raised.value)


@pytest.mark.parametrize("name", ["", "log-level", "ArtifactBucket", "MyArchive", "1st"])
def test_names_of_inputs(name: str) -> None:
    service = shop()
    service.input(name)
    assert f"an input is named {name!r}" in mistake(service)


def test_inputs_that_cannot_be() -> None:
    service = shop()
    service.input("Level", default="loud", choices=["debug"])
    service.input("Level")
    said = mistake(service)
    assert "there are two inputs named 'Level'" in said
    assert "which is not among its choices" in said


def test_a_resource_has_another_name_than_an_input() -> None:
    service = shop()
    service.input("NotesTopic")
    service.topic("notes")
    assert "already became the parameter NotesTopic" in mistake(service)


def test_secrets_are_not_shown() -> None:
    service = shop()
    service.function(env={"KEY": lakon.secret("db"), "PIN": f"x{lakon.ssm('a', secure=True)}"})(work)
    service.output("Password", lakon.secret("db"))
    said = mistake(service)
    for text in ("variable 'KEY' of 'work'", "variable 'PIN' of 'work'", "output 'Password' would show a secret"):
        assert text in said


def test_secrets_by_other_ways() -> None:
    service = lakon.Service("shop", description=lakon.secret("db"))
    service.input("Pin", default=lakon.secret("db"))
    service.output("Joined", {"Fn::Sub": ["${a}", {"a": lakon.secret("db")}]})
    service.output("Put", {"Fn::Join": ["", ["x", lakon.secret("db")]]})
    service.resource("Raw", "AWS::Lambda::Function", {"Environment": {"Variables": {"A": lakon.secret("db")}}})
    with pytest.raises(ProgramError) as refused:
        synthesize(service, stage="dev", root="/")
    told = str(refused.value)
    for what in ("the description", "the default of the input 'Pin'", "'Joined'", "'Put'", "the environment of 'Raw'"):
        assert what in told, what


@pytest.mark.parametrize(
    ("name", "options"), [("", {}), ("a}}", {}), ("a", {"version": 0}), ("a", {"version": True}), ("  ", {})]
)
def test_references_that_cannot_be(name: str, options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"named|version"):
        lakon.ssm(name, **options)  # type: ignore[arg-type]  # what is wrong is the point

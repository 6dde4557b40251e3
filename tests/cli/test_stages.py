"""Stages, inputs and tags, from the command line into running functions."""

# mypy: allow-untyped-defs, allow-untyped-calls

import sys

import pytest

PROGRAM = """
import os

import lakon

service = lakon.Service("staged", python="{python}")
level = service.input("Level", default="info", choices=["debug", "info"])
owner = service.input("Owner")


@service.function(memory=512 if service.stage == "prod" else 256, env={{"LEVEL": level, "OWNER": owner}})
def tell(event, context):
    return [service.stage, os.environ["LEVEL"], os.environ["OWNER"], context.memory_limit_in_mb]
"""
PROD = '[tool.lakon.stages.prod]\nparameters = {Owner = "ops", Level = "debug"}\ntags = {team = "one"}\n'


@pytest.fixture
def staged(run, tmp_path):
    (tmp_path / "app.py").write_text(PROGRAM.format(python=f"{sys.version_info[0]}.{sys.version_info[1]}"))
    (tmp_path / "pyproject.toml").write_text(PROD)
    yield run
    run("local", "stop")


def test_two_stages_of_one_program(staged):
    run = staged
    missing = run("provision", "--local")
    assert missing.code == 2
    assert "the input 'Owner' has no value" in missing.err
    assert (
        run(
            "provision",
            "--local",
            "--personal",
            "--param",
            "Owner=me",
            "--tag",
            "cost=7",
            USER="Ada.L",
            LOGNAME="Ada.L",
        ).code
        == 0
    )
    assert run("provision", "--local", "--stage", "prod", "--param", "Level=info").code == 0
    mine = run("invoke", "tell", "--local", "--personal", "--json", USER="Ada.L", LOGNAME="Ada.L")
    assert mine.code == 0, mine.err
    assert '"ada-l", "info", "me"' in " ".join(mine.out.split())
    prod = run("invoke", "tell", "--local", "--stage", "prod", "--json")
    assert '"prod", "info", "ops"' in " ".join(prod.out.split())
    status = run("status", "--local", "--stage", "prod", "--json").json()
    assert status["tags"]["team"] == "one"
    assert status["parameters"]["Level"] == "info"
    assert (
        run("provision", "--local", "--stage", "prod", "--param", "Level=info", "--json").json()["action"]
        == "unchanged"
    )
    changed = run("diff", "--local", "--stage", "prod", "--exit-code")
    assert changed.code == 9
    assert "~ Environment.Variables.LEVEL: info -> debug" in changed.out


def test_what_cannot_be(staged):
    run = staged
    assert "it takes a name and a value" in run("provision", "--local", "--param", "Owner").err
    assert "it does not go with --stage" in run("provision", "--local", "--personal", "--stage", "a").err
    assert "has no input 'Colour'" in run("build", "--param", "Colour=red").err
    built = run("build", "--param", "Owner=me", "--stage", "test")
    assert built.code == 0, built.err

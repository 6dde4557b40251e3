"""What pyproject.toml says of a stage, and what inputs are given."""

# mypy: allow-untyped-defs, allow-untyped-calls

import os

import pytest

import lakon
from lakon.commands.stages import StageSettings, input_values, settled, stage_settings
from lakon.exceptions import UsageError
from lakon.settings import Target

PYPROJECT = """
[tool.lakon.stages.prod]
region = "eu-west-1"
profile = "production"
bucket = "releases"
tags = {team = "one", cost = "7"}
parameters = {Level = "error", Owner = "ops"}
"""


@pytest.fixture
def app(tmp_path):
    (tmp_path / "app.py").write_text("")
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    return tmp_path / "app.py"


def test_what_is_said_of_a_stage(app):
    tags, parameters = {"team": "one", "cost": "7"}, {"Level": "error", "Owner": "ops"}
    assert stage_settings(app, "prod") == StageSettings("eu-west-1", "production", "releases", parameters, tags)
    assert stage_settings(app, "dev") == StageSettings()


@pytest.fixture(autouse=True)
def _nobody(monkeypatch):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)


def test_credentials_of_the_environment_go_before_a_profile(app, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    assert settled(Target("prod"), app).profile is None
    assert settled(Target("prod", profile="mine"), app).profile == "mine"


def test_a_profile_that_the_shell_names_gives_way(app, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "dev")
    assert settled(Target("prod"), app).profile == "production", "a stage stays in its account"


def test_an_input_is_given_no_secret():
    service = lakon.Service("shop")
    service.input("Pin")
    with pytest.raises(UsageError, match="reference to a secret"):
        input_values(service, {"Pin": lakon.secret("db")})


def test_the_command_line_has_the_last_word(app):
    target = settled(Target("prod", region="us-east-1", parameters={"Level": "debug"}, tags={"cost": "8"}), app)
    assert (target.region, target.profile, target.bucket) == ("us-east-1", "production", "releases")
    assert target.parameters == {"Level": "debug", "Owner": "ops"}
    assert target.tags == {"team": "one", "cost": "8"}


@pytest.mark.parametrize("where", [{"local": True}, {"endpoint_url": "http://127.0.0.1:1"}])
def test_the_embedded_aws_is_nowhere_else(app, where):
    target = settled(Target("prod", **where), app)
    assert (target.region, target.profile, target.bucket) == (None, None, None)
    assert target.parameters["Owner"] == "ops"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tool.lakon.stages]\nprod = 1", "the setting of the stage 'prod' is no table"),
        ("[tool.lakon.stages.prod]\nregions = 'a'", "has no setting 'regions'"),
        ("[tool.lakon.stages.prod]\nregion = 1", "region of \\[tool.lakon.stages.prod\\] is 1"),
        ("[tool.lakon.stages.prod]\ntags = {team = 1}", "tags of"),
    ],
)
def test_mistakes(app, text, said):
    (app.parent / "pyproject.toml").write_text(text)
    with pytest.raises(UsageError, match=said):
        stage_settings(app, "prod")


def test_inputs():
    service = lakon.Service("shop")
    service.input("Level", default="info", choices=["debug", "info"])
    service.input("Owner")
    assert input_values(service, {"Owner": "me"}) == {"Level": "info", "Owner": "me"}
    for given, said in [
        ({}, "the input 'Owner' has no value"),
        ({"Owner": "me", "Level": "loud"}, "the input 'Level' is given 'loud'"),
        ({"Owner": "me", "Lever": "x"}, "has no input 'Lever'"),
    ]:
        with pytest.raises(UsageError, match=said):
            input_values(service, given)

"""Pipelines: files that their systems can read, and that do what they say."""

# mypy: allow-untyped-defs, allow-untyped-calls

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]  # it ships no types

from lakon.commands.pipeline import pipeline
from lakon.commands.program import load
from lakon.exceptions import UsageError

PROGRAM = 'import lakon\nservice = lakon.Service("shop", python="3.12")\nservice.topic("notes")\n'


def written(program, kind, *, replace=False):
    return pipeline(program, kind, branch="trunk", test="check", production="live", replace=replace)


@pytest.fixture
def program(tmp_path):
    (tmp_path / "app.py").write_text(PROGRAM)
    (tmp_path / "requirements.txt").write_text("httpx\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_app.py").write_text("")
    return load(tmp_path / "app.py")


def lint(*templates):
    done = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), *templates], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_the_workflow(program):
    path, role = written(program, "github")
    assert (path.name, role.name) == ("deploy.yml", "deploy-role.json")
    workflow = yaml.safe_load(path.read_text())
    assert workflow[True] == {"push": {"branches": ["trunk"]}}, "PyYAML reads `on` as YAML 1.1 does"
    build, test, live = workflow["jobs"].values()
    assert workflow["permissions"] == {"contents": "read"}
    assert "id-token" not in build.get("permissions", {})
    runs = [step["run"] for step in build["steps"] if "run" in step]
    assert runs == [
        "pip install lakon pytest -r requirements.txt",
        "pytest",
        "lakon build --stage check --output out",
    ]
    for job, stage, needs in [(test, "check", "build"), (live, "live", "ship-test")]:
        assert (job["environment"], job["needs"]) == (stage, needs)
        assert job["permissions"] == {"contents": "read", "id-token": "write"}
        assert job["steps"][-1]["run"] == f"lakon provision --from out --stage {stage}"
        [credentials] = [step["with"] for step in job["steps"] if "credentials" in step.get("uses", "")]
        assert credentials == {"role-to-assume": "${{ vars.AWS_ROLE }}", "aws-region": "${{ vars.AWS_REGION }}"}
    assert "secrets." not in path.read_text()


def test_the_templates_are_what_cloudformation_takes(program):
    _, role = written(program, "github")
    [stack] = written(program, "codepipeline")
    lint(role, stack)
    trust = json.loads(role.read_text())["Resources"]["Role"]["Properties"]["AssumeRolePolicyDocument"]
    condition = trust["Statement"][0]["Condition"]["StringEquals"]
    assert condition["token.actions.githubusercontent.com:sub"] == {
        "Fn::Sub": "repo:${Repository}:environment:${Environment}"
    }
    resources = json.loads(stack.read_text())["Resources"]
    stages = resources["Pipeline"]["Properties"]["Stages"]
    assert [stage["Name"] for stage in stages] == ["Source", "Build", "Test", "Approval", "Production"]
    shipped = [json.loads(stages[place]["Actions"][0]["Configuration"]["EnvironmentVariables"]) for place in (2, 4)]
    assert [variables[0]["value"] for variables in shipped] == ["check", "live"]
    specification = yaml.safe_load(resources["Build"]["Properties"]["Source"]["BuildSpec"])
    assert specification["phases"]["install"]["runtime-versions"] == {"python": "3.12"}
    assert specification["phases"]["build"]["commands"] == ["pytest", "lakon build --stage check --output out"]


def test_a_project_without_tests(tmp_path):
    (tmp_path / "app.py").write_text(PROGRAM)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "shop"\nversion = "1"\n')
    path, _ = written(load(tmp_path / "app.py"), "github")
    assert "pytest" not in path.read_text()
    assert "pip install lakon ." in path.read_text()


def test_what_is_there_is_not_replaced_unasked(program):
    path, _ = written(program, "github")
    assert written(program, "github")[0] == path
    path.write_text("mine")
    with pytest.raises(UsageError, match="another file"):
        written(program, "github")
    assert path.read_text() == "mine"
    written(program, "github", replace=True)
    assert path.read_text() != "mine"


def test_a_project_in_a_folder_of_its_repository(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "svc").mkdir()
    (tmp_path / "svc" / "app.py").write_text(PROGRAM)
    program = load(tmp_path / "svc" / "app.py")
    path, _ = written(program, "github")
    assert path == tmp_path / ".github" / "workflows" / "deploy.yml", "GitHub reads no other"
    workflow = yaml.safe_load(path.read_text())
    assert workflow["defaults"]["run"]["working-directory"] == "svc"
    for job in workflow["jobs"].values():
        [kept] = [step["with"]["path"] for step in job["steps"] if "artifact@" in step.get("uses", "")]
        assert kept == "svc/out"
    with pytest.raises(UsageError, match="lies in the folder svc"):
        written(program, "codepipeline")


@pytest.mark.parametrize("branch", ["", 'a"b', "a\nb", "-a", "a..b", "a b"])
def test_a_branch_that_cannot_be(program, branch):
    with pytest.raises(UsageError, match="the branch is named"):
        pipeline(program, "github", branch=branch, test="check", production="live")


def test_two_stages_that_are_one(program):
    with pytest.raises(UsageError, match="both stages are live"):
        pipeline(program, "github", branch="main", test="live", production="live")


def test_a_file_that_cannot_be_written(program):
    (program.root / ".github").write_text("no folder")
    with pytest.raises(UsageError, match="cannot be written"):
        written(program, "github")

"""Whole programs against the templates they have always made: `LAKON_GOLDEN=write` writes them anew."""

# mypy: allow-untyped-defs, allow-untyped-calls

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lakon.commands.program import load
from lakon.synth.limits import check_limits
from lakon.synth.synthesis import synthesize

GOLDEN = Path(__file__).parent.parent / "golden"
EXAMPLES = GOLDEN.parent.parent / "examples"
PROGRAMS = sorted([*GOLDEN.glob("*.py"), *EXAMPLES.glob("*/app.py")])
EXPLAINED = {
    "W2530": "SnapStart works on versions, which are published outside of the template: code alone does not change it",
}


def name(program):
    return program.stem if program.parent == GOLDEN else program.parent.name


@pytest.fixture(params=PROGRAMS, ids=name)
def program(request):
    return request.param


def text(program):
    loaded = load(program)
    synthesis = synthesize(loaded.service, stage="dev", root=str(loaded.root))
    check_limits(synthesis, loaded.service, root=str(loaded.root))
    return synthesis.text


def test_the_template_is_the_golden_one(program):
    golden = GOLDEN / f"{name(program)}.json"
    if os.environ.get("LAKON_GOLDEN") == "write":
        golden.write_text(text(program))
    assert text(program) == golden.read_text()


@pytest.fixture(scope="module")
def linted():
    """What cfn-lint says, by the file: of all templates at once, for it takes seconds to read its schemas."""
    templates = [GOLDEN / f"{name(program)}.json" for program in PROGRAMS]
    cfn_lint = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run([cfn_lint, "--format", "json", *templates], capture_output=True, text=True, check=False)
    said: dict[str, list[str]] = {template.name: [] for template in templates}
    for match in json.loads(done.stdout):
        line = f"{match['Rule']['Id']} {match['Location']['Path']} {match['Message']}"
        said[Path(match["Filename"]).name].append(line)
    return said


@pytest.mark.xdist_group("cfn-lint")
def test_cfn_lint_has_nothing_to_say(program, linted):
    said = linted[f"{name(program)}.json"]
    assert [line for line in said if line.split()[0] not in EXPLAINED] == []


def test_the_template_does_not_depend_on_the_process(program, tmp_path):
    script = (
        "import sys; from pathlib import Path; from lakon.commands.program import load;"
        "from lakon.synth.synthesis import synthesize; p = load(Path(sys.argv[1]));"
        "print(synthesize(p.service, stage='dev', root=str(p.root)).text, end='')"
    )
    environment = {
        **os.environ,
        "PYTHONHASHSEED": "123",
        "TZ": "Pacific/Auckland",
        "PHOTOS_BUCKET_NAME": "not-in-a-template",
        "AWS_REGION": "xx-nowhere-1",
    }
    made = subprocess.run(
        [sys.executable, "-c", script, program],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env=environment,
    )
    assert made.stdout == text(program)

"""Commands that need no AWS: what they print, where, and how they exit."""

# mypy: allow-untyped-defs, allow-untyped-calls

import json
import signal
import sys
import zipfile

import pytest

import lakon
from lakon.cli.group import COMMANDS

LAKON = f"{sys.executable} -m lakon"


def test_version(run):
    done = run("--version")
    assert (done.code, done.out) == (0, f"lakon {lakon.__version__}\n")


def test_help_lists_every_command(run):
    done = run("--help")
    assert done.code == 0
    assert [line.split()[0] for line in done.out.partition("Commands:")[2].splitlines() if line.startswith("  ")][
        : len(COMMANDS)
    ] == list(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(run, command):
    done = run(command, "--help")
    assert done.code == 0
    assert "Usage: lakon" in done.out


def test_an_unknown_command(run):
    done = run("provison")
    assert done.code == 2
    assert "provison" in done.err


def test_no_program(run, tmp_path):
    (tmp_path / ".git").mkdir()
    done = run("build")
    assert (done.code, done.out) == (2, "")
    assert "error: there is no program in" in done.err
    assert "`lakon new NAME` makes one" in done.err


def test_all_mistakes_are_shown(run, tmp_path):
    (tmp_path / "app.py").write_text(
        'import lakon\nservice = lakon.Service("Bad")\nservice.bucket("Photos")\n@service.function(memory=1)\n'
        "def stamp(event, context): ...\n"
    )
    done = run("build")
    assert (done.code, done.out) == (3, "")
    assert "the program has 3 mistakes" in done.err
    for place in ("app.py:2:", "app.py:3:", "app.py:4:"):
        assert place in done.err
    assert "it is a whole number from 128 to 10,240" in done.err


def test_a_program_that_raises(run, tmp_path):
    (tmp_path / "app.py").write_text("import lakon\nraise RuntimeError('no luck')\n")
    done = run("describe")
    assert done.code == 3
    assert "app.py:2: the program raises RuntimeError: no luck" in done.err
    assert "Traceback" in done.err
    assert "importlib" not in done.err


def test_build(run, small, tmp_path):
    done = run("build", "--output", "out", "--json")
    assert done.code == 0, done.err
    told = done.json()
    [(parameter, archive)] = told["archives"].items()
    assert parameter == "PythonArchive"
    assert "app.py" in zipfile.ZipFile(archive["file"]).namelist()
    assert json.loads((tmp_path / "out" / "parameters.json").read_text()) == [
        f"PythonArchive={archive['file'].rpartition('/')[2]}"
    ]
    assert "GreetFunction" in json.loads((tmp_path / "out" / "template.json").read_text())["Resources"]
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["service"] == "small"


def test_build_is_the_same_anywhere(run, small, tmp_path):
    first = run("build", "--output", "one", "--json").json()
    moved = tmp_path / "moved"
    moved.mkdir()
    (moved / "app.py").write_text(small.read_text())
    second = run("build", "--app", "moved/app.py", "--output", "two", "--json").json()
    names = [told["archives"]["PythonArchive"]["file"].rpartition("/")[2] for told in (first, second)]
    assert names[0] == names[1]
    assert (tmp_path / "one" / "template.json").read_bytes() == (tmp_path / "two" / "template.json").read_bytes()


def test_a_build_names_the_bucket_for_whoever_deploys_it(run, small, tmp_path):
    assert run("build", "--output", "out", "--bucket", "mine").code == 0
    assert json.loads((tmp_path / "out" / "parameters.json").read_text())[0] == "ArtifactBucket=mine"


def test_a_stage_that_is_none(run, small):
    done = run("build", "--stage", "Bad_Stage")
    assert done.code == 2
    assert "the stage's name is 'Bad_Stage'" in done.err


def test_build_lints(run, small):
    done = run("build", "--lint")
    assert done.code == 0, done.err


def test_lint_finds_what_cloudformation_would_refuse(run, tmp_path):
    (tmp_path / "app.py").write_text(
        'import lakon\nservice = lakon.Service("x")\nservice.resource("Q", "AWS::SQS::Queue", {"Colour": "red"})\n'
    )
    done = run("build", "--lint")
    assert done.code == 4
    assert "Colour" in done.err


def test_the_program_itself_is_the_command_line(run, small):
    done = run("describe", "--json", command=("app.py",))
    assert done.code == 0, done.err
    assert done.json() == run("describe", "--json").json()
    assert done.json()["functions"][0]["touches"] == [{"other": "photos", "what": "read"}]


def test_describe(run, small):
    done = run("describe")
    assert done.out.splitlines()[0].startswith("small  (Python 3.")
    assert "greet  (256 MB, 15 s)  app.py:8" in done.out
    assert "touches  photos  read" in done.out
    chart = run("describe", "--mermaid").out
    assert chart.startswith("flowchart LR\n")
    assert 'f0 -. "read" .-> r0' in chart


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("invoke", "greet", "{not json", "--local"), "the payload is not JSON"),
        (("invoke", "gret", "--local"), "Did you mean 'greet'?"),
        (("logs", "gret", "--local"), "Did you mean 'greet'?"),
        (("invoke", "greet", "-f", "nope.json", "--local"), "the event file cannot be read"),
        (("invoke", "greet", "{}", "-f", "nope.json", "--local"), "either PAYLOAD or --event-file"),
        (("status", "--local", "--endpoint-url", "http://127.0.0.1:1"), "--local is the embedded AWS"),
        (("logs", "--since", "yesterday", "--local"), "is no span of time"),
        (("delete",), "Add --yes."),
        (("build", "--app", "nope.py"), "there is no program nope.py"),
    ],
)
def test_wrong_words(run, small, arguments, said):
    done = run(*arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


@pytest.mark.parametrize("command", [("status",), ("invoke", "greet"), ("logs",), ("local", "status")])
def test_an_embedded_aws_that_does_not_run(run, small, command):
    done = run(*command, *(() if command[0] == "local" else ("--local",)))
    assert (done.code, done.out) == (8, "")
    assert "does not run" in done.err
    assert "lakon provision --local" in done.err


def test_deleting_from_an_embedded_aws_that_does_not_run(run, small):
    done = run("delete", "--local")
    assert done.code == 0
    assert "nothing to delete" in done.err


def test_no_credentials(run, small):
    done = run("status", AWS_REGION="eu-west-1")
    assert (done.code, done.out) == (5, "")
    assert "credentials" in done.err


def test_no_region(run, small):
    done = run("status", AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="y")
    assert done.code == 2
    assert "no AWS region is configured" in done.err


def test_new(run, tmp_path):
    done = run("new", "greeter")
    assert (done.code, done.out) == (0, "")
    assert {path.name for path in (tmp_path / "greeter").iterdir()} >= {"app.py", "test_app.py", "README.md"}
    assert run("describe", "--app", "greeter").code == 0
    again = run("new", "greeter")
    assert again.code == 2
    assert "there is something in" in again.err
    assert run("new", "Bad Name").code == 2


def test_a_pipe_that_closes_is_taken_quietly(run, small, tmp_path):
    script = "import subprocess, sys; p = subprocess.Popen([sys.executable, '-m', 'lakon', 'describe'], "
    script += "stdout=subprocess.PIPE, stderr=subprocess.PIPE); p.stdout.close(); print(p.wait(), p.stderr.read())"
    done = run(command=("-c", script))
    assert done.out == "1 b''\n"


def test_a_pipe_that_closes_after_the_first_line(run, small):
    for command in ("describe", "describe --json", "build", "--help"):
        done = run(command=("-c", f"import os; os._exit(os.system('{LAKON} {command} | head -1') >> 8)"))
        assert (done.code, done.err) == (0, "")
        assert done.out.count("\n") == 1


def test_nothing_at_all_is_a_wish_for_help(run):
    for command in ([], ["local"]):
        done = run(*command)
        assert (done.code, done.err) == (0, "")
        assert done.out == run(*command, "--help").out


def test_a_program_that_prints(run, small):
    small.write_text("print('imported')\n" + small.read_text())
    done = run("describe", "--json")
    assert done.json()["service"] == "small"
    assert done.err == "imported\n"


def test_the_program_that_is_run_is_the_one_that_commands_work_on(run, small, tmp_path):
    (tmp_path / "other.py").write_text('import lakon\nservice = lakon.Service("other")\nservice.bucket("x")\n')
    assert run("describe", "--json", command=("app.py",), LAKON_APP="other.py").json()["service"] == "small"
    assert run("describe", "--json", "--app", "other.py", command=("app.py",)).json()["service"] == "other"


def test_an_error_holds_no_commands_for_the_terminal(run, tmp_path):
    (tmp_path / "app.py").write_text("raise RuntimeError('\\x1b[31mred\\x1b]0;title\\x07\\u009b1m')\n")
    done = run("describe")
    assert r"RuntimeError: \x1b[31mred\x1b]0;title\x07\x9b1m" in done.err
    assert "\x1b" not in done.err


@pytest.mark.parametrize("payload", ["NaN", '{"a": Infinity}', "[" * 100_000, "\ufeff{}"])
def test_payloads_that_are_almost_json(run, small, payload, tmp_path):
    (tmp_path / "event.json").write_text(payload)
    done = run("invoke", "greet", "-f", "event.json", "--local")
    assert (done.code, done.out) == (2, "")
    assert "the payload is not JSON" in done.err


def test_looking_leaves_no_trace(run, small, tmp_path):
    for command in ("status", "delete"):
        run(command, "--local")
    assert not (tmp_path / ".lakon").exists()


def test_a_project_that_cannot_be_written(run, small, tmp_path):
    (tmp_path / ".lakon").write_text("in the way")
    done = run("build")
    assert (done.code, done.out) == (4, "")
    assert "could not write the output folder" in done.err
    done = run("provision", "--local")
    assert done.code == 4
    assert "Traceback" not in done.err


def test_a_cache_that_cannot_be_written(run, small, tmp_path):
    (tmp_path / "cache").write_text("in the way")
    done = run("build", LAKON_CACHE=str(tmp_path / "cache"))
    assert done.code == 4, done.err
    assert f"{tmp_path}/cache" in done.err
    assert "Traceback" not in done.err


def test_a_project_cannot_be_made_everywhere(run):
    done = run("new", "x", "--in", "/proc")
    assert (done.code, done.out) == (2, "")
    assert "/proc/x: the project cannot be made" in done.err


def test_what_stdout_does_not_take(run, small):
    for command in ("describe", "describe --json"):
        done = run(command=("-c", f"import os; os._exit(os.system('{LAKON} {command} > /dev/full') >> 8)"))
        assert done.code == 1
        assert done.err.startswith("error: a file, or the output, could not be written: No space left on device")
        assert "Traceback" not in done.err
        assert "Exception" not in done.err


def test_interrupted_at_once(run, small):
    """However early: once Python runs Lakon, there is no traceback. While Python ends, the signal itself ends it."""
    script = "import signal, sys; from lakon.cli.main import main; "
    script += "signal.signal(signal.SIGALRM, signal.default_int_handler); "
    script += "signal.setitimer(signal.ITIMER_REAL, float(sys.argv.pop(1))); main()"
    for delay in ("0.001", "0.01", "0.03", "0.06", "0.1", "0.2"):
        done = run(delay, "build", command=("-c", script))
        assert done.code in (0, 130, -signal.SIGALRM)
        assert "Traceback" not in done.err
        if done.code == 130:
            assert done.err.strip() == "interrupted"


def test_the_program_does_not_stand_in_its_output(run, small, tmp_path):
    for folder in (".", "..", str(tmp_path)):
        done = run("build", "--output", folder)
        assert (done.code, done.out) == (2, "")
        assert "the program itself stands in the output folder" in done.err


def test_new_and_local_speak_to_programs(run, small, tmp_path):
    assert run("new", "greeter", "--json").json() == {"project": str(tmp_path / "greeter")}
    assert run("local", "stop", "--json").json() == {"stopped": False}


WITHOUT_OPTION = {"local", "openapi"}  # a group, and a command whose output is a JSON document in any case


@pytest.mark.parametrize("command", [*sorted(set(COMMANDS) - WITHOUT_OPTION), "local status", "local stop"])
def test_every_command_has_data_for_programs(run, command):
    assert "--json" in run(*command.split(), "--help").out

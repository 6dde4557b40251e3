"""Earlier builds: listed, brought back, and forgotten with their stack."""

# mypy: allow-untyped-defs, allow-untyped-calls

import json

import pytest


@pytest.fixture
def aws(run, small):
    yield run
    run("local", "stop")


def answer(run):
    return json.loads(run("invoke", "greet", "--local").out)


def builds(run):
    return run("rollback", "--local", "--list", "--json").json()


def test_back_and_forth(aws, small):
    run, text = aws, small.read_text()
    assert run("provision", "--local").code == 0
    alone = run("rollback", "--local")
    assert alone.code == 6
    assert "there is no build of small-dev before" in alone.err

    small.write_text(text.replace('"hello"', '"second"'))
    assert run("provision", "--local").code == 0
    small.write_text(text.replace('"hello"', '"third"').replace("photos.read)", "photos.read, memory=512)"))
    assert run("provision", "--local").code == 0
    assert run("provision", "--local", "--json").json()["action"] == "unchanged"
    known = builds(run)
    third, second, first = [release["build"] for release in known["releases"]]
    assert known["build"] == third == run("status", "--local", "--json").json()["build"]

    back = run("rollback", "--local", "--json").json()
    assert (back["old"], back["new"], back["action"]) == (third, second, "updated")
    assert "second" in answer(run)
    assert "~ MemorySize: 256 -> 512" in run("diff", "--local").out
    assert run("rollback", "--local").code == 0
    assert "hello" in answer(run)
    assert run("rollback", "--local", "--to", third[:5]).code == 0
    assert "third" in answer(run)
    assert builds(run)["build"] == third
    assert len(builds(run)["releases"]) == 3, "going back is no new release"

    for build, said in [("0000", "is not known"), (third, "already"), ("", "")]:
        refused = run("rollback", "--local", "--to", build) if build else run("rollback", "--list", "--to", first)
        assert refused.code == 2
        assert said in refused.err
    assert f"{first}  " in run("rollback", "--local", "--list").out

    assert run("delete", "--local").code == 0
    assert run("provision", "--local").code == 0
    assert [release["build"] for release in builds(run)["releases"]] == [third]


def test_drift(aws):
    run = aws
    assert run("provision", "--local").code == 0
    assert "no drift" in run("status", "--local", "--drift").out
    assert run("status", "--local", "--drift", "--json").json()["drift"]["resources"] == []

"""`lakon diff` on the embedded AWS: what it says, what it exits with, and that it changes nothing."""

# mypy: allow-untyped-defs, allow-untyped-calls

import pytest


@pytest.fixture
def aws(run, small):
    yield run
    run("local", "stop")


def test_diff(aws, small):
    run = aws
    assert run("diff", "--local", "--exit-code").code == 9  # all of it would be made
    assert run("provision", "--local").code == 0
    same = run("diff", "--local", "--exit-code")
    assert (same.code, same.out) == (0, "small-dev: nothing would change\n")

    text = small.read_text()
    small.write_text(text.replace("hello", "goodbye").replace("photos.read)", "photos.read_write, memory=512)"))
    changed = run("diff", "--local", "--exit-code", "--json")
    assert changed.code == 9, changed.err
    told = changed.json()
    assert (told["stack"], told["exists"]) == ("small-dev", True)
    [function, role] = told["resources"]
    assert function["logical_id"] == "GreetFunction"
    assert function["place"].startswith("app.py:")
    assert [(each["path"], each["old"], each["new"]) for each in function["properties"]] == [("MemorySize", 256, 512)]
    assert role["logical_id"] == "GreetRole"
    assert [access["widens"] for access in told["access"]] == [True]
    [code] = told["code"]
    assert [file["path"] for file in code["files"]] == ["app.py"]
    assert "~ app.py" in run("diff", "--local").out
    assert run("status", "--local", "--json").json()["state"] == "CREATE_COMPLETE"

    small.write_text(text.replace('bucket("photos")', 'bucket("pictures")'))
    lost = run("diff", "--local")
    assert lost.code == 0
    assert "PhotosBucket (AWS::S3::Bucket) would be removed" in lost.out.partition("Resources")[0]
    absent = run("diff", "--local", "--stage", "other")
    assert "small-other: would be created" in absent.out

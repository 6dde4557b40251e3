"""Asking before data is lost or permissions widen: at a terminal, and where there is none."""

# mypy: allow-untyped-defs, allow-untyped-calls

import os
import sys
from pathlib import Path

import click
import pytest

from lakon.cli.approval import Approval
from lakon.commands.diff import StackDifference
from lakon.describe.difference.whole import NOTHING, Side, compare
from lakon.exceptions import UsageError

AWS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
TABLE = {"Type": "AWS::DynamoDB::Table", "Properties": {}}
LOG = {"Type": "AWS::Logs::LogGroup", "Properties": {}}
PERMISSION = {"Type": "AWS::Lambda::Permission", "Properties": {"Action": "a", "FunctionName": "f", "Principal": "p"}}


def difference(old, new):
    sides = (Side({"Resources": old}, {}, {}) if old else NOTHING, Side({"Resources": new}, {}, {}))
    return StackDifference("shop-dev", bool(old), compare(*sides, {}))


@pytest.fixture
def terminal(monkeypatch):
    """A terminal at which somebody types."""
    typing, seen = os.openpty()
    with os.fdopen(typing, "w") as keyboard, os.fdopen(seen) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield keyboard


def test_the_answer_is_yes(terminal, capsys):
    print("y", file=terminal, flush=True)
    Approval(losses=True, iam=False)(difference({"Orders": TABLE}, {}))
    assert "Orders (AWS::DynamoDB::Table) would be removed: its items would be lost" in capsys.readouterr().err


def test_the_answer_is_no(terminal, capsys):
    print("n", file=terminal, flush=True)
    with pytest.raises(click.exceptions.Exit) as said:
        Approval(losses=False, iam=True)(difference({}, {"Call": PERMISSION}))
    assert said.value.exit_code == 130
    assert capsys.readouterr().err.endswith("nothing was changed\n")


@pytest.mark.parametrize(
    ("asks", "old", "new"),
    [
        ({"losses": False, "iam": True}, {"Orders": TABLE, "Call": PERMISSION}, {}),
        ({"losses": True, "iam": False}, {}, {"Orders": TABLE, "Call": PERMISSION}),
        ({"losses": True, "iam": True}, {"Log": LOG}, {}),
    ],
)
def test_there_is_nothing_to_ask(asks, old, new):
    Approval(**asks)(difference(old, new))


def test_nobody_can_be_asked(monkeypatch):
    with Path(os.devnull).open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        with pytest.raises(UsageError, match="shop-dev would lose data"):
            Approval(losses=True, iam=False)(difference({"Orders": TABLE}, {}))


def test_provision_asks(run, small):
    refused = run("provision", "--local", "--confirm-iam")
    try:
        assert refused.code == 2
        assert "permissions of small-dev would widen" in refused.err
        assert "+ allow logs:CreateLogStream, logs:PutLogEvents on ${GreetLogGroup.Arn}" in refused.err
        assert run("status", "--local").code == 6
        both = run("provision", "--local", "--confirm-iam", "--yes")
        assert both.code == 2, "--yes answers for data alone"
        assert "Leave out --confirm-iam" in both.err
        assert run("provision", "--local").code == 0
        assert run("provision", "--local", "--confirm-iam").code == 0, "nothing widens"

        endpoint = ("--endpoint-url", run("local", "status").out.strip())
        small.write_text(small.read_text().replace('bucket("photos")', 'bucket("pictures")'))
        lossy = run("provision", *endpoint, **AWS)
        assert lossy.code == 2, lossy.err
        assert "PhotosBucket (AWS::S3::Bucket) would be removed" in lossy.err
        assert "Add --yes." in lossy.err

        dry = run("provision", "--local", "--dry-run")
        assert dry.out == run("diff", "--local").out
        assert "- PhotosBucket" in dry.out
        assert run("provision", "--dry-run", "--yes").code == 2
        assert run("provision", *endpoint, "--yes", "--json", **AWS).json()["action"] == "updated"
    finally:
        run("local", "stop")

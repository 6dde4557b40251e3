"""The door to AWS: who asks, where, and what every refusal is called."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lakon.exceptions import CredentialsError, LakonError, LocalError, ProvisionError, UsageError
from lakon.provision.session import RefusedError, Session
from lakon.provision.status import find, status
from lakon.settings import Target

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Script, World


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


def refused(script: Script, status_code: int, code: str, message: str) -> LakonError:
    script.refusal = status_code, code, message
    session = Session(replace(script.target, local=False))
    with pytest.raises(LakonError) as raised:
        session.client("cloudformation").list_stacks()
    return raised.value


def test_no_region() -> None:
    with pytest.raises(UsageError, match="no AWS region") as raised:
        _ = Session(Target()).region
    assert raised.value.hint is not None
    assert "--region" in raised.value.hint


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_region_of_the_environment(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "eu-west-3")
    assert Session(Target()).region == "eu-west-3"
    assert Session(Target(region="eu-west-1")).region == "eu-west-1"


def test_partition() -> None:
    assert Session(Target(region="cn-north-1")).partition == "aws-cn"


def test_unknown_profile() -> None:
    with pytest.raises(UsageError, match="no AWS profile named nobody"):
        Session(Target(profile="nobody"))


def test_no_credentials() -> None:
    with pytest.raises(CredentialsError, match="no AWS credentials") as raised:
        Session(Target(region="eu-west-1")).client("s3")
    assert raised.value.exit_code == 5


def test_local_needs_nothing_of_the_user(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    session = Session(world.target)

    assert session.account == "000000000000"
    assert session.client("s3").list_buckets()["Buckets"] is not None


def test_clients_are_made_once(world: World) -> None:
    assert world.session.client("s3") is world.session.client("s3")
    assert world.session.client("lambda") is not world.session.invoker


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("code", ["ExpiredToken", "ExpiredTokenException"])
def test_expired_credentials(script: Script, code: str) -> None:
    error = refused(script, 403, code, "The security token included in the request is expired")
    assert isinstance(error, CredentialsError)
    assert error.what == "the identity of AWS_ACCESS_KEY_ID has expired (AWS said so to cloudformation:ListStacks)"
    assert error.hint is not None
    assert "AWS_SESSION_TOKEN" in error.hint


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("code", ["InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException"])
def test_wrong_credentials(script: Script, code: str) -> None:
    error = refused(script, 403, code, "The security token included in the request is invalid.")
    assert isinstance(error, CredentialsError)
    assert "cloudformation:ListStacks" in error.what


def test_expired_profile_names_the_profile(script: Script, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.write_text("[work]\naws_access_key_id = AKID\naws_secret_access_key = secret\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    script.refusal = 403, "ExpiredToken", "expired"
    session = Session(replace(script.target, local=False, profile="work"))

    with pytest.raises(CredentialsError, match="profile work has expired") as raised:
        session.client("sts").get_caller_identity()

    assert raised.value.hint is not None
    assert "aws sso login --profile work" in raised.value.hint


def test_credentials_that_cannot_be_had(script: Script, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("[profile work]\ncredential_process = false\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    session = Session(replace(script.target, local=False, profile="work"))

    with pytest.raises(CredentialsError, match="profile work cannot be used"):
        session.client("cloudformation").list_stacks()
    assert script.calls == []


@pytest.mark.usefixtures("keys")
def test_denied_names_the_action(script: Script) -> None:
    message = "User: arn:aws:iam::1:user/ann is not authorized to perform: cloudformation:ListStacks on resource: *"
    error = refused(script, 403, "AccessDenied", message)
    assert isinstance(error, RefusedError)
    assert (error.code, error.status, error.operation) == ("AccessDenied", 403, "ListStacks")
    assert message in error.what
    assert error.hint is not None
    assert "allow cloudformation:ListStacks" in error.hint


@pytest.mark.usefixtures("keys")
def test_throttling_comes_out_after_retries(script: Script) -> None:
    error = refused(script, 400, "Throttling", "Rate exceeded")
    assert isinstance(error, RefusedError)
    assert error.hint is not None
    assert "in a minute" in error.hint
    assert len(script.calls) == 2


@pytest.mark.usefixtures("keys")
def test_wrong_clock(script: Script) -> None:
    error = refused(script, 403, "RequestExpired", "Request has expired.")
    assert isinstance(error, CredentialsError)
    assert error.hint == "Set this machine's clock."


@pytest.mark.usefixtures("keys")
def test_nobody_answers() -> None:
    endpoint = f"http://127.0.0.1:{closed_port()}"
    with pytest.raises(ProvisionError, match="nobody answers cloudformation:DescribeStacks"):
        find(Session(Target(endpoint_url=endpoint, region="eu-west-1")), "any")
    with pytest.raises(LocalError, match="does not answer"):
        find(Session(Target(endpoint_url=endpoint, local=True)), "any")


def test_command_lines_for_hints() -> None:
    session = Session(Target(stage="prod", region="eu-west-1"))
    assert session.command("status") == "`lakon status --stage prod --region eu-west-1`"
    assert Session(Target()).command("flip") == "`lakon flip`"
    assert Session(Target(local=True)).command("delete") == "`lakon delete --local`"
    assert session.aws_command("sts get-caller-identity") == "`aws sts get-caller-identity --region eu-west-1`"


def test_command_lines_for_hints_name_the_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[profile work]\nregion = eu-west-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    session = Session(Target(profile="work", endpoint_url="http://127.0.0.1:1"))
    assert session.command("status") == "`lakon status --profile work --endpoint-url http://127.0.0.1:1`"
    told = "`aws sts get-caller-identity --region eu-west-1 --profile work --endpoint-url http://127.0.0.1:1`"
    assert session.aws_command("sts get-caller-identity") == told
    embedded = Session(Target(endpoint_url="http://127.0.0.1:1", local=True))
    assert embedded.command("status") == "`lakon status --local`", "where it listens is found"
    assert "--endpoint-url http://127.0.0.1:1" in embedded.aws_command("sts get-caller-identity")


def test_status_of_a_missing_stack(world: World) -> None:
    with pytest.raises(ProvisionError, match=f"no stack {world.name} in the embedded AWS"):
        status(world.session, world.name)


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

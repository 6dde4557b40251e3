"""The stage as a program sees it: while a command loads it, inside Lambda, and anywhere else."""

from __future__ import annotations

import pytest

import lakon
from lakon.exceptions import LakonError
from lakon.model.values import Declaring


def test_a_command_tells_the_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKON_STAGE", "shell")
    service = lakon.Service("shop")
    assert service.stage_asked is None
    with Declaring("prod"):
        assert service.stage == "prod"
        with Declaring("test"):
            assert service.stage == "test"
        assert service.stage == "prod"
    assert service.stage_asked == "prod"


def test_elsewhere_the_environment_tells_it(monkeypatch: pytest.MonkeyPatch) -> None:
    service = lakon.Service("shop")
    monkeypatch.delenv("LAKON_STAGE", raising=False)
    assert service.stage == "dev"
    monkeypatch.setenv("LAKON_STAGE", "prod")
    assert service.stage == "prod"
    assert service.stage_asked is None


def test_a_function_with_a_name_of_its_own_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAKON_STAGE", raising=False)
    service = lakon.Service("shop")
    with Declaring("prod"):
        service.function(name="tell")(lambda event, context: None)
        assert service.stage_asked is None
        service.function(name="price", physical_name="old-price")(lambda event, context: None)
    assert service.stage_asked == "prod"


def named(*functions: str) -> lakon.Service:
    service = lakon.Service("shop")
    for name in functions:
        service.function(name=name)(lambda event, context: None)
    return service


def test_a_handler_that_asks_first_knows_it_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAKON_STAGE", raising=False)
    service = named("price", "tell-more")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "shop-prod-price")
    assert service.stage == "prod"
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "shop-my-own-tell-more")
    assert service.stage == "my-own"
    monkeypatch.setenv("LAKON_STAGE", "told")
    assert service.stage == "told"


@pytest.mark.parametrize(("name", "functions"), [("other-prod-price", ["price"]), ("shop-x-a-b", ["b", "a-b"])])
def test_a_handler_that_cannot_know_does_not_guess(
    monkeypatch: pytest.MonkeyPatch, name: str, functions: list[str]
) -> None:
    monkeypatch.delenv("LAKON_STAGE", raising=False)
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", name)
    with pytest.raises(LakonError, match="does not know its stage"):
        assert named(*functions).stage

"""The stage as a program sees it: while a command loads it, inside Lambda, and anywhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lakon
from lakon.model.values import Declaring

if TYPE_CHECKING:
    import pytest


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

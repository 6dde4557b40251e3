"""botocore's descriptions of AWS: the same ones, kept without their documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest
from botocore.exceptions import DataNotFoundError
from botocore.loaders import Loader

from lakon.provision.models import Models
from lakon.provision.session import Service

if TYPE_CHECKING:
    from pathlib import Path

TYPES = ("service-2", "endpoint-rule-set-1")


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("LAKON_CACHE", str(tmp_path))
    return tmp_path / "models"


def plain(value: object) -> object:
    """`value` with every text under "documentation" emptied."""
    if isinstance(value, dict):
        return {
            key: "" if key == "documentation" and isinstance(each, str) else plain(each) for key, each in value.items()
        }
    return [plain(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("service", get_args(Service))
def test_all_that_counts_is_there(cache: Path, service: str) -> None:
    shipped = {kind: plain(Loader().load_service_model(service, kind)) for kind in TYPES}

    first = {kind: Models(None).load_service_model(service, kind) for kind in TYPES}
    assert list(cache.iterdir())
    again = {kind: Models(None).load_service_model(service, kind) for kind in TYPES}

    assert plain(first) == plain(again) == shipped


@pytest.mark.usefixtures("cache")
def test_endpoints_are_those_of_botocore() -> None:
    for _ in range(2):
        assert Models(None).load_data("endpoints") == plain(Loader().load_data("endpoints"))


def test_what_is_kept_and_broken_is_read_anew(cache: Path) -> None:
    shipped = Models(None).load_service_model("sts", "service-2")
    for file in cache.iterdir():
        file.write_bytes(file.read_bytes()[:100])

    assert Models(None).load_service_model("sts", "service-2") == shipped
    assert Models(None).load_service_model("sts", "service-2") == shipped


def test_a_cache_that_cannot_be_written_does_not_matter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LAKON_CACHE", str(tmp_path / "file"))

    assert Models(None).load_service_model("sts", "service-2")["operations"]


@pytest.mark.usefixtures("cache")
def test_descriptions_of_the_users_own(tmp_path: Path) -> None:
    own = tmp_path / "own" / "mine" / "2026-01-01"
    own.mkdir(parents=True)
    (own / "service-2.json").write_text('{"version": "2.0", "operations": {}}')

    assert Models(str(tmp_path / "own")).load_service_model("mine", "service-2")["version"] == "2.0"
    with pytest.raises(DataNotFoundError):
        Models(None).load_service_model("mine", "service-2")

"""An emulator behind a proxy that fails on demand, and a small service to ship through it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from lakon.commands import program as programs
from lakon.report import Silent
from tests.provision.conftest import _no_configuration, emulator

from .proxy import Proxy
from .service import PROGRAM, Ship

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["_no_configuration", "emulator"]


@pytest.fixture(scope="module")
def proxy(emulator: str) -> Iterator[Proxy]:
    """A proxy before the emulator."""
    made = Proxy(emulator)
    yield made
    made.close()


@pytest.fixture(scope="module")
def ship(proxy: Proxy, tmp_path_factory: pytest.TempPathFactory) -> Ship:
    """Versions of a service, and what can be done with them."""
    made = []
    for number, code, memory in ((1, 1, 128), (2, 2, 256), (3, 2, 128)):
        folder = tmp_path_factory.mktemp(f"v{number}")
        python = f"{sys.version_info[0]}.{sys.version_info[1]}"
        (folder / "app.py").write_text(PROGRAM.format(python=python, number=code, memory=memory))
        made.append(programs.load(folder / "app.py"))
    first, second, third = made
    return Ship(proxy, first, second, third, Silent())

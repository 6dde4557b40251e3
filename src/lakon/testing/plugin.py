"""The pytest plugin: `lakon_local` provisions a program into an embedded AWS of the test session's own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakon.testing.cloud import Local


@pytest.fixture(scope="session")
def lakon_local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    """Programs provisioned into an embedded AWS that lives as long as the test session.

    Called with a program, `with lakon_local("app.py") as cloud: ...`, it gives a `lakon.testing.cloud.Cloud`. The path
    is relative to the test's file. Each `with` makes a stack of its own and deletes it at the end; parallel sessions
    each have an embedded AWS of their own.
    """
    from lakon.testing.cloud import Local

    local = Local(tmp_path_factory.mktemp("lakon"), os.getpid())
    yield local
    local.stop()


__all__ = ["lakon_local"]

"""An API to be asked."""

import pytest

import lakon
from lakon.model.gateways import HttpApi


@pytest.fixture
def api() -> HttpApi:
    """An HTTP API without routes."""
    return lakon.Service("shop").http_api("public")

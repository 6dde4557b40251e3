# mypy: allow-untyped-defs, allow-untyped-calls
"""What a service takes."""

from __future__ import annotations

import pytest

import lakon


def test_an_option_that_there_is_not_is_refused_where_it_is_written():
    service = lakon.Service("imager")
    with pytest.raises(TypeError, match="there is no option 'memroy'; a function takes name, on, uses, memory"):
        service.function(memroy=512)(print)  # type: ignore[call-overload]  # the mistake under test

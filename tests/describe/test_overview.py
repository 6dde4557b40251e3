"""A service at one glance."""

from __future__ import annotations

import lakon
from lakon.describe.overview import overview


def handler(event: object, context: object) -> object:
    return event


def test_what_runs_a_function_is_told() -> None:
    service = lakon.Service("mixed")
    service.function(handler)
    service.go_function("fast", source="./fast")
    service.go_function("beside", source="./beside", engine="sidecar")
    service.web_function("old", ["python3", "server.py"], source="./old")
    told = [(each.name, each.engine, each.source) for each in overview(service, root="/").functions]
    assert told == [
        ("handler", "python", None),
        ("fast", "runtime", "./fast"),
        ("beside", "sidecar", "./beside"),
        ("old", "web", "./old"),
    ]

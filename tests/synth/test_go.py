"""Programs in other languages: what may not be said of them, and which archives the template asks for."""

# mypy: allow-untyped-defs, allow-untyped-calls

from typing import Any

import pytest

import lakon
from lakon.exceptions import ProgramError
from lakon.synth.synthesis import synthesize

ROOT = __file__.rpartition("/")[0]


def said(declare):
    service = lakon.Service("imager")
    service.bucket("photos")
    declare(service)
    try:
        synthesize(service, stage="dev", root=ROOT)
    except ProgramError as error:
        return [mistake.what for mistake in error.mistakes]
    return []


WRONG = {
    "engine": (
        lambda service: service.go_function("f", source="./f", engine="docker"),
        "the engine of 'f' is 'docker'",
    ),
    "protocol": (
        lambda service: service.go_function("f", source="./f", protocol="http"),
        "'f' has protocol=\"http\" and the engine 'runtime'",
    ),
    "another protocol": (
        lambda service: service.go_function("f", source="./f", engine="sidecar", protocol="grpc"),
        "the protocol of 'f' is 'grpc'",
    ),
    "no protocol": (
        lambda service: service.go_function("f", source="./f", engine="sidecar", port=8080),
        "'f' has a port or a socket, and serves no HTTP",
    ),
    "source": (lambda service: service.go_function("f", source=""), "the source of 'f' is ''"),
    "snapshot": (
        lambda service: service.go_function("f", source="./f", snap_start=True),
        "'f' has snap_start, and runs without the Python runtime",
    ),
    "tags": (
        lambda service: service.go_function("f", source="./f", build_tags="a b"),
        "build_tags of 'f' is ('a b',)",
    ),
    "command": (lambda service: service.web_function("f", [], source="./f"), "the command of 'f' is ()"),
    "ready": (
        lambda service: service.web_function("f", "./run", source="./f", ready="health"),
        "the path that tells when 'f' is ready is 'health'",
    ),
    "port": (lambda service: service.web_function("f", "./run", source="./f", port=80), "port of 'f' is 80"),
    "both": (
        lambda service: service.web_function("f", "./run", source="./f", port=8080, socket=True),
        "'f' has port 8080 and socket True",
    ),
    "library": (lambda service: service.go_library("a b", source="./f"), "a Go library is named 'a b'"),
    "twice": (
        lambda service: [service.go_library("f", source="./f") for _ in range(2)],
        "two Go libraries are named 'f'",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_told(name):
    declare, what = WRONG[name]
    assert said(declare) == [what]


def test_what_is_returned_can_be_invoked():
    service = lakon.Service("imager")
    other = service.go_function("other", source="./other")
    service.go_function("caller", source="./caller", uses=[lakon.invoke(other)])
    properties: Any = synthesize(service, stage="dev", root=ROOT).resources["CallerFunction"]["Properties"]
    assert list(properties["Environment"]["Variables"]) == ["OTHER_FUNCTION_NAME"]


def test_each_program_has_an_archive_of_its_own():
    service = lakon.Service("imager", layer=True)
    service.go_function("one", source="./f")
    service.web_function("two", "./run", source="./f")
    made = synthesize(service, stage="dev", root=ROOT)
    assert {name: code.functions for name, code in made.archives.items()} == {
        "OneArchive": ("one",),
        "TwoArchive": ("two",),
    }
    assert made.layers == {}

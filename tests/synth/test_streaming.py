"""Functions that stream: Lakon's runtime stands before the program's handler."""

# mypy: allow-untyped-defs, allow-untyped-calls

import json

import pytest

import lakon
from lakon.exceptions import ProgramError
from lakon.synth.synthesis import synthesize

service = lakon.Service("shop")
api = service.function_url("public", streaming=True, auth="public")


@api.get("/")
def hello(request):
    """Say hello."""


@service.function(url=lakon.Url(streaming=True))
def plain(event, context):
    """Do nothing."""


@service.function(url=True)
def whole(event, context):
    """Do nothing."""


def test_the_handler_stands_in_a_variable():
    template = json.loads(synthesize(service, stage="dev", root="/").text)["Resources"]
    handlers = {
        name: (
            template[name]["Properties"]["Handler"].rpartition(".")[0],
            template[name]["Properties"].get("Environment", {}).get("Variables", {}).get("LAKON_HANDLER"),
        )
        for name in ("PublicFunction", "PlainFunction", "WholeFunction")
    }
    streaming = "lakon.runtime.http.streaming"
    assert handlers == {
        "PublicFunction": (streaming, f"{__name__}.api"),
        "PlainFunction": (streaming, f"{__name__}.plain"),
        "WholeFunction": (__name__, None),
    }


def test_a_snapshot_does_not_stream():
    other = lakon.Service("shop", python="3.13")
    other.function(url=lakon.Url(streaming=True), snap_start=True)(plain)
    with pytest.raises(ProgramError, match="answers in streams"):
        synthesize(other, stage="dev", root="/")

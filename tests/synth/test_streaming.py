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


shop = service.rest_api("shop", streaming=True, timeout=120, cors=lakon.Cors(origins=["https://a", "https://b"]))


@shop.get("/count")
def count(request):
    """Say hello."""


@service.function(on=shop.get("/whole"))
def apart(event, context):
    """Do nothing."""


@service.function(url=lakon.Url(streaming=True), on=shop.get("/both"))
def both(event, context):
    """Do nothing."""


def test_a_rest_api_streams_what_its_own_function_answers():
    template = json.loads(synthesize(service, stage="dev", root="/").text)["Resources"]

    def integration(name):
        told = template[f"ShopRestApi{name}Method"]["Properties"]["Integration"]
        uri = told["Uri"]["Fn::Sub"]
        return uri.rpartition("path/")[2], told.get("ResponseTransferMode"), told.get("TimeoutInMillis")

    streams = "2021-11-15/functions/${ShopFunction.Arn}/response-streaming-invocations"
    assert integration("GetCount") == (streams, "STREAM", 120_000)
    assert integration("OptionsCount") == (streams, "STREAM", 120_000)
    whole = "2015-03-31/functions/${ApartFunction.Arn}/invocations"
    assert integration("GetWhole") == (whole, None, None)
    assert integration("GetBoth") == (streams.replace("Shop", "Both"), "STREAM", None)
    handler = template["ShopFunction"]["Properties"]["Handler"]
    assert handler == "lakon.runtime.http.streaming.handler"


def test_what_streams_is_not_cached():
    other = lakon.Service("shop")
    other.rest_api("old", streaming=True, cache=lakon.Cache())
    with pytest.raises(ProgramError, match="has a cache, and answers in streams"):
        synthesize(other, stage="dev", root="/")


def test_a_snapshot_does_not_stream():
    other = lakon.Service("shop", python="3.13")
    other.function(url=lakon.Url(streaming=True), snap_start=True)(plain)
    with pytest.raises(ProgramError, match="answers in streams"):
        synthesize(other, stage="dev", root="/")

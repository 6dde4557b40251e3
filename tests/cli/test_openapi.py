"""`lakon openapi`: the document on stdout, and which API is meant."""

# mypy: allow-untyped-defs, allow-untyped-calls

import pytest

ONE = """
import lakon
service = lakon.Service("shop")
api = service.http_api("public")

@api.get("/things/{number}")
def thing(number: int) -> dict:
    return {"number": number}
"""
TWO = ONE + '\nold = service.rest_api("old")\n'
NONE = 'import lakon\nservice = lakon.Service("shop")\njobs = service.queue("jobs")\n'


def test_the_document_is_data(run, tmp_path):
    (tmp_path / "app.py").write_text(ONE)
    done = run("openapi", "--version", "2.1", "--server", "https://shop.example")
    document = done.json()
    assert document["info"] == {"title": "shop", "version": "2.1"}
    assert document["servers"] == [{"url": "https://shop.example"}]
    assert list(document["paths"]) == ["/things/{number}"]


@pytest.mark.parametrize(
    ("program", "arguments", "said"),
    [
        (TWO, (), "the program has 2 APIs"),
        (TWO, ("new",), "no API 'new'"),
        (NONE, (), "no HTTP API"),
    ],
)
def test_which_api_is_meant(run, tmp_path, program, arguments, said):
    (tmp_path / "app.py").write_text(program)
    done = run("openapi", *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err

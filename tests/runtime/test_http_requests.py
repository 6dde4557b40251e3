"""What requests tell: bodies, forms, headers, who calls."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs, allow-untyped-decorators

import json

import lakon

from .asking import ask
from .doors import DOORS, Asked, http_api, rest_api, seen


def test_bodies_as_text_json_and_forms(api):
    @api.post("/")
    def show(request):
        form = request.form
        return {"fields": form.items(), "files": [repr(file) for file in form.files["photo"]]}

    boundary = b"--frontier\r\nContent-Disposition: form-data; name="
    body = (
        boundary + b'"title"\r\n\r\nA cat\r\n'
        + boundary + b"\"photo\"; filename=\"c.png\"; filename*=UTF-8''c%C3%A4t.png\r\n"
        + b"Content-Type: image/png\r\n\r\n\x89PNG\r\n\r\n\x00\r\n"
        + b"--frontier--\r\n"
    )  # fmt: skip
    kind = [("content-type", 'multipart/form-data; boundary="frontier"')]
    assert ask(api, "POST", "/", body, headers=kind)[1] == {
        "fields": [["title", "A cat"]],
        "files": ["<file 'cät.png', image/png, 9 bytes>"],
    }
    for wrong, status in ((body[:-6], 400), (b"", 400)):
        assert ask(api, "POST", "/", wrong, headers=kind)[0].status == status
    assert ask(api, "POST", "/", b"{}")[0].status == 415
    api.put("/")(lambda request: request.text)
    assert (
        ask(api, "PUT", "/", "é".encode("latin-1"), headers=[("content-type", "text/plain; charset=latin-1")])[1] == "é"
    )
    assert ask(api, "PUT", "/", b"\xff")[0].status == 400
    assert ask(api, "PUT", "/", b"a", headers=[("content-type", "text/plain; charset=klingon")])[0].status == 415


def test_bodies_that_cannot_be_read_are_the_clients_fault(api):
    api.post("/")(lambda request: request.json())
    api.put("/")(lambda request: request.text)
    assert ask(api, "POST", "/", b"[" * 100_000)[0].status == 400
    for charset in ("idna", "undefined"):
        headers = [("content-type", f"text/plain; charset={charset}")]
        assert ask(api, "PUT", "/", b"xn--\xff", headers=headers)[0].status in (400, 415)


def test_forms_with_names_that_are_hard_to_read(api):
    @api.post("/")
    def show(request):
        [file] = request.form.files["f"]
        return [file.name, file.content.decode(), request.form["a;b"]]

    disposition = b"Content-Disposition: form-data; name="
    body = (
        b"preamble\r\n--x\r\n"
        + disposition + b'"f"; filename="a;b\\"c.txt"\r\n\r\none\r\n--xy\r\n--x\r\n'
        + disposition + b'"a;b"\r\n\r\n--x is no boundary\r\n--x--\r\nepilogue'
    )  # fmt: skip
    kind = [("content-type", "multipart/form-data; charset=utf-8; boundary=x")]
    assert ask(api, "POST", "/", body, headers=kind)[1] == ['a;b"c.txt', "one\r\n--xy", "--x is no boundary"]


def test_what_a_request_tells(api):
    @api.get("/a/{x}")
    def show(request):
        assert request.headers["ACCEPT"] == request.headers.get("accept") == "text/html,application/json"
        assert request.headers.all("Accept") == ["text/html", "application/json"]
        assert request.headers.all("x-quoted") == ['"a,b"', "c"]
        assert request.headers.all("none") == [] and "none" not in request.headers
        assert request.query.all("t") == ["1", "2"] and request.query.get("none", "d") == "d"
        assert (request.id, request.stage, request.stage_variables) == ("request-1", "$default", {})
        assert request.context == "context" and request.event["version"] == "2.0"
        return request.url

    headers = [("Accept", "text/html"), ("Accept", "application/json"), ("X-Quoted", '"a,b", c')]
    asked = Asked("GET", "/a/{x}", {"x": "é b"}, [("t", "1"), ("t", "2")], headers)
    assert api(http_api(asked), "context")["body"] == "https://shop.example/a/%C3%A9%20b?t=1&t=2"


def test_an_authorizer_tells_who_calls(api):
    api.get("/")(lambda request: {"auth": request.auth, "claims": request.claims})
    event = http_api(Asked())
    event["requestContext"]["authorizer"] = {"jwt": {"claims": {"sub": "ann"}, "scopes": ["read"]}}
    assert json.loads(api(event, None)["body"]) == {"auth": {"sub": "ann"}, "claims": {"sub": "ann"}}
    event["requestContext"]["authorizer"] = {"lambda": {"tenant": "a"}}
    assert json.loads(api(event, None)["body"]) == {"auth": {"tenant": "a"}, "claims": {}}
    event["requestContext"]["authorizer"] = {"iam": {"userArn": "arn:x"}}
    assert json.loads(api(event, None)["body"])["auth"] == {"userArn": "arn:x"}
    old = lakon.Service("shop").rest_api("old")
    old.get("/")(lambda request: {"auth": request.auth, "claims": request.claims})
    event = rest_api(Asked())
    event["requestContext"]["authorizer"] = {"claims": {"sub": "ann"}}
    assert json.loads(old(event, None)["body"])["claims"] == {"sub": "ann"}
    event["requestContext"]["authorizer"] = {"principalId": "p", "tenant": "a"}
    assert json.loads(old(event, None)["body"]) == {"auth": {"principalId": "p", "tenant": "a"}, "claims": {}}
    del event["requestContext"]["authorizer"]
    event["requestContext"]["identity"]["userArn"] = "arn:x"
    assert json.loads(old(event, None)["body"])["auth"] == {"userArn": "arn:x"}


def test_a_function_of_its_own_can_take_requests_too():
    @lakon.http(status=201, cors=lakon.Cors(origins="*"))
    def report(request, year: int):
        """Report."""
        return {"year": year, "method": request.method}

    assert (report.__name__, report.__qualname__.endswith("report"), report.__doc__) == ("report", True, "Report.")
    for door in DOORS.values():
        event = door(Asked("GET", "/reports/{year}", {"year": "2026"}))
        event["pathParameters"] = {"year": "2026"}
        got = seen(report(event, None))
        assert (got.status, got.body) == (201, b'{"year":2026,"method":"GET"}')
        assert got.headers["access-control-allow-origin"] == "*"
    event = http_api(Asked("GET", "/reports/{year}", {"year": "soon"}))
    assert seen(report(event, None)).status == 422

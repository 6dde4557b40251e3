"""Lambda authorizers: every kind of event, every kind of answer, in the words of the API that asks."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs, allow-untyped-decorators

import subprocess
import sys

import pytest

import lakon
from lakon.runtime.http.authorizing import decide
from lakon.runtime.http.handlers import Call

ARN = "arn:aws:execute-api:eu-west-1:111122223333:a1b2c3/live/GET/things/1"
HEADERS = {"authorization": "Bearer t", "host": "shop.example"}
SIMPLE = {
    "version": "2.0",
    "type": "REQUEST",
    "routeArn": ARN,
    "identitySource": ["Bearer t"],
    "routeKey": "GET /things/{id}",
    "rawPath": "/things/1",
    "rawQueryString": "a=1&a=2",
    "cookies": ["session=s"],
    "headers": HEADERS,
    "queryStringParameters": {"a": "1,2"},
    "requestContext": {"http": {"method": "GET", "path": "/things/1", "sourceIp": "192.0.2.7"}, "requestId": "r"},
    "pathParameters": {"id": "1"},
}
REQUEST = {
    "version": "1.0",
    "type": "REQUEST",
    "methodArn": ARN,
    "resource": "/things/{id}",
    "path": "/things/1",
    "httpMethod": "GET",
    "headers": HEADERS,
    "multiValueHeaders": {name: [value] for name, value in HEADERS.items()},
    "queryStringParameters": {"a": "2"},
    "multiValueQueryStringParameters": {"a": ["1", "2"]},
    "pathParameters": {"id": "1"},
    "requestContext": {"identity": {"sourceIp": "192.0.2.7"}, "stage": "live", "requestId": "r"},
}
TOKEN = {"type": "TOKEN", "authorizationToken": "Bearer t", "methodArn": ARN}
CONNECT = {
    "type": "REQUEST",
    "methodArn": ARN.replace("GET/things/1", "$connect"),
    "headers": HEADERS,
    "queryStringParameters": {"a": "1"},
    "requestContext": {"routeKey": "$connect", "eventType": "CONNECT", "identity": {"sourceIp": "192.0.2.7"}},
}


def answer(handler, event):
    return decide(Call("", handler, (), 200), event, None)


def policy(effect, context, principal="caller"):
    statement = {
        "Action": "execute-api:Invoke",
        "Effect": effect,
        "Resource": "arn:aws:execute-api:eu-west-1:111122223333:a1b2c3/live/*",
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": principal, "policyDocument": document, "context": context}


@pytest.mark.parametrize("event", [SIMPLE, REQUEST, TOKEN, CONNECT])
def test_the_token_is_a_header_of_every_event(event):
    seen = []
    answer(lambda request: seen.append(request.headers["Authorization"]), event)
    assert seen == ["Bearer t"]


def test_what_is_asked_about():
    def handler(request):
        return {"asked": f"{request.method} {request.url_path} {request.query.all('a')} {request.path.get('id')}"}

    assert answer(handler, SIMPLE)["context"] == {"asked": "GET /things/1 ['1', '2'] 1"}
    assert answer(handler, REQUEST)["context"] == {"asked": "GET /things/1 ['1', '2'] 1"}
    assert answer(handler, TOKEN)["context"] == {"asked": "GET /things/1 [] None"}


def test_answers():
    assert answer(lambda request: True, SIMPLE) == {"isAuthorized": True, "context": {}}
    assert answer(lambda request: None, SIMPLE) == {"isAuthorized": False, "context": {}}
    assert answer(lambda request: {"tenant": 1}, SIMPLE) == {"isAuthorized": True, "context": {"tenant": 1}}
    for event in (REQUEST, TOKEN, CONNECT):
        assert answer(lambda request: True, event) == policy("Allow", {})
        assert answer(lambda request: False, event) == policy("Deny", {})
        known = {"sub": "ann", "roles": ["a"], "age": 3}
        flat = {"sub": "ann", "roles": "['a']", "age": 3}
        assert answer(lambda request, known=known: known, event) == policy("Allow", flat, "ann")
    own = {"principalId": "me", "policyDocument": {}}
    assert answer(lambda request: own, REQUEST) is own


def test_refusals():
    def unknown(request):
        raise lakon.HTTPError(401)

    def forbidden(request):
        raise lakon.HTTPError(403)

    with pytest.raises(Exception, match=r"^Unauthorized$"):
        answer(unknown, REQUEST)
    assert answer(forbidden, SIMPLE) == {"isAuthorized": False, "context": {}}


def test_lambda_finds_the_handler_by_the_environment(tmp_path):
    (tmp_path / "app.py").write_text(
        "import lakon\nservice = lakon.Service('shop')\n"
        "@service.authorizer()\nasync def check(request): return request.headers['authorization'] == 'Bearer t'\n"
    )
    code = f"from lakon.runtime.http.authorizing import handler; print(handler({SIMPLE!r}, None)['isAuthorized'])"
    environment = {"LAKON_AUTHORIZER": "app.check", "PYTHONPATH": f"{tmp_path}"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"

"""Events with all that AWS documents for each front door: every word of them is found again in the request."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs

import pytest

import lakon
from lakon.runtime.http.adapter import request_of

CERTIFICATE = {
    "clientCertPem": "PEM",
    "subjectDN": "www.shop.example",
    "issuerDN": "An issuer",
    "serialNumber": "1",
    "validity": {"notBefore": "May 28 12:30:02 2026 GMT", "notAfter": "Aug  5 09:36:04 2027 GMT"},
}

HTTP_API = {
    "version": "2.0",
    "routeKey": "$default",
    "rawPath": "/my/path",
    "rawQueryString": "one=1&one=2&two=3&empty=&plus=a+b&percent=%C3%A9",
    "cookies": ["first=1", "second=2=3"],
    "headers": {"header-one": "a", "header-two": "b,c", "content-type": "text/plain"},
    "queryStringParameters": {"one": "1,2", "two": "3", "empty": "", "plus": "a b", "percent": "é"},
    "requestContext": {
        "accountId": "111122223333",
        "apiId": "a1b2c3",
        "authentication": {"clientCert": CERTIFICATE},
        "authorizer": {"jwt": {"claims": {"sub": "ann", "scope": "read write"}, "scopes": ["read"]}},
        "domainName": "a1b2c3.execute-api.eu-west-1.amazonaws.com",
        "domainPrefix": "a1b2c3",
        "http": {
            "method": "POST",
            "path": "/my/path",
            "protocol": "HTTP/1.1",
            "sourceIp": "192.0.2.1",
            "userAgent": "agent",
        },
        "requestId": "id",
        "routeKey": "$default",
        "stage": "$default",
        "time": "12/Mar/2026:19:03:58 +0000",
        "timeEpoch": 1773342238000,
    },
    "body": "aGVsbG8=",
    "pathParameters": {"parameter": "value"},
    "isBase64Encoded": True,
    "stageVariables": {"colour": "blue"},
}

REST_API = {
    "resource": "/my/{parameter}",
    "path": "/my/v%C3%A4lue",
    "httpMethod": "POST",
    "headers": {"Header-One": "a", "Header-Two": "c", "Cookie": "first=1; second=2=3", "Content-Type": "text/plain"},
    "multiValueHeaders": {
        "Header-One": ["a"],
        "Header-Two": ["b", "c"],
        "Cookie": ["first=1; second=2=3"],
        "Content-Type": ["text/plain"],
    },
    "queryStringParameters": {"one": "2", "two": "3", "empty": "", "plus": "a b", "percent": "é"},
    "multiValueQueryStringParameters": {
        "one": ["1", "2"],
        "two": ["3"],
        "empty": [""],
        "plus": ["a b"],
        "percent": ["é"],
    },
    "pathParameters": {"parameter": "v%C3%A4lue"},
    "stageVariables": {"colour": "blue"},
    "requestContext": {
        "accountId": "111122223333",
        "apiId": "a1b2c3",
        "authorizer": {"claims": {"sub": "ann", "scope": "read write"}},
        "domainName": "a1b2c3.execute-api.eu-west-1.amazonaws.com",
        "domainPrefix": "a1b2c3",
        "extendedRequestId": "extended",
        "httpMethod": "POST",
        "identity": {
            "accessKey": None,
            "accountId": None,
            "caller": None,
            "cognitoAuthenticationProvider": None,
            "cognitoAuthenticationType": None,
            "cognitoIdentityId": None,
            "cognitoIdentityPoolId": None,
            "principalOrgId": None,
            "sourceIp": "192.0.2.1",
            "user": None,
            "userAgent": "agent",
            "userArn": None,
            "clientCert": CERTIFICATE,
        },
        "path": "/live/my/v%C3%A4lue",
        "protocol": "HTTP/1.1",
        "requestId": "id",
        "requestTime": "12/Mar/2026:19:03:58 +0000",
        "requestTimeEpoch": 1773342238000,
        "resourceId": "abc123",
        "resourcePath": "/my/{parameter}",
        "stage": "live",
    },
    "body": "aGVsbG8=",
    "isBase64Encoded": True,
}

BALANCER = {
    "requestContext": {
        "elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/t/1"}
    },
    "httpMethod": "POST",
    "path": "/my/path",
    "multiValueQueryStringParameters": {
        "one": ["1", "2"],
        "two": ["3"],
        "empty": [""],
        "plus": ["a+b"],
        "percent": ["%C3%A9"],
    },
    "multiValueHeaders": {
        "header-one": ["a"],
        "header-two": ["b", "c"],
        "cookie": ["first=1", "second=2=3"],
        "content-type": ["text/plain"],
        "x-amzn-trace-id": ["Root=1-2-3"],
        "x-forwarded-for": ["198.51.100.9, 192.0.2.1"],
        "x-forwarded-port": ["80"],
        "x-forwarded-proto": ["http"],
    },
    "body": "aGVsbG8=",
    "isBase64Encoded": True,
}

FUNCTION_URL = {
    **HTTP_API,
    "rawPath": "/my/p%C3%A4th",
    "requestContext": {
        **HTTP_API["requestContext"],  # type: ignore[dict-item]  # a mapping, as written above
        "authentication": None,
        "authorizer": {
            "iam": {
                "accessKey": "AKIA",
                "accountId": "111122223333",
                "callerId": "AIDA",
                "cognitoIdentity": None,
                "principalOrgId": None,
                "userArn": "arn:aws:iam::111122223333:user/ann",
                "userId": "AIDA",
            }
        },
        "domainName": "abcdefgh.lambda-url.eu-west-1.on.aws",
    },
}


@pytest.mark.parametrize("event", [HTTP_API, REST_API, BALANCER, FUNCTION_URL])
def test_nothing_is_lost(event):
    request = request_of(event, None)
    assert request.event is event
    assert request.method == "POST"
    assert request.body == b"hello" and request.text == "hello"
    assert request.query.all("one") == ["1", "2"] and request.query["one"] == "1"
    assert {name: request.query[name] for name in request.query} == {
        "one": "1",
        "two": "3",
        "empty": "",
        "plus": "a b",
        "percent": "é",
    }
    assert request.headers["HEADER-one"] == "a" and request.headers.all("Header-Two") == ["b", "c"]
    assert request.cookies == {"first": "1", "second": "2=3"}
    assert request.client == "192.0.2.1"


def test_what_only_some_doors_tell():
    http_api, rest_api = request_of(HTTP_API, None), request_of(REST_API, None)
    for request in (http_api, rest_api):
        assert request.claims == {"sub": "ann", "scope": "read write"}
        assert (request.id, request.stage_variables) == ("id", {"colour": "blue"})
    assert (http_api.url_path, rest_api.url_path) == ("/my/path", "/my/välue")
    assert (http_api.path, rest_api.path) == ({"parameter": "value"}, {"parameter": "välue"})
    assert (http_api.stage, rest_api.stage) == ("$default", "live")
    url = request_of(FUNCTION_URL, None)
    assert (url.url_path, url.auth["userArn"], url.claims) == ("/my/päth", "arn:aws:iam::111122223333:user/ann", {})
    balancer = request_of(BALANCER, None)
    assert (balancer.scheme, balancer.id, balancer.auth, balancer.stage) == ("http", "Root=1-2-3", {}, "")


def test_a_named_stage_is_no_part_of_the_path():
    named = {**HTTP_API, "rawPath": "/dev/my/path", "requestContext": {**HTTP_API["requestContext"], "stage": "dev"}}  # type: ignore[dict-item]  # JSON
    assert request_of(named, None).url_path == "/my/path"


def test_what_is_null_or_left_out_is_empty():
    around = {"http": {"method": "GET", "sourceIp": "::1"}}
    request = request_of({"version": "2.0", "rawPath": "/", "headers": None, "requestContext": around}, None)
    assert (request.body, request.query.items(), request.headers.items(), request.cookies) == (b"", [], [], {})
    bare = {"httpMethod": "GET", "path": "/", "headers": None, "multiValueHeaders": None, "body": None}
    request = request_of({**bare, "requestContext": {"identity": {"sourceIp": "::1"}}, "pathParameters": None}, None)
    assert (request.body, request.query.items(), request.headers.items(), request.auth) == (b"", [], [], {})


def test_an_event_that_is_no_request():
    with pytest.raises(ValueError, match="no HTTP request"):
        request_of({"Records": []}, None)
    with pytest.raises(lakon.HTTPError, match="400"):
        request_of({**HTTP_API, "body": "{", "isBase64Encoded": False}, None).json()

"""WebSocket APIs: messages to handlers, and sending to clients through a real server, signed as by the SDK."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs, allow-untyped-decorators

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest

import lakon
from lakon.runtime.http.connections import Connections
from lakon.runtime.http.signing import credentials, signed


def event(key, body=None, kind="MESSAGE", **more):
    """An event of a WebSocket API, as AWS documents it."""
    return {
        "requestContext": {
            "routeKey": key,
            "eventType": kind,
            "messageId": "m1",
            "connectionId": "c1=",
            "stage": "live",
            "requestId": "r1",
            "domainName": "a1b2c3.execute-api.eu-west-1.amazonaws.com",
            "identity": {"sourceIp": "192.0.2.7"},
            "connectedAt": 1769882400000,
        },
        "body": body,
        "isBase64Encoded": False,
        **more,
    }


@pytest.fixture
def chat():
    return lakon.Service("shop").websocket_api("chat")


def test_messages_reach_the_handlers_of_their_routes(chat):
    @chat.connect
    def connect(request):
        if request.query.get("token") != "t":
            raise lakon.HTTPError(401)
        return lakon.Response(None, 200, headers={"sec-websocket-protocol": "shop"})

    @chat.message("sendmessage", replies=True)
    async def sent(message):
        return {"to": message.connection_id, "said": message.json()["text"], "from": message.client}

    @chat.default
    def other(message):
        assert message.url_path == "unknown"

    joined = event("$connect", kind="CONNECT", headers={"Host": "x"}, queryStringParameters={"token": "t"})
    assert chat(joined, None) == {"statusCode": 200, "headers": {"sec-websocket-protocol": "shop"}}
    refused = chat(event("$connect", kind="CONNECT", headers={}), None)
    assert refused["statusCode"] == 401
    answer = chat(event("sendmessage", '{"action": "sendmessage", "text": "hi"}'), None)
    assert json.loads(answer["body"]) == {"to": "c1=", "said": "hi", "from": "192.0.2.7"}
    assert chat(event("unknown", "{}"), None) == {"statusCode": 204}


def test_a_message_that_no_route_takes(chat):
    chat.connect(lambda message: None)
    assert chat(event("unknown"), None) == {"statusCode": 404}


@pytest.fixture
def management():
    """API Gateway's management API: `gone` is a client that has left, `secret` one that may not be reached."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            asked.append((self.command, self.path, body, dict(self.headers)))
            status = 410 if "gone" in self.path else 403 if "secret" in self.path else 200
            answer = b'{"connectedAt":"2026-01-31T18:00:00Z"}' if self.command == "GET" else b""
            self.send_response(status)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
            self.close_connection = "last" in self.path

        do_GET = do_DELETE = do_POST  # noqa: N815 - the standard library's names

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/live", asked
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def told(monkeypatch, management):
    """A function that has been told where the API is, and who it is itself."""
    endpoint, asked = management
    monkeypatch.setenv("CHAT_WEBSOCKET_API_ENDPOINT", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "SECRET")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "TOKEN")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    return asked


def test_sending_closing_and_asking(chat, told):
    assert chat.send("a=", "text") and chat.send("a=", b"\x00") and chat.send("last", {"a": 1}) and chat.close("a=")
    assert chat.connection("a=") == {"ConnectedAt": "2026-01-31T18:00:00Z"}
    assert [(method, path, body) for method, path, body, _ in told] == [
        ("POST", "/live/@connections/a%3D", b"text"),
        ("POST", "/live/@connections/a%3D", b"\x00"),
        ("POST", "/live/@connections/last", b'{"a":1}'),
        ("DELETE", "/live/@connections/a%3D", b""),
        ("GET", "/live/@connections/a%3D", b""),
    ]
    assert chat.send("gone", "x") is chat.close("gone") is False
    assert chat.connection("gone") is None
    with pytest.raises(lakon.SendError, match="403"):
        chat.send("secret", "x")
    chat._connections._connection.close()


@pytest.mark.parametrize("token", ["", "TOKEN"])
def test_signatures_are_those_of_the_sdk(monkeypatch, token):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "SECRET")
    monkeypatch.setenv("AWS_SESSION_TOKEN", token)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    host, path = "a1b2c3.execute-api.eu-west-1.amazonaws.com", "/live/@connections/a%3D"
    request = botocore.awsrequest.AWSRequest("POST", f"https://{host}{path}", data=b"hello")
    keys = botocore.credentials.Credentials("AKID", "SECRET", token or None)
    botocore.auth.SigV4Auth(keys, "execute-api", "eu-west-1").add_auth(request)
    ours = signed("POST", host, path, b"hello", moment=request.context["timestamp"])
    assert ours["authorization"] == request.headers["Authorization"]


def test_credentials_of_a_restored_snapshot(monkeypatch, management):
    endpoint, asked = management
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", raising=False)
    with pytest.raises(RuntimeError, match="no AWS credentials"):
        credentials()
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{endpoint}/credentials")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "own")
    with pytest.raises(KeyError):
        credentials()
    assert asked[0][3]["Authorization"] == "own"


def test_an_address_without_a_path():
    connections = Connections("https://ws.example")
    assert (connections.host, connections.path, connections.secure) == ("ws.example", "", True)

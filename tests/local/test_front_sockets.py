"""WebSocket APIs: clients that come, send, are sent to, and go."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from lakon.local.front.plan import Guard, Limit, Route

from .fronts import Front, arn, opened, plan

if TYPE_CHECKING:
    from collections.abc import Callable

    import boto3

    from lakon.local.daemon import Running

ECHO = "import json\ndef handler(event, context):\n    return {'statusCode': 200, 'body': json.dumps(event)}\n"
QUIET = "def handler(event, context):\n    print(event['requestContext'])\n    return {'statusCode': 200}\n"
LIMIT = 20


def routes(function: str, *keys: str, **more: Any) -> list[Route]:
    return [Route("", key, arn(function), replies=key not in ("$connect", "$disconnect"), **more) for key in keys]


def wanted(*all_routes: Route, **more: Any) -> Any:
    return plan("websocket_api", *all_routes, select=more.pop("select", "$request.body.action"), **more)


def url(front: Front) -> str:
    return f"ws://127.0.0.1:{front.plan.port}/live"


async def heard(client: ClientConnection) -> Any:
    return json.loads(await asyncio.wait_for(client.recv(), LIMIT))


def manage(front: Front, method: str, connection: str, body: bytes = b"", key: str = "test") -> Any:
    path = f"/live/@connections/{connection.replace('=', '%3D')}"
    request = AWSRequest(method, f"{front.url}{path}", data=body)
    SigV4Auth(Credentials(key, "test"), "execute-api", "eu-west-1").add_auth(request)
    return front.ask(method, path, body, dict(request.headers.items()))


def test_messages_find_their_routes(aws: Running, deploy: Callable[..., str]) -> None:
    async def talk(front: Front) -> list[Any]:
        async with connect(url(front)) as client:
            answers = []
            for said in ('{"action": "say", "n": 1}', '{"action": "unknown"}', "no JSON", '{"action": {"a": 1}}'):
                await client.send(said)
                answers.append(await heard(client))
            await client.send(b"\x00\x01")
            answers.append(await heard(client))
            return answers

    with opened(aws, wanted(*routes(deploy(ECHO), "say", "$default"), variables={"a": "b"})) as front:
        events = asyncio.run(talk(front))
    keys = ["say", "$default", "$default", "$default", "$default"]
    assert [event["requestContext"]["routeKey"] for event in events] == keys
    assert events[0]["body"] == '{"action": "say", "n": 1}'
    assert events[0]["stageVariables"] == {"a": "b"}
    assert (base64.b64decode(events[4]["body"]), events[4]["isBase64Encoded"]) == (b"\x00\x01", True)
    context = events[0]["requestContext"]
    assert (context["eventType"], context["messageDirection"], context["stage"]) == ("MESSAGE", "IN", "live")
    assert {"connectionId", "connectedAt", "messageId", "requestId", "requestTimeEpoch", "apiId"} <= context.keys()
    assert len({event["requestContext"]["connectionId"] for event in events}) == 1


def test_what_has_no_route_or_fails_is_told(aws: Running, deploy: Callable[..., str]) -> None:
    broken = deploy("def handler(event, context):\n    raise ValueError\n")

    async def talk(front: Front) -> list[Any]:
        async with connect(url(front)) as client:
            answers = []
            for said in ('{"action": "none"}', '{"action": "say"}'):
                await client.send(said)
                answers.append(await heard(client))
            return answers

    with opened(aws, wanted(*routes(broken, "say"))) as front:
        none, failed = asyncio.run(talk(front))
    assert none["message"] == "Forbidden"
    assert failed["message"] == "Internal server error"
    assert {"connectionId", "requestId"} <= failed.keys()


def test_another_route_selection_expression(aws: Running, deploy: Callable[..., str]) -> None:
    async def talk(front: Front) -> Any:
        async with connect(url(front)) as client:
            await client.send('{"kind": {"name": "say"}, "version": 2}')
            return await heard(client)

    expression = "${request.body.kind.name}-${request.body.version}"
    with opened(aws, wanted(*routes(deploy(ECHO), "say-2"), select=expression)) as front:
        assert asyncio.run(talk(front))["requestContext"]["routeKey"] == "say-2"


def test_clients_come_and_go(
    aws: Running, deploy: Callable[..., str], logs_client: Any, wait_for: Callable[[Callable[[], object]], None]
) -> None:
    function = deploy(QUIET)

    async def come_and_go(front: Front) -> None:
        async with connect(f"{url(front)}?token=1", additional_headers={"X-A": "b"}) as client:
            await client.close(4001, "enough")

    def logged() -> str:
        try:
            found = logs_client.filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]
        except logs_client.exceptions.ResourceNotFoundException:
            return ""
        return "".join(event["message"] for event in found)

    with opened(aws, wanted(*routes(function, "$connect", "$disconnect"))) as front:
        asyncio.run(come_and_go(front))
        wait_for(lambda: "'eventType': 'DISCONNECT'" in logged())
    assert "'eventType': 'CONNECT'" in logged()
    assert "'disconnectStatusCode': 4001, 'disconnectReason': 'enough'" in logged()


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("def handler(event, context):\n    return {'statusCode': 401}\n", 401),
        ("def handler(event, context):\n    raise ValueError\n", 502),
    ],
)
def test_a_client_can_be_refused(aws: Running, deploy: Callable[..., str], source: str, status: int) -> None:
    async def come(front: Front) -> int:
        with pytest.raises(InvalidStatus) as refused:
            await connect(url(front))
        return refused.value.response.status_code

    with opened(aws, wanted(*routes(deploy(source), "$connect"))) as front:
        assert asyncio.run(come(front)) == status


def test_an_authorizer_stands_before_the_route(aws: Running, deploy: Callable[..., str]) -> None:
    policy = """
def handler(event, context):
    effect = "Allow" if event["queryStringParameters"]["token"] == "good" else "Deny"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    return {"principalId": "me", "policyDocument": {"Statement": [statement]}, "context": {"tenant": "blue"}}
"""
    guard = Guard("lambda", "check", identity=("query.token",), function=arn(deploy(policy)), answers="iam")
    function = deploy(ECHO)
    connecting = routes(function, "$connect", guard="check")

    async def come(front: Front) -> tuple[Any, list[int]]:
        refused = []
        for query in ("", "?token=bad"):
            with pytest.raises(InvalidStatus) as error:
                await connect(url(front) + query)
            refused.append(error.value.response.status_code)
        async with connect(f"{url(front)}?token=good") as client:
            await client.send("{}")
            return await heard(client), refused

    with opened(aws, wanted(*connecting, *routes(function, "$default"), guards={"check": guard})) as front:
        event, refused = asyncio.run(come(front))
    assert refused == [401, 403]
    assert event["requestContext"]["authorizer"]["tenant"] == "blue"


def test_functions_send_to_clients(aws: Running, deploy: Callable[..., str], session: boto3.Session) -> None:
    async def talk(front: Front) -> None:
        client = await connect(url(front))
        await client.send("{}")
        connection = (await heard(client))["requestContext"]["connectionId"]
        api = session.client("apigatewaymanagementapi", endpoint_url=f"{front.url}/live")
        await asyncio.to_thread(api.post_to_connection, ConnectionId=connection, Data=b"pushed")
        assert await asyncio.wait_for(client.recv(), LIMIT) == "pushed"
        known = await asyncio.to_thread(api.get_connection, ConnectionId=connection)
        assert known["Identity"]["SourceIp"] == "127.0.0.1"
        assert known["ConnectedAt"] <= known["LastActiveAt"]
        assert manage(front, "POST", connection, b"x", key="stranger").status == 403
        assert front.ask("POST", f"/live/@connections/{connection}", b"x").status == 403
        assert manage(front, "POST", connection, b"x" * (128 * 1024 + 1)).status == 413
        await asyncio.to_thread(api.delete_connection, ConnectionId=connection)
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(client.recv(), LIMIT)
        with pytest.raises(api.exceptions.GoneException):
            await asyncio.to_thread(api.post_to_connection, ConnectionId=connection, Data=b"late")

    with opened(aws, wanted(*routes(deploy(ECHO), "$default"))) as front:
        asyncio.run(talk(front))


def test_clients_stay_when_the_program_changes(aws: Running, deploy: Callable[..., str]) -> None:
    function = deploy(ECHO)

    async def talk(front: Front) -> None:
        async with connect(url(front)) as client:
            for number in range(3):
                await asyncio.to_thread(front.change, routes=tuple(routes(function, f"say-{number}")))
                await client.send(json.dumps({"action": f"say-{number}"}))
                event = await heard(client)
                assert event["requestContext"]["routeKey"] == f"say-{number}"
                sent = await asyncio.to_thread(manage, front, "POST", event["requestContext"]["connectionId"], b"{}")
                assert sent.status == 200
                assert await heard(client) == {}

    with opened(aws, wanted(limit=Limit(1000, 2000))) as front:
        asyncio.run(talk(front))


def test_messages_that_are_too_large_end_the_connection(aws: Running, deploy: Callable[..., str]) -> None:
    async def talk(front: Front) -> int:
        async with connect(url(front)) as client:
            await client.send("x" * (128 * 1024 + 1))
            with pytest.raises(ConnectionClosed) as closed:
                await asyncio.wait_for(client.recv(), LIMIT)
            assert closed.value.rcvd is not None
            return closed.value.rcvd.code

    with opened(aws, wanted(*routes(deploy(ECHO), "$default"))) as front:
        assert asyncio.run(talk(front)) == 1009

"""Functions that take longer than a front door waits for them."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

import lakon
from lakon.local.front.declared import Known, plans
from lakon.local.front.plan import Guard, Plan

from .fronts import ACCOUNT, REGION, arn, opened, plan, route

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakon.local.daemon import Running

SLOW = """
import time

def handler(event, context):
    time.sleep(2)
    return {"statusCode": 200}
"""
SHORT = 0.1


@pytest.fixture
def slow(deploy: Callable[..., str]) -> str:
    return deploy(SLOW)


def test_apis_and_load_balancers_answer_in_place_of_a_function_that_is_too_slow(aws: Running, slow: str) -> None:
    with opened(aws, plan("http_api", route("GET /", slow), timeout=SHORT)) as front:
        assert (front.get("/").status, front.get("/").message) == (503, "Service Unavailable")
    with opened(aws, plan("rest_api", route("GET /", slow), timeout=SHORT)) as front:
        answer = front.get("/live/")
        assert (answer.status, answer.message) == (504, "Endpoint request timed out")
        assert answer.headers["x-amzn-errortype"] == "IntegrationTimeoutException"
    with opened(aws, plan("load_balancer", default=arn(slow), timeout=SHORT)) as front:
        assert front.get("/").status == 504


def test_an_authorizer_that_is_too_slow_lets_nobody_pass(aws: Running, slow: str) -> None:
    guards = {"check": Guard("lambda", "check", identity=("header.x",), function=arn(slow))}
    with opened(aws, plan("http_api", route("GET /", slow, guard="check"), guards=guards, timeout=SHORT)) as front:
        assert (front.get("/", x="1").status, front.get("/").status) == (500, 401)


def test_a_websocket_api_tells_a_client_of_a_function_that_is_too_slow(aws: Running, slow: str) -> None:
    async def told(front_plan: Plan) -> object:
        async with connect(f"ws://127.0.0.1:{front_plan.port}/live") as client:
            await client.send('{"action": "say"}')
            return json.loads(await client.recv())["message"]

    async def refused(front_plan: Plan) -> int:
        with pytest.raises(InvalidStatus) as error:
            await connect(f"ws://127.0.0.1:{front_plan.port}/live")
        return error.value.response.status_code

    messages = plan("websocket_api", route(" say", slow), select="$request.body.action", timeout=SHORT)
    with opened(aws, messages):
        assert asyncio.run(told(messages)) == "Internal server error"
    connections = plan("websocket_api", route(" $connect", slow), timeout=SHORT)
    with opened(aws, connections):
        assert asyncio.run(refused(connections)) == 502


def test_each_kind_of_api_waits_as_long_as_on_aws() -> None:
    service = lakon.Service("shop")
    apis = [service.http_api("a"), service.rest_api("b"), service.websocket_api("c"), service.load_balancer("d")]
    known = Known(
        stack="shop-dev",
        account=ACCOUNT,
        region=REGION,
        ports={api.logical_id: 1 for api in apis},
        physical={},
        outputs={},
        keys={},
        folders={},
        openapi={},
    )
    assert [each.timeout for each in plans(service, known)] == [30, 29, 29, 905]

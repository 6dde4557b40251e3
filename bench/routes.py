"""The HTTP programs that are measured: `count` routes that say hello, in Lakon's words and in its peers'."""

from __future__ import annotations

from bench.programs import PYTHON

EVENT = {
    "resource": "/photos/{last}",
    "path": "/photos/{last}",
    "httpMethod": "GET",
    "headers": {f"X-Header-{n}": "of the usual length, more or less" for n in range(14)}
    | {"Host": "shop.example", "Accept": "application/json"},
    "multiValueHeaders": {f"X-Header-{n}": ["of the usual length, more or less"] for n in range(14)}
    | {"Host": ["shop.example"], "Accept": ["application/json"]},
    "queryStringParameters": {"page": "1", "size": "20"},
    "multiValueQueryStringParameters": {"page": ["1"], "size": ["20"]},
    "pathParameters": None,
    "stageVariables": None,
    "requestContext": {
        "accountId": "111122223333",
        "apiId": "a1b2c3",
        "domainName": "a1b2c3.execute-api.eu-west-1.amazonaws.com",
        "httpMethod": "GET",
        "identity": {"sourceIp": "192.0.2.1", "userAgent": "bench"},
        "path": "/live/photos/{last}",
        "protocol": "HTTP/1.1",
        "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
        "requestTimeEpoch": 1769882400000,
        "resourceId": "abc123",
        "resourcePath": "/photos/{last}",
        "stage": "live",
    },
    "body": None,
    "isBase64Encoded": False,
}

MOUNTED_EVENT = EVENT | {"resource": "/{proxy+}", "pathParameters": {"proxy": "photos/{last}"}}

BARE = """\
import json


def handler(event, context):
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps({"hello": "world"})}
"""

_LAKON = """\
import json
import lakon

service = lakon.Service("bench", python="%s")
handler = service.rest_api("public")

"""
_LAKON_ROUTE = '@handler.get("/photos/{n}")\ndef photo_{n}(request):\n    return {{"hello": "world"}}\n\n\n'

_CHALICE = 'import json\nfrom chalice import Chalice\n\nhandler = app = Chalice(app_name="bench")\n\n'
_CHALICE_ROUTE = '@app.route("/photos/{n}")\ndef photo_{n}():\n    return {{"hello": "world"}}\n\n\n'

_POWERTOOLS = """\
import json
from aws_lambda_powertools.event_handler import APIGatewayRestResolver

app = APIGatewayRestResolver()


def handler(event, context):
    return app.resolve(event, context)


"""
_POWERTOOLS_ROUTE = '@app.get("/photos/{n}")\ndef photo_{n}():\n    return {{"hello": "world"}}\n\n\n'

_STARLETTE = """\
import json
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route


async def photo(request):
    return JSONResponse({{"hello": "world"}})


app = Starlette(routes=[Route(f"/photos/{{n}}", photo) for n in range({count})])
"""
_FASTAPI = """\
import json
from fastapi import FastAPI

app = FastAPI()


async def photo():
    return {{"hello": "world"}}


for n in range({count}):
    app.get(f"/photos/{{n}}")(photo)
"""
_MANGUM = "\nfrom mangum import Mangum\n\nhandler = Mangum(app)\n"
_MOUNTED = f"""
import lakon

handler = lakon.Service("bench", python="{PYTHON}").rest_api("public")
handler.mount(app)
"""


def lakon(count: int) -> str:
    """A REST API of Lakon."""
    return _LAKON % PYTHON + "".join(_LAKON_ROUTE.format(n=n) for n in range(count))


def chalice(count: int) -> str:
    """An application of chalice."""
    return _CHALICE + "".join(_CHALICE_ROUTE.format(n=n) for n in range(count))


def powertools(count: int) -> str:
    """A resolver of Powertools."""
    return _POWERTOOLS + "".join(_POWERTOOLS_ROUTE.format(n=n) for n in range(count))


def starlette(count: int, *, mangum: bool) -> str:
    """An application of Starlette, behind Mangum or mounted by Lakon."""
    return _STARLETTE.format(count=count) + (_MANGUM if mangum else _MOUNTED)


def fastapi(count: int, *, mangum: bool) -> str:
    """An application of FastAPI, behind Mangum or mounted by Lakon."""
    return _FASTAPI.format(count=count) + (_MANGUM if mangum else _MOUNTED)

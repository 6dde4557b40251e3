"""The programs that are measured: the same service, written for Lakon and for its peers.

All of them import json, for Lambda's own runtime client does so in any case.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"

BARE = """\
import json


def handler(event, context):
    return json.dumps(event)
"""

_LAKON_HEAD = f"""\
import json
import lakon

service = lakon.Service("bench", python="{PYTHON}", description="Every sort of trigger, grant and alarm")
alarm = service.topic("alarm")
"""

_LAKON_GROUP = """
photos_{n} = service.bucket("photos-{n}")
index_{n} = service.table("index-{n}", key="photo")
jobs_{n} = service.queue("jobs-{n}")
"""

_LAKON_FUNCTIONS = (
    """
@service.function(
    on=photos_{g}.created(prefix="in/", suffix=".png"),
    uses=[photos_{g}.read_write, index_{g}.write],
    memory=512,
    timeout=20,
    alarms=[lakon.errors(notify=alarm), lakon.duration(p99="15s", notify=alarm)],
)
""",
    """
@service.function(on=jobs_{g}.messages(batch=10), uses=index_{g}.read_write, alarms=lakon.errors(threshold=5))
""",
    """
@service.function(on=lakon.every("5 minutes"), uses=[jobs_{g}.send, photos_{g}.read], timeout=60)
""",
    """
@service.function(on=lakon.cron("0 8 * * ? *", timezone="Europe/Paris"), uses=index_{g}.read, env={{"LEVEL": "3"}})
""",
    """
@service.function(
    on=lakon.event(source="aws.ec2", detail_type="EC2 Instance State-change Notification"),
    uses=lakon.allow("ec2:DescribeInstances", "*"),
    alarms=[lakon.errors(), lakon.throttles()],
)
""",
    """
@service.function(uses=[photos_{g}.read, index_{g}.read, jobs_{g}.send], memory=1024)
""",
)

_HANDLER = """\
def handler_{n}(event, context):
    return json.dumps(event)

"""

_CHALICE_HEAD = """\
import json
from chalice import Chalice, Rate

app = Chalice(app_name="bench")

"""

_CHALICE_FUNCTIONS = (
    '@app.on_s3_event(bucket="photos-{g}", prefix="in/", suffix=".png")\ndef handler_{n}(event):\n',
    '@app.on_sqs_message(queue="jobs-{g}", batch_size=10)\ndef handler_{n}(event):\n',
    "@app.schedule(Rate(5, unit=Rate.MINUTES))\ndef handler_{n}(event):\n",
    '@app.schedule("cron(0 8 * * ? *)")\ndef handler_{n}(event):\n',
    '@app.on_cw_event({{"source": ["aws.ec2"]}})\ndef handler_{n}(event):\n',
    "@app.lambda_function()\ndef handler_{n}(event, context):\n",
)

_POWERTOOLS_HEAD = """\
import json
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

app = APIGatewayHttpResolver()


def handler(event, context):
    return app.resolve(event, context)

"""

_POWERTOOLS_ROUTE = '@app.get("/photos/{n}")\ndef handler_{n}():\n    return {{"n": {n}}}\n\n'

_MANGUM = """\
import json
from mangum import Mangum
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route


async def photo(request):
    return JSONResponse({{}})


handler = Mangum(Starlette(routes=[Route(f"/photos/{{n}}", photo) for n in range({count})]), lifespan="off")
"""

_STACK_HANDLER = """\
def measure(event, context):
    import numpy
    import pydantic
    import requests

    return [numpy.__version__, pydantic.VERSION, requests.__version__]
"""
"""Imports where it runs, for neither tool has the application's dependencies beside it."""

_LAKON_APP = f"""\
import lakon

service = lakon.Service("bench", python="{PYTHON}")


@service.function
{_STACK_HANDLER}"""

_CHALICE_APP = f"""\
from chalice import Chalice

app = Chalice(app_name="bench")


@app.lambda_function()
{_STACK_HANDLER}"""

_CHALICE_CONFIG = '{"version": "2.0", "app_name": "bench", "stages": {"dev": {}}}'
_REQUIREMENTS = """\
requests==2.32.5
pydantic==2.12.3
numpy==2.2.6; python_version < "3.12"
numpy==2.3.4; python_version >= "3.12"
"""
"""The runtime of Python 3.11 is Amazon Linux 2, whose glibc is too old for the wheels of numpy 2.3."""


def lakon_program(count: int) -> str:
    """A program of `count` functions with buckets, tables, queues, triggers, grants and alarms."""
    return _LAKON_HEAD + _functions(count, _LAKON_GROUP, _LAKON_FUNCTIONS, _HANDLER)


def chalice_program(count: int) -> str:
    """The same triggers in chalice, which has neither resources, grants nor alarms."""
    return _CHALICE_HEAD + _functions(count, "", _CHALICE_FUNCTIONS, "    return json.dumps({{}})\n\n\n")


def powertools_program(count: int) -> str:
    """A resolver of Powertools with `count` routes."""
    return _POWERTOOLS_HEAD + "".join(_POWERTOOLS_ROUTE.format(n=n) for n in range(count))


def mangum_program(count: int) -> str:
    """A Starlette application of `count` routes behind Mangum."""
    return _MANGUM.format(count=count)


def lakon_project(folder: Path) -> Path:
    """Write a project that needs requests, pydantic and numpy into `folder`; return its program."""
    return _project(folder, _LAKON_APP)


def chalice_project(folder: Path) -> Path:
    """Write the same project for chalice."""
    program = _project(folder, _CHALICE_APP)
    (folder / ".chalice").mkdir()
    (folder / ".chalice" / "config.json").write_text(_CHALICE_CONFIG)
    return program


def _functions(count: int, group: str, kinds: tuple[str, ...], body: str) -> str:
    text = []
    for n in range(count):
        g, kind = divmod(n, len(kinds))
        if kind == 0:
            text.append(group.format(n=g))
        text.append((kinds[kind] + body).format(n=n, g=g))
    return "".join(text)


def _project(folder: Path, program: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "requirements.txt").write_text(_REQUIREMENTS)
    (folder / "app.py").write_text(program)
    return folder / "app.py"

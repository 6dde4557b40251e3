"""The supervisor program of these tests: what `lakon.commands` has for users."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from lakon.local.host import Limits
from lakon.local.supervisor import serve

if TYPE_CHECKING:
    from lakon.local.logs import LogsClient


def logs_client(endpoint_url: str, region: str) -> LogsClient:
    import boto3

    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=region)
    return session.client("logs", endpoint_url=endpoint_url)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--owner-pid", type=int)
    parser.add_argument("--idle", type=float, default=300)
    arguments = parser.parse_args()
    serve(arguments.folder, logs_client, arguments.owner_pid, Limits(init=3.0, idle=arguments.idle))

"""The code of functions that are there already: exchanged, and started before the first event asks for it."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakon.provision.session import Session

_INITIALIZE = base64.b64encode(json.dumps({"custom": {"lakon": "initialize"}}).encode()).decode()


def exchange(session: Session, functions: Iterable[str], bucket: str, key: str) -> None:
    """Give the functions (physical names) the archive at `key` of `bucket`, as Lambda's UpdateFunctionCode does.

    Events under way end with the code they began with; later ones meet the new. RefusedError when AWS refuses it.
    """
    for function in functions:
        session.client("lambda").update_function_code(FunctionName=function, S3Bucket=bucket, S3Key=key)


def initialize(session: Session, function: str) -> None:
    """Have the embedded AWS start an execution environment of a function, unless one waits already.

    It is asked by a dry run with a client context of ours; elsewhere a dry run only checks permissions.
    """
    session.client("lambda").invoke(FunctionName=function, InvocationType="DryRun", ClientContext=_INITIALIZE)

"""The code of functions that are there already: exchanged, and started before the first event asks for it."""

from __future__ import annotations

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from lakon.exceptions import ProvisionError
from lakon.provision.artifacts import archive_key
from lakon.provision.session import CONNECTIONS, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from mypy_boto3_lambda.type_defs import FunctionConfigurationResponseTypeDef

    from lakon.provision.session import Session

Found = TypeVar("Found")

_INITIALIZE = base64.b64encode(json.dumps({"custom": {"lakon": "initialize"}}).encode()).decode()
_FIRST_LOOK, _FIRST_LOCAL_LOOK = 0.6, 0.1  # seconds before an update is looked at first
_LOOKS = 120


def exchange(session: Session, functions: Iterable[str], bucket: str, key: str) -> None:
    """Give the functions (physical names) the archive at `key` of `bucket`, as Lambda's UpdateFunctionCode does.

    Events under way end with the code they began with; later ones meet the new. RefusedError when AWS refuses it.
    """
    on_each(functions, lambda function: _update(session, function, bucket, key))


def bring(session: Session, bucket: str, archives: Mapping[str, Path]) -> tuple[str, ...]:
    """Exchange the code of those functions that have another, all at once; return them when they answer with it.

    `archives` tells what each shall have, by physical name: a file named by the SHA-256 of its content, which lies in
    `bucket`. Three calls where Lambda takes no longer than usual, and one where a function has the code.
    ProvisionError when there is no such function, or Lambda cannot use the code.
    """

    def one(function: str) -> str | None:
        archive = archives[function]
        if settled(session, function)["CodeSha256"] == base64.b64encode(bytes.fromhex(archive.stem)).decode():
            return None
        _update(session, function, bucket, archive_key(archive))
        time.sleep(_FIRST_LOCAL_LOOK if session.local else _FIRST_LOOK)
        settled(session, function)
        return function

    return tuple(function for function in on_each(archives, one) if function)


def settled(session: Session, function: str, qualifier: str = "$LATEST") -> FunctionConfigurationResponseTypeDef:
    """What a function, or a version of it, is, once Lambda is done with it. ProvisionError when its update failed."""
    for _ in range(_LOOKS):
        try:
            held = session.client("lambda").get_function_configuration(FunctionName=function, Qualifier=qualifier)
        except RefusedError as refused:
            if refused.status == 404:
                raise ProvisionError(
                    f"there is no function {function}", hint=f"{session.command('provision')} makes it."
                ) from refused
            raise
        if held.get("LastUpdateStatus") == "Failed" or held.get("State") == "Failed":
            reason = held.get("LastUpdateStatusReason") or held.get("StateReason") or "no reason is told"
            raise ProvisionError(f"Lambda could not update the function {function}: {reason}")
        if held.get("LastUpdateStatus") != "InProgress" and held.get("State") != "Pending":
            return held
        time.sleep((_FIRST_LOCAL_LOOK if session.quick else _FIRST_LOOK) / 2)
    raise ProvisionError(f"Lambda does not finish the update of the function {function}", hint="Run the command again.")


def on_each(names: Iterable[str], work: Callable[[str], Found]) -> list[Found]:
    """Do the work for each name, several at once; what one raises is raised when all have ended."""
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        waiting = [pool.submit(work, name) for name in names]
    return [each.result() for each in waiting]


def initialize(session: Session, function: str) -> None:
    """Have the embedded AWS start an execution environment of a function, unless one waits already.

    It is asked by a dry run with a client context of ours; elsewhere a dry run only checks permissions.
    """
    session.client("lambda").invoke(FunctionName=function, InvocationType="DryRun", ClientContext=_INITIALIZE)


def _update(session: Session, function: str, bucket: str, key: str) -> None:
    session.client("lambda").update_function_code(FunctionName=function, S3Bucket=bucket, S3Key=key)

"""Calling a function: Lambda's Invoke API."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lakon.exceptions import ProvisionError
from lakon.provision.session import RefusedError

if TYPE_CHECKING:
    from lakon.provision.session import Session


@dataclass(frozen=True, slots=True)
class Invocation:
    """What a call gave.

    `payload` is empty for an event; `error` is the kind of error ("Unhandled") or None; `log` holds the last 4 KB.
    """

    payload: bytes
    error: str | None
    log: str
    version: str | None


def invoke(
    session: Session, function: str, payload: bytes, *, qualifier: str | None = None, event: bool = False
) -> Invocation:
    """Call a function by its name or ARN and wait for its answer; with `event`, only hand the payload over.

    The call is made once and never repeated, whatever happens. An error of the function is not an exception: it stands
    in `Invocation.error`, and the payload tells of it.

    Raises:
        ProvisionError: there is no such function or qualifier.
        RefusedError: AWS does not take the call.

    """
    kind: Literal["Event", "RequestResponse"] = "Event" if event else "RequestResponse"
    version = {} if qualifier is None else {"Qualifier": qualifier}
    try:
        answer = session.invoker.invoke(
            FunctionName=function, InvocationType=kind, LogType="None" if event else "Tail", Payload=payload, **version
        )
    except RefusedError as refused:
        if refused.code != "ResourceNotFoundException":
            raise
        wanted = function if qualifier is None else f"{function}:{qualifier}"
        raise ProvisionError(
            f"there is no function {wanted}", hint=f"{session.command('provision')} makes the functions of a program."
        ) from refused
    return Invocation(
        payload=answer["Payload"].read(),
        error=answer.get("FunctionError"),
        log=base64.b64decode(answer.get("LogResult", "")).decode(errors="replace"),
        version=answer.get("ExecutedVersion"),
    )

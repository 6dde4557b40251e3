"""What an invocation, or an init phase, came to: Lambda's own errors, and what the log says of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from lakon.local.answers import Answer
from lakon.local.platform_log import Status
from lakon.local.runtime_api import Ending

if TYPE_CHECKING:
    from lakon.local.environment import ExecutionEnvironment
    from lakon.local.functions import Function


_SUCCESS = Status()


class Verdict(NamedTuple):
    """An answer, and how the log tells of it."""

    answer: Answer
    status: Status = _SUCCESS
    timed_out: bool = False


def judge(function: Function, environment: ExecutionEnvironment, request_id: str, ending: Ending) -> Verdict:
    """What an invocation came to: an answer once posted stands, whatever happens to the processes afterwards."""
    if ending is Ending.TIMED_OUT:
        return timeout(function, environment, request_id)
    answer = environment.answer
    if ending is Ending.EXITED:
        error_type, reason = environment.exit_reason
        environment.stream.write(f"RequestId: {request_id} Error: {reason}\n{error_type}")
        status = Status("error", error_type, fatal=True)
        return Verdict(answer or failure(error_type, request_id, reason), status)
    if answer is None:
        answer = failure("Runtime.Unknown", request_id, "no answer")
    return Verdict(answer, Status("error", answer.error_type) if answer.error_type else _SUCCESS)


def timeout(function: Function, environment: ExecutionEnvironment, request_id: str) -> Verdict:
    """The invocation took longer than the function may."""
    message = f"Task timed out after {function.timeout:.2f} seconds"
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    environment.stream.write(f"{now} {request_id} {message}\n")
    late = failure("Sandbox.Timedout", request_id, message)
    return Verdict(environment.answer or late, Status("timeout", fatal=True), timed_out=True)


def init_failure(environment: ExecutionEnvironment, request_id: str) -> Answer:
    """Why an environment could not be initialised: what the runtime posted, else how it ended."""
    error_type, reason = environment.exit_reason
    return environment.answer or failure(error_type, request_id, reason)


def init_status(environment: ExecutionEnvironment, ending: Ending) -> Status:
    """How the init phase ended."""
    if environment.usable:
        return _SUCCESS
    if ending is Ending.TIMED_OUT:
        return Status("timeout", fatal=True)
    return Status("error", init_failure(environment, "").error_type, fatal=True)


def failure(error_type: str, request_id: str, message: str) -> Answer:
    """An error of Lambda's own."""
    return Answer.failure(error_type, f"RequestId: {request_id} Error: {message}")

"""Checks of the environment variables of functions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lakon.model.values import MARK
from lakon.synth.checks.mistakes import spelled
from lakon.synth.functions import told

if TYPE_CHECKING:
    from lakon.model.function import Function
    from lakon.model.service import Service
    from lakon.synth.checks.mistakes import Mistakes

VARIABLE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]+")
MAX_ENVIRONMENT = 4096
RESERVED_VARIABLES = frozenset(
    (
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    )
)


def check_environment(service: Service, function: Function, mistakes: Mistakes) -> None:
    """The variables that a function declares, beside those that Lakon adds: names, values, and the size of it all."""
    origin, name = function.origin, function.name
    if not mistakes.mapping(origin, f"env of {name!r}", function.env, 'env={"COLOUR": "blue"}'):
        return
    for key, value in function.env.items():
        mistakes.unless(
            isinstance(value, str),
            origin,
            f"the variable {key!r} of {name!r} is {value!r:.60}",
            "the value of an environment variable is a text, or an attribute of a handle",
        )
        mistakes.unless(
            spelled(VARIABLE_NAME, key) and key not in RESERVED_VARIABLES,
            origin,
            f"{name!r} has a variable named {key!r}",
            "a name is a letter and then letters, digits or underscores, and is not one of Lambda's own",
        )
    variables = {**_check_told(service, function, mistakes), **function.env}
    size = sum(
        [
            len(key) + len(value.encode())
            for key, value in variables.items()
            if isinstance(value, str) and MARK not in value
        ]
    )
    mistakes.unless(
        size <= MAX_ENVIRONMENT,
        origin,
        f"the environment of {name!r} has {size:,} bytes",
        f"Lambda takes at most {MAX_ENVIRONMENT:,}: keep long values in a parameter, a bucket or a file",
    )


def _check_told(service: Service, function: Function, mistakes: Mistakes) -> dict[str, str]:
    """The variables by which Lakon tells where things are: each has a name, and means one thing."""
    origin, name = function.origin, function.name
    variables: dict[str, str] = {}
    things: dict[str, str] = {}
    for key, value, thing in told(service, function):
        mistakes.unless(
            variables.setdefault(key, value) == value,
            origin,
            f"{name!r} would find {things.setdefault(key, thing)} and {thing} in one variable, {key}",
            'rename one of them; what exists already goes by handle="..."',
        )
        mistakes.unless(
            spelled(VARIABLE_NAME, key),
            origin,
            f"{name!r} would find {thing} in a variable named {key!r}",
            'a variable\'s name begins with a letter: rename it; what exists already goes by handle="..."',
        )
        mistakes.unless(
            key not in function.env,
            origin,
            f"{name!r} sets {key!r}, by which Lakon tells it where a resource is",
            "choose another name for the variable",
        )
    return variables

"""Checks of functions: names, AWS's ranges, environment, alarms."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lakon.model.function import Function, Vpc
from lakon.model.resources import Queue, Topic
from lakon.model.values import MARK
from lakon.synth.alarms import milliseconds
from lakon.synth.checks.service import check_architecture, check_retention, check_tags
from lakon.synth.functions import environment, handler_path

if TYPE_CHECKING:
    from lakon.model.alarms import Alarm
    from lakon.model.service import Service
    from lakon.synth.checks.mistakes import Mistakes

FUNCTION_NAME = re.compile(r"[A-Za-z0-9_-]+")
VARIABLE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]+")
DESTINATION = re.compile(r"arn:[^:]+:(sqs|sns|lambda|events|s3):.+")
MAX_NAME = 64
MAX_ENVIRONMENT = 4096
LOG_LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
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


def check_functions(service: Service, stage: str, mistakes: Mistakes) -> None:
    """Every function that the service declares."""
    names: dict[str, Function] = {}
    for function in service.functions:
        first = names.setdefault(function.name, function)
        mistakes.unless(
            first is function,
            function.origin,
            f"two functions are named {function.name!r}",
            f'the first stands at {mistakes.place(first.origin)}; give this one another name: name="..."',
        )
        _check_name(function, f"{service.name}-{stage}-{function.name}", mistakes)
        _check_handler(function, mistakes)
        _check_ranges(function, mistakes)
        _check_environment(function, mistakes)
        _check_destinations(service, function, mistakes)
        for alarm in function.alarms:
            _check_alarm(service, function, alarm, mistakes)


def _check_name(function: Function, physical: str, mistakes: Mistakes) -> None:
    mistakes.unless(
        bool(FUNCTION_NAME.fullmatch(function.name)),
        function.origin,
        f"a function is named {function.name!r}",
        'Lambda takes letters, digits, hyphens and underscores; give it one with name="..."',
    )
    mistakes.unless(
        len(physical) <= MAX_NAME,
        function.origin,
        f"the function would be named {physical!r}, which has {len(physical)} characters",
        f"Lambda takes at most {MAX_NAME}: shorten the name of the service, the stage or the function",
    )


def _check_handler(function: Function, mistakes: Mistakes) -> None:
    mistakes.unless(
        callable(function.handler),
        function.origin,
        f"the handler of {function.name!r} is {function.handler!r}",
        "decorate a function that takes (event, context)",
    )
    if not callable(function.handler):
        return
    qualified = str(getattr(function.handler, "__qualname__", ""))
    mistakes.unless(
        qualified.isidentifier(),
        function.origin,
        f"the handler of {function.name!r} is {handler_path(function)}, which Lambda cannot import",
        "a handler is a function at the top level of its module: def handler(event, context)",
    )


def _check_ranges(function: Function, mistakes: Mistakes) -> None:
    origin, name = function.origin, function.name
    mistakes.within(origin, f"memory of {name!r} in MB", function.memory, 128, 10_240)
    mistakes.within(origin, f"timeout of {name!r} in seconds", function.timeout, 1, 900)
    mistakes.within(origin, f"ephemeral_storage of {name!r} in MB", function.ephemeral_storage, 512, 10_240)
    if function.reserved_concurrency is not None:
        mistakes.within(origin, f"reserved_concurrency of {name!r}", function.reserved_concurrency, 0, 100_000)
    if function.retries is not None:
        mistakes.within(origin, f"retries of {name!r}", function.retries, 0, 2)
    if function.max_event_age is not None:
        mistakes.within(origin, f"max_event_age of {name!r} in seconds", function.max_event_age, 60, 21_600)
    check_architecture(function.architecture, origin, mistakes)
    check_retention(function.log_retention_days, origin, mistakes)
    check_tags(function.tags, origin, mistakes)
    mistakes.unless(
        len(function.layers) <= 5, origin, f"{name!r} has {len(function.layers)} layers", "Lambda takes at most five"
    )
    mistakes.unless(
        len(function.description) <= 256,
        origin,
        f"the description of {name!r} has {len(function.description)} characters",
        "Lambda takes at most 256",
    )
    mistakes.unless(
        function.vpc is None or (isinstance(function.vpc, Vpc) and bool(function.vpc.subnets)),
        origin,
        f"vpc of {name!r} is {function.vpc!r}",
        'write vpc=lakon.Vpc(subnets=["subnet-..."], security_groups=["sg-..."])',
    )
    mistakes.unless(
        function.log_format in ("text", "json"),
        origin,
        f"log_format of {name!r} is {function.log_format!r}",
        'it is "text" or "json"',
    )
    if function.log_level is not None:
        mistakes.unless(
            function.log_format == "json" and function.log_level in LOG_LEVELS,
            origin,
            f"log_level of {name!r} is {function.log_level!r} with log_format {function.log_format!r}",
            f'a level is one of {", ".join(LOG_LEVELS)}, and Lambda filters only logs of log_format="json"',
        )


def _check_environment(function: Function, mistakes: Mistakes) -> None:
    for key, value in function.env.items():
        mistakes.unless(
            isinstance(value, str),
            function.origin,
            f"the variable {key!r} of {function.name!r} is {value!r}",
            "the value of an environment variable is a text, or an attribute of a handle",
        )
        mistakes.unless(
            isinstance(key, str) and bool(VARIABLE_NAME.fullmatch(key)) and key not in RESERVED_VARIABLES,
            function.origin,
            f"{function.name!r} has a variable named {key!r}",
            "a name is a letter and then letters, digits or underscores, and is not one of Lambda's own",
        )
    told = {name for resource in function.touched() for name in resource.variables()}
    for key in sorted(told & set(function.env)):
        mistakes.add(
            function.origin,
            f"{function.name!r} sets {key!r}, by which Lakon tells it where a resource is",
            "choose another name for the variable",
        )
    texts = environment(function).items()
    size = sum(len(key) + len(value.encode()) for key, value in texts if isinstance(value, str) and MARK not in value)
    mistakes.unless(
        size <= MAX_ENVIRONMENT,
        function.origin,
        f"the environment of {function.name!r} has {size:,} bytes",
        f"Lambda takes at most {MAX_ENVIRONMENT:,}: keep long values in a parameter, a bucket or a file",
    )


def _check_destinations(service: Service, function: Function, mistakes: Mistakes) -> None:
    targets = {
        "dead_letters": function.dead_letters,
        "on_success": function.on_success,
        "on_failure": function.on_failure,
    }
    for option, target in targets.items():
        if target is None:
            continue
        if isinstance(target, (Queue, Topic)):
            right = (not target.owned or target in service.resources) and not target.fifo
        else:
            right = isinstance(target, str) and bool(DESTINATION.fullmatch(target))
        mistakes.unless(
            right,
            function.origin,
            f"{option} of {function.name!r} is {target!r}",
            "give a queue or topic of this service that is not FIFO, or the ARN of one that exists",
        )


def _check_alarm(service: Service, function: Function, alarm: Alarm, mistakes: Mistakes) -> None:
    origin = function.origin
    if isinstance(alarm.threshold, str):
        mistakes.unless(
            milliseconds(alarm.threshold) is not None,
            origin,
            f"an alarm of {function.name!r} has the length {alarm.threshold!r}",
            'a length is written as "250ms", "15s" or "2m"',
        )
    else:
        mistakes.unless(
            isinstance(alarm.threshold, int | float) and alarm.threshold > 0,
            origin,
            f"an alarm of {function.name!r} has the threshold {alarm.threshold!r}",
            "a threshold is a number above zero",
        )
    mistakes.within(origin, f"minutes of an alarm of {function.name!r}", alarm.minutes, 1, 1440)
    notify = alarm.notify
    right = notify is None or (
        (not notify.owned or notify in service.resources)
        if isinstance(notify, Topic)
        else isinstance(notify, str) and notify.startswith("arn:")
    )
    mistakes.unless(
        right,
        origin,
        f"an alarm of {function.name!r} notifies {notify!r}",
        "give a topic of this service, or the ARN of one that exists",
    )

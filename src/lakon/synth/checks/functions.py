"""Checks of functions: names, AWS's ranges, destinations, alarms."""

from __future__ import annotations

import re
from inspect import isclass, iscoroutinefunction
from typing import TYPE_CHECKING, assert_never

from lakon.model.alarms import Alarm
from lakon.model.code import ApiHandler, AuthorizerHandler, GoProgram, PythonHandler, WebProgram
from lakon.model.function import Function, Vpc
from lakon.model.grants import Invoke
from lakon.model.http import Url
from lakon.model.resources import Queue, Topic
from lakon.model.traffic import AllAtOnce, Canary, Linear
from lakon.model.values import MARK
from lakon.synth.alarms import milliseconds
from lakon.synth.checks.code import check_program
from lakon.synth.checks.environment import check_environment
from lakon.synth.checks.mistakes import are_texts, is_number, spelled
from lakon.synth.checks.service import check_architecture, check_retention, check_tags
from lakon.synth.functions import python_path, streams
from lakon.synth.grants import invoked_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakon.model.service import Service
    from lakon.synth.checks.mistakes import Mistakes

FUNCTION_NAME = re.compile(r"[A-Za-z0-9_-]+")
DESTINATION = re.compile(r"arn:[^:]+:(sqs|sns|lambda|events|s3):.+")
MAX_NAME = 64
KEY = re.compile(r"arn:[^:]+:kms:.+")
LAYER = re.compile(r"arn:[^:]+:lambda:[^:]+:[0-9]{12}:layer:[A-Za-z0-9_-]+:[0-9]+")
WITHOUT_SNAPSHOTS = ("3.10", "3.11")
LOG_LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")


def check_functions(service: Service, stage: str, mistakes: Mistakes) -> None:
    """Every function that the service declares."""
    names: dict[str, Function] = {}
    physical: dict[str, Function] = {}
    handlers: dict[str, Function] = {}
    for function in service.functions:
        first = names.setdefault(str(function.name), function)
        mistakes.unless(
            first is function,
            function.origin,
            f"two functions are named {function.name!r}",
            f'the first stands at {mistakes.place(first.origin)}; give this one another name: name="..."',
        )
        _check_name(function, f"{service.name}-{stage}", physical, mistakes)
        _check_code(function, handlers, mistakes)
        _check_ranges(function, mistakes)
        _check_texts(function, mistakes)
        _check_vpc(function, mistakes)
        _check_url(function, mistakes)
        _check_logs(function, mistakes)
        _check_snapshots(service, function, mistakes)
        _check_traffic(service, function, mistakes)
        check_environment(service, function, mistakes)
        _check_destinations(service, function, mistakes)
        for alarm in function.alarms:
            _check_alarm(service, function, alarm, mistakes)


def _check_name(function: Function, stack: str, known: dict[str, Function], mistakes: Mistakes) -> None:
    """Its name, and that in AWS. `known` are the functions seen so far, by the latter."""
    mistakes.unless(
        spelled(FUNCTION_NAME, function.name),
        function.origin,
        f"a function is named {function.name!r}",
        'Lambda takes letters, digits, hyphens and underscores; give it one with name="..."',
    )
    physical = function.physical(stack)
    if function.physical_name is None:
        mistakes.unless(
            len(physical) <= MAX_NAME,
            function.origin,
            f"the function would be named {physical!r}, which has {len(physical)} characters",
            f"Lambda takes at most {MAX_NAME}: shorten the name of the service, the stage or the function",
        )
    elif not (spelled(FUNCTION_NAME, physical) and len(physical) <= MAX_NAME):
        mistakes.add(
            function.origin,
            f"physical_name of {function.name!r} is {physical!r:.80}",
            f"Lambda takes at most {MAX_NAME} letters, digits, hyphens and underscores, and no ARN",
        )
        return
    first = known.setdefault(physical, function)
    mistakes.unless(
        first.name == function.name,
        function.origin,
        f"{first.name!r} and {function.name!r} would be one function in AWS, {physical!r}",
        f"give one of them another physical_name=; the first stands at {mistakes.place(first.origin)}",
    )


def _check_code(function: Function, handlers: dict[str, Function], mistakes: Mistakes) -> None:
    """What it runs. `handlers` are the Python handlers seen so far, with the first function of each."""
    match function.code:
        case ApiHandler(call=api):
            mistakes.unless(
                api.address() is not None,
                api.origin,
                f"the {api.kind.replace('_', ' ')} {api.id!r} has no name by which Lambda could find it",
                "bind it to a name at the top level of the module that makes it: api = service.http_api(...)",
            )
        case PythonHandler(call=call):
            _check_handler(function, call, handlers, mistakes)
        case GoProgram() | WebProgram():
            check_program(function, function.code, mistakes)
        case _:
            assert_never(function.code)


def _check_handler(
    function: Function, handler: Callable[..., object], handlers: dict[str, Function], mistakes: Mistakes
) -> None:
    """Whether Lambda can import and call it, and means no other by its name."""
    if not _is_importable(function, handler, mistakes):
        return
    path = python_path(handler)
    first = handlers.setdefault(path, function)
    mistakes.unless(
        isinstance(first.code, PythonHandler) and first.code.call is handler,
        function.origin,
        f"{function.name!r} and {first.name!r} are two handlers of one name, {path}",
        f"Lambda would call the last for both: rename one; the first stands at {mistakes.place(first.origin)}",
    )


def _is_importable(function: Function, handler: Callable[..., object], mistakes: Mistakes) -> bool:
    """Say whether Lambda can import and call the handler."""
    origin, name = function.origin, function.name
    if not callable(handler) or isclass(handler):
        hint = "decorate a function that takes (event, context)"
        mistakes.add(origin, f"the handler of {name!r} is {handler!r:.60}", hint)
        return False
    mistakes.unless(
        isinstance(function.code, AuthorizerHandler) or not iscoroutinefunction(handler),
        origin,
        f"the handler of {name!r} is asynchronous, and Lambda does not await it",
        "write def instead of async def, and in it asyncio.run(...)",
    )
    importable = str(getattr(handler, "__qualname__", "")).isidentifier()
    mistakes.unless(
        importable,
        origin,
        f"the handler of {name!r} is {python_path(handler)}, which Lambda cannot import",
        "a handler is a function at the top level of its module: def handler(event, context)",
    )
    return importable


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


def _check_texts(function: Function, mistakes: Mistakes) -> None:
    origin, name = function.origin, function.name
    mistakes.text(origin, f"the description of {name!r}", function.description, 256)
    mistakes.flags(origin, name, tracing=function.tracing, snap_start=function.snap_start)
    check_architecture(function.architecture, origin, mistakes)
    check_tags(function.tags, origin, mistakes)
    mistakes.unless(
        len(function.layers) <= 5, origin, f"{name!r} has {len(function.layers)} layers", "Lambda takes at most five"
    )
    for layer in function.layers:
        mistakes.unless(
            spelled(LAYER, layer) or _has_token(layer),
            origin,
            f"{name!r} has the layer {layer!r:.60}",
            "a layer is the ARN of one of its versions: arn:aws:lambda:eu-west-1:111122223333:layer:tools:3",
        )
    mistakes.unless(
        function.kms_key is None or spelled(KEY, function.kms_key) or _has_token(function.kms_key),
        origin,
        f"kms_key of {name!r} is {function.kms_key!r:.60}",
        "a key is named by its ARN: arn:aws:kms:eu-west-1:111122223333:key/...",
    )


def _has_token(value: object) -> bool:
    return isinstance(value, str) and MARK in value


def _check_vpc(function: Function, mistakes: Mistakes) -> None:
    vpc = function.vpc
    mistakes.unless(
        vpc is None
        or (isinstance(vpc, Vpc) and all(ids and are_texts(ids) for ids in (vpc.subnets, vpc.security_groups))),
        function.origin,
        f"vpc of {function.name!r} is {vpc!r}",
        'write vpc=lakon.Vpc(subnets=["subnet-..."], security_groups=["sg-..."])',
    )


def _check_url(function: Function, mistakes: Mistakes) -> None:
    url = function.url
    right = isinstance(url, bool) or (isinstance(url, Url) and url.auth in ("iam", "public"))
    hint = 'write url=True, or url=lakon.Url(auth="public"): auth is "iam" or "public"'
    told = f"auth {url.auth!r}" if isinstance(url, Url) else repr(url)
    mistakes.unless(right, function.origin, f"url of {function.name!r} is {told:.60}", hint)
    if isinstance(url, Url):
        mistakes.flags(function.origin, function.name, streaming=url.streaming)
    mistakes.unless(
        not (function.snap_start is True and isinstance(function.code, PythonHandler) and streams(function)),
        function.origin,
        f"{function.name!r} has snap_start, and answers in streams",
        "Lakon streams in the place of AWS's Python runtime, which alone restores snapshots: leave one of them out",
    )


def _check_logs(function: Function, mistakes: Mistakes) -> None:
    origin, name = function.origin, function.name
    check_retention(function.log_retention_days, origin, mistakes)
    mistakes.unless(
        function.log_format in ("text", "json"),
        origin,
        f"log_format of {name!r} is {function.log_format!r}",
        'it is "text" or "json"',
    )
    mistakes.unless(
        function.log_level is None or (function.log_format == "json" and function.log_level in LOG_LEVELS),
        origin,
        f"log_level of {name!r} is {function.log_level!r} with log_format {function.log_format!r}",
        f'a level is one of {", ".join(LOG_LEVELS)}, and Lambda filters only logs of log_format="json"',
    )


def _check_snapshots(service: Service, function: Function, mistakes: Mistakes) -> None:
    """See "Improving startup performance with Lambda SnapStart"."""
    if function.snap_start is not True:
        return
    mistakes.unless(
        service.python not in WITHOUT_SNAPSHOTS,
        function.origin,
        f"{function.name!r} has snap_start under Python {service.python}",
        "Lambda keeps snapshots of Python 3.12 and later",
    )
    mistakes.unless(
        function.ephemeral_storage == 512,
        function.origin,
        f"{function.name!r} has snap_start and an ephemeral_storage of {function.ephemeral_storage!r} MB",
        "Lambda keeps snapshots only of functions with 512 MB",
    )


def _check_traffic(service: Service, function: Function, mistakes: Mistakes) -> None:
    """See "Working with deployment configurations in CodeDeploy"."""
    origin, name, traffic = function.origin, function.name, function.traffic
    if (count := function.provisioned_concurrency) is not None:
        mistakes.within(origin, f"provisioned_concurrency of {name!r}", count, 1, 100_000)
        mistakes.unless(
            function.snap_start is not True,
            origin,
            f"{name!r} has snap_start and provisioned_concurrency",
            "Lambda keeps snapshots or environments of a version, not both: leave one of them out",
        )
    if traffic is None:
        return
    if not isinstance(traffic, (Canary, Linear, AllAtOnce)):
        hint = "write traffic=lakon.Canary(10, minutes=5), lakon.Linear(10, minutes=1) or lakon.AllAtOnce()"
        mistakes.unless(False, origin, f"traffic of {name!r} is {traffic!r:.60}", hint)
        return
    if not isinstance(traffic, AllAtOnce):
        mistakes.within(origin, f"percent of the traffic of {name!r}", traffic.percent, 1, 99)
        mistakes.within(origin, f"minutes of the traffic of {name!r}", traffic.minutes, 1, 2880)
    for hook in (traffic.before, traffic.after):
        found = [name] if hook is None else invoked_names(Invoke(hook), service)
        mistakes.unless(
            hook is None or (len(found) == 1 and found != [name]),
            origin,
            f"a hook of the traffic of {name!r} is {hook!r:.60}",
            "a hook is another function of this service: the decorated one, what go_function returned, or a name",
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
            right = spelled(DESTINATION, target)
        mistakes.unless(
            right,
            function.origin,
            f"{option} of {function.name!r} is {target!r}",
            "give a queue or topic of this service that is not FIFO, or the ARN of one that exists",
        )


def _check_alarm(service: Service, function: Function, alarm: Alarm, mistakes: Mistakes) -> None:
    origin, name = function.origin, function.name
    if not isinstance(alarm, Alarm):
        hint = "an alarm is made by lakon.errors(), lakon.throttles() or lakon.duration(...)"
        mistakes.add(origin, f"alarms= of {name!r} has {alarm!r:.60}, which is no alarm", hint)
        return
    threshold, notify = alarm.threshold, alarm.notify
    if alarm.metric == "Duration":
        mistakes.unless(
            isinstance(threshold, str) and bool(milliseconds(threshold)),
            origin,
            f"an alarm of {name!r} has the length {threshold!r:.60}",
            'a length is written as "250ms", "15s" or "2m"',
        )
    else:
        mistakes.unless(
            is_number(threshold) and threshold > 0,
            origin,
            f"an alarm of {name!r} has the threshold {threshold!r:.60}",
            "a threshold is a whole number above zero",
        )
    mistakes.within(origin, f"minutes of an alarm of {name!r}", alarm.minutes, 1, 1440)
    right = notify is None or (
        (not notify.owned or notify in service.resources)
        if isinstance(notify, Topic)
        else isinstance(notify, str) and notify.startswith(("arn:", MARK))
    )
    mistakes.unless(
        right,
        origin,
        f"an alarm of {name!r} notifies {notify!r:.60}",
        "give a topic of this service, or the ARN of one that exists",
    )

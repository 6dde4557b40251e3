"""Checks of what a function may touch."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lakon.model.grants import Allow, Grant, Invoke
from lakon.model.resource import Resource
from lakon.synth.grants import ACTIONS, invoked_name

if TYPE_CHECKING:
    from lakon.model.function import Function
    from lakon.model.service import Service
    from lakon.synth.checks.mistakes import Mistakes

ACTION = re.compile(r"\*|[a-z0-9-]+:[A-Za-z0-9*?]+")


def check_uses(service: Service, mistakes: Mistakes) -> None:
    """Every grant of every function."""
    names = {function.name for function in service.functions}
    handlers = {id(function.handler): function.name for function in service.functions}
    for function in service.functions:
        for use in function.uses:
            match use:
                case Grant():
                    _check_grant(service, function, use, mistakes)
                case Allow():
                    _check_allow(function, use, mistakes)
                case Invoke():
                    mistakes.unless(
                        id(use.function) in handlers or invoked_name(use) in names,
                        function.origin,
                        f"{function.name!r} may invoke {invoked_name(use)!r}, which is no function of this service",
                        "pass the decorated function, or allow lambda:InvokeFunction on the other's ARN",
                    )
                case _:
                    _check_stranger(function, use, mistakes)


def _check_grant(service: Service, function: Function, grant: Grant, mistakes: Mistakes) -> None:
    resource = grant.resource
    mistakes.unless(
        not resource.owned or resource in service.resources,
        function.origin,
        f"{function.name!r} uses {resource!r}, which is not of the service {service.name!r}",
        f"declare it on this service, or use {type(resource).__name__}.existing(...)",
    )


def _check_allow(function: Function, use: Allow, mistakes: Mistakes) -> None:
    for action in use.actions:
        mistakes.unless(
            bool(ACTION.fullmatch(action)),
            function.origin,
            f"{function.name!r} is allowed {action!r}",
            'an action is written as in "rekognition:DetectLabels"',
        )
    for resource in use.resources:
        mistakes.unless(
            resource == "*" or resource.startswith(("arn:", "${lakon:")),
            function.origin,
            f"{function.name!r} is allowed something on {resource!r}",
            'a resource is an ARN, an attribute of a handle such as photos.arn, or "*"',
        )


def _check_stranger(function: Function, use: object, mistakes: Mistakes) -> None:
    if isinstance(use, Resource):
        ways = " or ".join(f".{access}" for kind, access in ACTIONS if kind == use.kind)
        hint = f"say how it is used: {use.id}{ways}" if ways else "name the actions with lakon.allow(...)"
    else:
        hint = "a use is a grant of a handle, as photos.read, or lakon.allow(...), or lakon.invoke(...)"
    mistakes.add(function.origin, f"uses= of {function.name!r} has {use!r}, which grants nothing", hint)

"""Checks of what a function may touch."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lakon.model.grants import Allow, Grant, Invoke
from lakon.model.resource import Resource
from lakon.model.values import MARK
from lakon.synth.checks.mistakes import spelled
from lakon.synth.checks.service import check_known
from lakon.synth.grants import ACTIONS, invoked_names

if TYPE_CHECKING:
    from lakon.model.function import Function
    from lakon.model.service import Service
    from lakon.synth.checks.mistakes import Mistakes

ACTION = re.compile(r"\*|[a-z0-9-]+:[A-Za-z0-9*?]+")


def check_uses(service: Service, mistakes: Mistakes) -> None:
    """Every grant of every function."""
    for function in service.functions:
        for use in function.uses:
            match use:
                case Grant():
                    check_known(service, function, "uses", use.resource, mistakes)
                case Allow():
                    _check_allow(function, use, mistakes)
                case Invoke():
                    _check_invoke(service, function, use, mistakes)
                case _:
                    _check_stranger(function, use, mistakes)


def _check_invoke(service: Service, function: Function, use: Invoke, mistakes: Mistakes) -> None:
    asked = use.function if isinstance(use.function, str) else getattr(use.function, "__name__", use.function)
    names = invoked_names(use, service)
    mistakes.unless(
        bool(names),
        function.origin,
        f"{function.name!r} may invoke {asked!r}, which is no function of this service",
        "pass the decorated function or its name, or allow lambda:InvokeFunction on the other's ARN",
    )
    mistakes.unless(
        len(set(names)) < 2,
        function.origin,
        f"{function.name!r} may invoke {asked!r}, which is the handler of {' and '.join(map(repr, names))}",
        "say which by its name: lakon.invoke(...)",
    )


def _check_allow(function: Function, use: Allow, mistakes: Mistakes) -> None:
    for action in use.actions:
        mistakes.unless(
            spelled(ACTION, action),
            function.origin,
            f"{function.name!r} is allowed {action!r}",
            'an action is written as in "rekognition:DetectLabels"',
        )
    for resource in use.resources:
        mistakes.unless(
            isinstance(resource, str) and (resource == "*" or resource.startswith(("arn:", MARK))),
            function.origin,
            f"{function.name!r} is allowed something on {resource!r}",
            'a resource is an ARN, an attribute of a handle such as photos.arn, or "*"',
        )
    mistakes.unless(
        bool(use.actions and use.resources),
        function.origin,
        f"{function.name!r} is allowed {use.actions!r} on {use.resources!r}",
        "name at least one action and one resource",
    )
    if use.condition is not None:
        like = '{"StringEquals": {"aws:PrincipalTag/team": "stamps"}}'
        mistakes.mapping(function.origin, f"a condition of {function.name!r}", use.condition, like)


def _check_stranger(function: Function, use: object, mistakes: Mistakes) -> None:
    if isinstance(use, Resource):
        ways = " or ".join(f".{access}" for kind, access in ACTIONS if kind == use.kind)
        hint = f"say how it is used: {use.id}{ways}" if ways else "name the actions with lakon.allow(...)"
    else:
        hint = "a use is a grant of a handle, as photos.read, or lakon.allow(...), or lakon.invoke(...)"
    mistakes.add(function.origin, f"uses= of {function.name!r} has {use!r}, which grants nothing", hint)

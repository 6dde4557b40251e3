"""Which function serves which route, what routes are called in a template, and who may call functions for them."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar

from lakon.model.balancers import ListenerRule
from lakon.model.names import logical_id
from lakon.model.routes import Route
from lakon.model.sockets import SocketRoute
from lakon.synth.values import substitution

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lakon.model.function import Function
    from lakon.model.gateways import AnyApi
    from lakon.model.origin import Origin
    from lakon.model.service import Service
    from lakon.synth.template import Properties, Template

Kind = TypeVar("Kind", Route, SocketRoute, ListenerRule)

_PLAIN = re.compile(r"(?!by$|all$)[a-z0-9]+")
_PARAMETER = re.compile(r"\{([a-z0-9]+)(\+?)\}")
_WILD = re.compile(r"\{[^}]*\}")


def served(service: Service, api: AnyApi, kind: type[Kind]) -> list[tuple[Kind, Function]]:
    """The routes of a kind that an API has, with the function of each: those of its own function come first."""
    own = api.function
    found: list[tuple[Kind, Function]] = []
    if own is not None:
        found += [(route, own) for route in api.routes if isinstance(route, kind)]
    for function in service.functions:
        for trigger in function.on:
            if isinstance(trigger, kind) and door(trigger) is api:
                found.append((trigger, function))
    return found


def door(route: Route | SocketRoute | ListenerRule) -> AnyApi:
    """The front door that a route belongs to."""
    return route.balancer if isinstance(route, ListenerRule) else route.api


def functions(routes: Iterable[tuple[Kind, Function]]) -> list[Function]:
    """The functions that serve routes, each once."""
    return list(dict.fromkeys([function for _, function in routes]))


def words(path: str) -> str:
    """A path as part of a logical id: `/photos/{key}` is `PhotosByKey`, `/{proxy+}` is `AllProxy`.

    A path that these words do not tell from all others has a part of its hash after them.
    """
    told, exact = [], True
    for part in path.split("/")[1:] if path not in ("", "/") else ():
        if parameter := _PARAMETER.fullmatch(part):
            told.append(("All" if parameter[2] else "By") + parameter[1].capitalize())
        else:
            exact = exact and bool(_PLAIN.fullmatch(part))
            told.append("".join([letter for letter in part if letter.isascii() and letter.isalnum()]).capitalize())
    return "".join(told) + ("" if exact else sha256(path.encode()).hexdigest()[:8])


def route_words(method: str, path: str) -> str:
    """A method and a path as part of a logical id."""
    return method.capitalize() + words(path)


def function_id(function: Function) -> str:
    """The logical id of a function."""
    return logical_id(function.name, "Function")


def function_arn_of(function: Function) -> Properties:
    """The ARN of a function, by reference."""
    return {"Fn::GetAtt": [function_id(function), "Arn"]}


def invocation(function: str, *, streaming: bool = False) -> object:
    """The address by which REST and WebSocket APIs and authorizers reach the function of that logical id."""
    version, action = ("2021-11-15", "response-streaming-invocations") if streaming else ("2015-03-31", "invocations")
    arn = f"arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}:lambda:path/{version}/functions/"
    return substitution(f"{arn}${{{function}.Arn}}/{action}")


def permit(template: Template, name: str, function: str, source: str, origin: Origin) -> None:
    """Let API Gateway call the function of that logical id for `source`, in the language of `Fn::Sub`."""
    properties: Properties = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Ref": function},
        "Principal": "apigateway.amazonaws.com",
        "SourceArn": substitution(source),
    }
    template.add(name, "AWS::Lambda::Permission", properties, origin)


def pattern(routes: Sequence[tuple[str, str]]) -> str:
    """What stands behind the stage in the ARNs of calls: as much of method and path as all `routes` have in common.

    One permission for all routes of a function keeps its policy, which Lambda limits to 20 KB, small.
    """
    methods = {"*" if method == "ANY" else method for method, _ in routes}
    paths = sorted({_WILD.sub("*", path) for _, path in routes})
    common = paths[0] if len(paths) == 1 else _common(paths[0], paths[-1]) + "*"
    return f"{methods.pop() if len(methods) == 1 else '*'}{common}"


def _common(first: str, last: str) -> str:
    """What two texts begin with; of sorted texts the first and the last begin with what all do."""
    same = 0
    while same < min(len(first), len(last)) and first[same] == last[same]:
        same += 1
    return first[:same].rstrip("*")

"""From tokens to CloudFormation's intrinsic functions.

Every place of a value is first a text in the language of `Fn::Sub` ("${JobsQueue.Arn}"); a text that is nothing but
one reference becomes `Ref` or `Fn::GetAtt`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, assert_never

from lakon.model import resource as declared
from lakon.model.balancers import LoadBalancer
from lakon.model.gateways import FunctionUrl, HttpApi, RestApi
from lakon.model.resources import (
    Bucket,
    Bus,
    CloudFormationResource,
    LogGroup,
    Parameter,
    Queue,
    Secret,
    Table,
    Topic,
)
from lakon.model.sites import Site
from lakon.model.sockets import WebSocketApi
from lakon.model.values import MARK
from lakon.synth.addresses import HOST, address, host_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    from lakon.model.function import Function
    from lakon.model.gateways import AnyApi
    from lakon.model.resources import AnyResource
    from lakon.model.service import Service

    AnyHandle: TypeAlias = AnyResource | AnyApi | Site

TOKEN = re.compile(r"\$\{lakon:([^.}]+)\.([^}]+)\}")
_ESCAPED_TOKEN = re.compile(TOKEN.pattern.replace("lakon", "!lakon"))
REFERENCE = re.compile(r"\$\{([A-Za-z0-9:]+)(?:\.([A-Za-z0-9.:]+))?\}")

STACK_SUFFIX = "StackSuffix"
_LOCAL = re.compile(rf"\$\{{({STACK_SUFFIX}|{HOST}([A-Za-z0-9]+))\}}")
_SUFFIX_OF_STACK_ID = {
    "Fn::Select": [4, {"Fn::Split": ["-", {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}]}]
}


def tokens(value: object) -> Iterator[str]:
    """The logical id of every token in `value`, however deep."""
    if isinstance(value, str):
        if MARK in value:
            yield from [logical_id for logical_id, _ in TOKEN.findall(value)]
    elif isinstance(value, Mapping):
        yield from tokens([*value.keys(), *value.values()])
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from tokens(item)


def handles(service: Service) -> list[AnyHandle]:
    """All that has attributes which may stand in texts: resources, front doors, sites."""
    return [*service.resources, *service.apis, *service.sites]


def json_text(value: object) -> str:
    """`value` as JSON, the same text for the same value."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=dict)


class Values:
    """Resolves tokens of one service's handles and inputs.

    `addresses` are those of front doors that are known before CloudFormation makes any, by `"PublicHttpApi.url"`.
    """

    def __init__(self, service: Service, addresses: Mapping[str, str] | None = None) -> None:
        self._addresses = addresses or {}
        self._handles = {handle.logical_id: handle for handle in handles(service)}
        self._inputs = {each.name for each in service.inputs}

    def knows(self, handle: AnyHandle, attribute: str) -> bool:
        """Whether an attribute is known before CloudFormation makes anything: where it is not AWS that makes it."""
        return f"{handle.logical_id}.{attribute}" in self._addresses

    def resolve(self, value: object) -> object:
        """`value` with every token in it, however deep, turned into an intrinsic function."""
        if isinstance(value, str):
            return substitution(self.text(value)) if MARK in value else str(value)
        if isinstance(value, Mapping):
            return {str(self.resolve(key)): self.resolve(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.resolve(item) for item in value]
        return value

    def known(self, name: str) -> str | None:
        """An address that is known before CloudFormation makes any, by a name such as `"PriceFunctionUrl.url"`."""
        return self._addresses.get(name)

    def text(self, value: str) -> str:
        """`value` in the language of `Fn::Sub`: tokens become references, all else stays literal."""
        return _ESCAPED_TOKEN.sub(self._place, value.replace("${", "${!"))

    def _place(self, token: re.Match[str]) -> str:
        logical_id, attribute = token.groups()
        if logical_id.startswith("AWS::") or logical_id in self._inputs:
            return f"${{{logical_id}}}"
        return self._addresses.get(f"{logical_id}.{attribute}") or place(self._handles[logical_id], attribute)


def place(resource: AnyHandle, attribute: str) -> str:
    """Where CloudFormation finds an attribute, in the language of `Fn::Sub`."""
    me = resource.logical_id
    match resource:
        case Bucket():
            return (
                bucket_name(resource)
                if attribute == "name"
                else f"arn:${{AWS::Partition}}:s3:::{bucket_name(resource)}"
            )
        case Table() | Bus():
            return f"${{{me}}}" if attribute == "name" else f"${{{me}.Arn}}"
        case Queue():
            return {"url": f"${{{me}}}", "arn": f"${{{me}.Arn}}", "name": f"${{{me}.QueueName}}"}[attribute]
        case Topic():
            return f"${{{me}}}" if attribute == "arn" else f"${{{me}.TopicName}}"
        case LogGroup():
            return f"${{{me}}}" if attribute == "name" else arn("logs", f"log-group:${{{me}}}")
        case Parameter():
            return f"${{{me}}}" if attribute == "name" else arn("ssm", f"parameter/${{{me}}}")
        case Secret():
            return f"${{{me}}}"
        case CloudFormationResource():
            return f"${{{me}}}" if attribute == "Ref" else f"${{{me}.{attribute}}}"
        case HttpApi() | RestApi() | WebSocketApi() | FunctionUrl() | LoadBalancer() | Site():
            return address(resource, attribute)
    assert_never(resource)


def bucket_name(bucket: Bucket) -> str:
    """The bucket's physical name, known before the bucket exists.

    A bucket that calls a function needs the function first, and the function needs the bucket's name: a name that
    CloudFormation makes up would close the circle. The last part of the stack's id makes it unique in the world.
    """
    return f"${{AWS::StackName}}-{bucket.id.lower().replace('_', '-')}-${{{STACK_SUFFIX}}}"


def arn(service: str, rest: str) -> str:
    """An ARN in the stack's own account and region, in the language of `Fn::Sub`."""
    return TOKEN.sub(r"${\1}", declared.arn(service, rest))


def function_name(function: Function) -> str:
    """The physical name of a function, in the language of `Fn::Sub`."""
    return function.physical("${AWS::StackName}")


def function_arn(function: Function) -> str:
    """The ARN of a function, known without referring to it: functions may call each other in circles."""
    return arn("lambda", f"function:{function_name(function)}")


def substitution(text: str) -> object:
    """The shortest intrinsic function for a text in the language of `Fn::Sub`; what refers to nothing stays a text."""
    if "${" not in text:
        return text
    local = {name: host_of(url) if url else _SUFFIX_OF_STACK_ID for name, url in _LOCAL.findall(text)}
    if local:
        return {"Fn::Sub": [text, local]}
    whole = REFERENCE.fullmatch(text)
    if whole:
        return {"Ref": whole[1]} if whole[2] is None else {"Fn::GetAtt": [whole[1], whole[2]]}
    return {"Fn::Sub": text}

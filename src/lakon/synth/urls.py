"""Function URLs as CloudFormation resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakon.model.http import Url
from lakon.model.names import logical_id
from lakon.synth.addresses import url
from lakon.synth.http_api import cors_configuration
from lakon.synth.routing import function_arn_of, function_id
from lakon.synth.values import substitution

if TYPE_CHECKING:
    from lakon.model.function import Function
    from lakon.model.service import Service
    from lakon.synth.template import Properties, Template
    from lakon.synth.values import Values


def add_urls(template: Template, service: Service, values: Values) -> None:
    """The URLs of all functions that have one."""
    told = {api.logical_id for api in service.apis}
    for function in service.functions:
        if function.url is False:
            continue
        me = logical_id(function.name, "FunctionUrl")
        _add_url(template, me, function, Url() if function.url is True else function.url)
        if me not in told:
            template.output(f"{me}Url", values.known(f"{me}.url") or substitution(url(me)), function.origin)


def _add_url(template: Template, me: str, function: Function, said: Url) -> None:
    properties: Properties = {
        "TargetFunctionArn": function_arn_of(function),
        "AuthType": "NONE" if said.auth == "public" else "AWS_IAM",
        "InvokeMode": "RESPONSE_STREAM" if said.streaming else "BUFFERED",
    }
    if said.cors is not None:
        # preflights are Lambda's own business, and no method of the list
        methods = [method for method in said.cors.methods if method != "OPTIONS"]
        properties["Cors"] = {**cors_configuration(said.cors), "AllowMethods": methods}
    template.add(me, "AWS::Lambda::Url", properties, function.origin)
    if said.auth == "public":
        _open(template, me, function)


def _open(template: Template, me: str, function: Function) -> None:
    """Let everybody call: the URL, and through it the function. See "Control access to Lambda function URLs"."""
    through: dict[str, Properties] = {
        "": {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"},
        "Invoke": {"Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True},
    }
    for name, permission in through.items():
        properties: Properties = {"FunctionName": {"Ref": function_id(function)}, "Principal": "*", **permission}
        template.add(f"{me}{name}Permission", "AWS::Lambda::Permission", properties, function.origin)

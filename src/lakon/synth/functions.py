"""A function, its role and its log group as CloudFormation resources."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, assert_never

from lakon.model.code import ApiHandler, AuthorizerHandler, GoProgram, PythonHandler, WebProgram
from lakon.model.grants import Invoke
from lakon.model.http import Url
from lakon.model.names import logical_id
from lakon.model.resource import STACK
from lakon.model.resources import Queue, Topic
from lakon.model.triggers import QueueMessages
from lakon.runtime.environment import STAGE_VARIABLE, variable
from lakon.synth.archives import archive_parameter
from lakon.synth.grants import allow, invoked, statements
from lakon.synth.values import function_name, substitution

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakon.model.code import HttpServer
    from lakon.model.function import Destination, Function
    from lakon.model.service import Service
    from lakon.synth.template import Properties, Template
    from lakon.synth.values import Values

BUCKET_PARAMETER = "ArtifactBucket"
SERVER_VARIABLE = "LAKON_SERVER"
AUTHORIZER_VARIABLE = "LAKON_AUTHORIZER"
HANDLER_VARIABLE = "LAKON_HANDLER"
_DESTINATION_ACTIONS = {
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "lambda": "lambda:InvokeFunction",
    "events": "events:PutEvents",
    "s3": "s3:PutObject",
}
# "Configuring a Lambda function to access resources in a VPC", required permissions
_VPC_ACTIONS = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)


def alias_suffix(function: Function) -> str:
    """What stands behind a function's name where its alias is meant: nothing where it has none."""
    return ":live" if function.traffic is not None or function.provisioned_concurrency is not None else ""


def has_layer(service: Service, function: Function) -> bool:
    """Whether the layer with the Python dependencies belongs to a function."""
    return service.layer and isinstance(function.code, PythonHandler)


def layer_id(architecture: str) -> str:
    """The logical id of the layer that holds the dependencies for an architecture."""
    return "DependenciesLayer" if architecture == "x86_64" else "DependenciesArm64Layer"


def layer_parameter(architecture: str) -> str:
    """The template parameter that names the archive of that layer."""
    return "DependenciesArchive" if architecture == "x86_64" else "DependenciesArm64Archive"


def python_path(handler: object) -> str:
    """What Lambda's Python runtime imports and calls: `module.name`."""
    return f"{getattr(handler, '__module__', '')}.{getattr(handler, '__qualname__', handler)}"


def handler_path(code: PythonHandler) -> str:
    """Where the program's own handler is: of a front door, the name that it is bound to."""
    if isinstance(code, ApiHandler):
        return ".".join(code.call.address() or ("", code.call.id))
    return python_path(code.call)


def streams(function: Function) -> bool:
    """Whether a function's answers go out while they are made."""
    if isinstance(function.code, ApiHandler) and function.code.call.streaming:
        return True
    return isinstance(function.url, Url) and function.url.streaming


def runtime(service: Service, function: Function) -> tuple[str, str]:
    """Lambda's runtime for a function, and the handler that it is told."""
    managed, code = f"python{service.python}", function.code
    match code:
        case AuthorizerHandler():
            return managed, "lakon.runtime.http.authorizing.handler"
        case PythonHandler():
            return managed, "lakon.runtime.http.streaming.handler" if streams(function) else handler_path(code)
        case GoProgram():
            if code.http is not None:
                return managed, "lakon.runtime.web.handler"
            if code.engine == "runtime":
                return "provided.al2023", "bootstrap"
            return managed, f"lakon.runtime.{code.engine}.handler"
        case WebProgram():
            return managed, "lakon.runtime.web.handler"
    assert_never(code)


def add_function(template: Template, service: Service, function: Function, values: Values) -> None:
    """The function with its role and log group."""
    group = logical_id(function.name, "LogGroup")
    template.add(
        group,
        "AWS::Logs::LogGroup",
        {
            "LogGroupName": substitution(f"/aws/lambda/{function_name(function)}"),
            "RetentionInDays": function.log_retention_days,
        },
        function.origin,
        keep=False,
    )
    template.add(logical_id(function.name, "Role"), "AWS::IAM::Role", role(service, function, values), function.origin)
    properties = _properties(service, function, values)
    layers = [
        *([{"Ref": layer_id(function.architecture)}] if has_layer(service, function) else []),
        *map(values.resolve, function.layers),
    ]
    if layers:
        properties["Layers"] = layers
    template.add(logical_id(function.name, "Function"), "AWS::Lambda::Function", properties, function.origin)
    asynchronous = _invoke_config(function, values)
    if asynchronous:
        template.add(
            logical_id(function.name, "InvokeConfig"),
            "AWS::Lambda::EventInvokeConfig",
            {"FunctionName": {"Ref": logical_id(function.name, "Function")}, "Qualifier": "$LATEST", **asynchronous},
            function.origin,
        )


def _properties(service: Service, function: Function, values: Values) -> Properties:
    managed, handler = runtime(service, function)
    properties: Properties = {
        "FunctionName": substitution(function_name(function)),
        "Runtime": managed,
        "Architectures": [function.architecture],
        "Handler": handler,
        "Code": {
            "S3Bucket": {"Ref": BUCKET_PARAMETER},
            "S3Key": {"Ref": archive_parameter(function)},
        },
        "Role": {"Fn::GetAtt": [logical_id(function.name, "Role"), "Arn"]},
        "MemorySize": function.memory,
        "Timeout": function.timeout,
        "LoggingConfig": _logging(function),
    }
    if function.description:
        properties["Description"] = function.description
    variables = environment(service, function)
    if variables:
        properties["Environment"] = {
            "Variables": {name: values.resolve(value) for name, value in sorted(variables.items())}
        }
    if function.ephemeral_storage != 512:
        properties["EphemeralStorage"] = {"Size": function.ephemeral_storage}
    if function.reserved_concurrency is not None:
        properties["ReservedConcurrentExecutions"] = function.reserved_concurrency
    if function.vpc is not None:
        properties["VpcConfig"] = {
            "SubnetIds": values.resolve(function.vpc.subnets),
            "SecurityGroupIds": values.resolve(function.vpc.security_groups),
        }
    if function.tracing:
        properties["TracingConfig"] = {"Mode": "Active"}
    if function.kms_key:
        properties["KmsKeyArn"] = values.resolve(function.kms_key)
    if function.dead_letters is not None:
        properties["DeadLetterConfig"] = {"TargetArn": values.resolve(destination_arn(function.dead_letters))}
    if function.snap_start:
        properties["SnapStart"] = {"ApplyOn": "PublishedVersions"}
    if function.tags:
        properties["Tags"] = [{"Key": key, "Value": value} for key, value in sorted(function.tags.items())]
    return properties


def _logging(function: Function) -> Properties:
    logging: Properties = {"LogGroup": {"Ref": logical_id(function.name, "LogGroup")}}
    if function.log_format == "json":
        logging["LogFormat"] = "JSON"
        if function.log_level:
            logging["ApplicationLogLevel"] = function.log_level
    return logging


def environment(service: Service, function: Function) -> dict[str, str]:
    """The function's variables: where the resources that it touches are, and the user's own."""
    return {**{name: value for name, value, _ in told(service, function)}, **function.env}


def told(service: Service, function: Function) -> Iterator[tuple[str, str, str]]:
    """The variables by which Lakon tells a function what it touches: the name, the value, and what is told of."""
    for resource in function.touched():
        for name, value in resource.variables().items():
            yield name, value, f"the {resource.kind.replace('_', ' ')} {resource.id!r}"
    if service.stage_asked is not None:
        yield STAGE_VARIABLE, service.stage_asked, "the stage"
    if server := _server(function):
        yield SERVER_VARIABLE, server, "its server"
    if isinstance(function.code, AuthorizerHandler):
        yield AUTHORIZER_VARIABLE, python_path(function.code.call), "its handler"
    elif isinstance(function.code, PythonHandler) and streams(function):
        yield HANDLER_VARIABLE, handler_path(function.code), "its handler"
    for use in function.uses:
        if isinstance(use, Invoke):
            for other in invoked(use, service):
                name = other.physical(STACK) + alias_suffix(other)
                yield variable(other.name, "function", "name"), name, f"the function {other.name!r}"


def _server(function: Function) -> str | None:
    """What `lakon.runtime.web` reads: how to start a function's HTTP server, and how to reach it."""
    match function.code:
        case PythonHandler():
            return None
        case GoProgram(http=http):
            return None if http is None else _told_server(["./bootstrap"], http)
        case WebProgram(command=command, http=http):
            return _told_server(list(command), http)
    assert_never(function.code)


def _told_server(command: list[str], http: HttpServer) -> str:
    return json.dumps({"command": command, "port": http.port, "ready": http.ready, "socket": http.socket})


def _invoke_config(function: Function, values: Values) -> Properties:
    config: Properties = {}
    if function.retries is not None:
        config["MaximumRetryAttempts"] = function.retries
    if function.max_event_age is not None:
        config["MaximumEventAgeInSeconds"] = function.max_event_age
    told = {"OnSuccess": function.on_success, "OnFailure": function.on_failure}
    destinations = {
        name: {"Destination": values.resolve(destination_arn(target))}
        for name, target in told.items()
        if target is not None
    }
    if destinations:
        config["DestinationConfig"] = destinations
    return config


def destination_arn(target: Destination) -> str:
    """The ARN of a queue or topic handle, or the ARN that was given."""
    return target.value("arn") if isinstance(target, (Queue, Topic)) else target


def role(service: Service, function: Function, values: Values) -> Properties:
    """What the function may do: write its own log, read what calls it, and what `uses=` says."""
    group = logical_id(function.name, "LogGroup")
    policy: list[Properties] = [allow(("logs:CreateLogStream", "logs:PutLogEvents"), [{"Fn::GetAtt": [group, "Arn"]}])]
    if function.tracing:
        policy.append(allow(("xray:PutTelemetryRecords", "xray:PutTraceSegments"), ["*"]))
    if function.vpc is not None:
        policy.append(allow(_VPC_ACTIONS, ["*"]))  # some of them can be had in no other way
    for trigger in function.on:
        if isinstance(trigger, QueueMessages):
            actions = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
            policy.append(allow(actions, [values.resolve(trigger.queue.value("arn"))]))
    for target in (function.dead_letters, function.on_success, function.on_failure):
        if target is not None:
            policy.append(_reach(target, values))
    for use in function.uses:
        policy += statements(use, service, values)
    return {
        "AssumeRolePolicyDocument": assumed_by("lambda.amazonaws.com"),
        "Policies": [{"PolicyName": "Access", "PolicyDocument": _document(policy)}],
    }


def _reach(target: Destination, values: Values) -> Properties:
    if isinstance(target, Queue):
        action = "sqs:SendMessage"
    elif isinstance(target, Topic):
        action = "sns:Publish"
    else:
        action = _DESTINATION_ACTIONS[target.split(":")[2]]
    return allow((action,), [values.resolve(destination_arn(target))])


def _document(policy: list[Properties]) -> Properties:
    distinct: list[Properties] = []
    for statement in policy:
        if statement not in distinct:
            distinct.append(statement)
    return {"Version": "2012-10-17", "Statement": distinct}


def assumed_by(principal: str, condition: Properties | None = None) -> Properties:
    """The trust policy that lets an AWS service take a role."""
    statement: Properties = {
        "Effect": "Allow",
        "Principal": {"Service": principal},
        "Action": "sts:AssumeRole",
    }
    if condition:
        statement["Condition"] = condition
    return {"Version": "2012-10-17", "Statement": [statement]}

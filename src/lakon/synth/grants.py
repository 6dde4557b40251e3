"""From grants to the statements of an IAM policy: which actions stand behind `read`, `write`, `send` ..."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from lakon.model.code import PythonHandler
from lakon.model.grants import Allow, Grant, Invoke
from lakon.model.resources import Table
from lakon.synth.values import function_arn, substitution

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakon.model.function import Function, Use
    from lakon.model.service import Service
    from lakon.synth.template import Properties
    from lakon.synth.values import Values

_READ_OBJECTS = ("s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectVersion")
_WRITE_OBJECTS = ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:PutObject", "s3:PutObjectTagging")
_READ_ITEMS = (
    "dynamodb:BatchGetItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DescribeTable",
    "dynamodb:GetItem",
    "dynamodb:Query",
    "dynamodb:Scan",
)
_WRITE_ITEMS = (
    "dynamodb:BatchWriteItem",
    "dynamodb:DeleteItem",
    "dynamodb:DescribeTable",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
)

# (kind, access) -> actions and what they are allowed on, as suffixes to the resource's ARN
ACTIONS: dict[tuple[str, str], tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]] = {
    ("bucket", "read"): ((("s3:ListBucket",), ("",)), (_READ_OBJECTS, ("/*",))),
    ("bucket", "write"): ((_WRITE_OBJECTS, ("/*",)),),
    ("bucket", "read_write"): ((("s3:ListBucket",), ("",)), (_READ_OBJECTS + _WRITE_OBJECTS, ("/*",))),
    ("table", "read"): ((_READ_ITEMS, ("", "/index/*")),),
    ("table", "write"): ((_WRITE_ITEMS, ("",)),),
    ("table", "read_write"): ((tuple(sorted({*_READ_ITEMS, *_WRITE_ITEMS})), ("", "/index/*")),),
    ("queue", "send"): ((("sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage"), ("",)),),
    ("queue", "receive"): (
        (
            (
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:GetQueueUrl",
                "sqs:ReceiveMessage",
            ),
            ("",),
        ),
    ),
    ("topic", "publish"): ((("sns:Publish",), ("",)),),
    ("bus", "put"): ((("events:PutEvents",), ("",)),),
    ("log_group", "read"): ((("logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents"), (":*",)),),
    ("log_group", "write"): ((("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"), (":*",)),),
    ("parameter", "read"): ((("ssm:GetParameter", "ssm:GetParameters"), ("",)),),
    ("parameter", "write"): ((("ssm:PutParameter",), ("",)),),
    ("secret", "read"): ((("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"), ("",)),),
    ("secret", "write"): ((("secretsmanager:PutSecretValue",), ("",)),),
    ("http_api", "call"): ((("execute-api:Invoke",), ("/*",)),),
    ("rest_api", "call"): ((("execute-api:Invoke",), ("/*",)),),
    ("function_url", "call"): ((("lambda:InvokeFunctionUrl",), ("",)), (("lambda:InvokeFunction",), ("",))),
    ("websocket_api", "manage"): ((("execute-api:ManageConnections",), ("",)),),
}
_THROUGH_URL = {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}


def statements(use: Use, service: Service, values: Values) -> list[Properties]:
    """The policy statements of one entry of `uses=`."""
    match use:
        case Grant():
            return _granted(use, values)
        case Allow():
            statement = allow(use.actions, [values.resolve(resource) for resource in use.resources])
            if use.condition:
                statement["Condition"] = values.resolve(use.condition)
            return [statement]
        case Invoke():
            arns = [function_arn(function) for function in invoked(use, service)]
            return [allow(("lambda:InvokeFunction",), [substitution(arn), substitution(f"{arn}:*")]) for arn in arns]
    assert_never(use)


def _granted(grant: Grant, values: Values) -> list[Properties]:
    resource = grant.resource
    arn = resource.value("arn")
    made = []
    for actions, suffixes in ACTIONS[resource.kind, grant.access]:
        reached = [suffix for suffix in suffixes if suffix != "/index/*" or _has_indexes(resource)]
        made.append(allow(actions, [values.resolve(f"{arn}{suffix}" if suffix else arn) for suffix in reached]))
    if resource.kind == "function_url":  # who may call it need not invoke the function otherwise
        made[-1]["Condition"] = _THROUGH_URL
    return made


def _has_indexes(resource: object) -> bool:
    return isinstance(resource, Table) and (bool(resource.indexes) or not resource.owned)


def invoked(use: Invoke, service: Service) -> list[Function]:
    """The functions that an `invoke` grant may mean: exactly one in a program without mistakes."""
    if isinstance(use.function, str):
        return [function for function in service.functions if function.name == use.function]
    return [
        function
        for function in service.functions
        if use.function is function or (isinstance(function.code, PythonHandler) and use.function == function.code.call)
    ]


def invoked_names(use: Invoke, service: Service) -> list[str]:
    """The names of the functions that an `invoke` grant may mean."""
    return [function.name for function in invoked(use, service)]


def allow(actions: Sequence[str], resources: Sequence[object]) -> Properties:
    """One statement that allows actions; what is single stands without a list, as AWS writes it."""
    return {
        "Effect": "Allow",
        "Action": actions[0] if len(actions) == 1 else list(actions),
        "Resource": resources[0] if len(resources) == 1 else list(resources),
    }

"""Functions and log groups that exist, as a template would have to say them to change nothing."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, cast

from lakon.exceptions import ProvisionError, UsageError
from lakon.provision import artifacts
from lakon.provision.flipping import code_of
from lakon.provision.session import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_lambda.type_defs import GetFunctionResponseTypeDef

    from lakon.provision.session import Session
    from lakon.report import Reporter

_SAME = (
    "FunctionName",
    "Description",
    "Runtime",
    "Handler",
    "Role",
    "MemorySize",
    "Timeout",
    "Architectures",
    "EphemeralStorage",
    "TracingConfig",
    "DeadLetterConfig",
    "FileSystemConfigs",
)
"""What Lambda tells as CloudFormation takes it."""

_UNSAID: Mapping[str, object] = {"EphemeralStorage": {"Size": 512}, "TracingConfig": {"Mode": "PassThrough"}}
"""What Lambda tells of every function, and Lakon's templates of none."""

_LOGGING: Mapping[str, object] = {"LogFormat": "Text"}


def function_as_it_is(session: Session, name: str, bucket: str, reporter: Reporter) -> dict[str, object]:
    """A function as the properties of an `AWS::Lambda::Function`; its code is put into `bucket`.

    See `GetFunction` in the Lambda API, and "AWS::Lambda::Function" in the CloudFormation reference.

    Raises:
        ProvisionError: there is none of that name, or Lambda cannot read its environment.
        UsageError: its code is an image.

    """
    try:
        answer = session.client("lambda").get_function(FunctionName=name)
    except RefusedError as refused:
        if refused.code != "ResourceNotFoundException":
            raise
        raise ProvisionError(f"there is no function {name} in {session.region}") from refused
    if answer["Configuration"].get("PackageType") == "Image":
        raise UsageError(
            f"the function {name} cannot be adopted: its code is an image, and never becomes an archive",
            hint="Make a function with another name, and move what calls it.",
        )
    properties = _properties(answer)
    with reporter.step(f"keeping the code of {name}"), TemporaryDirectory(prefix="lakon-") as folder:
        code = code_of(session, name)
        archive = Path(folder, f"{sha256(code).hexdigest()}.zip")
        archive.write_bytes(code)
        artifacts.upload(session, bucket, [archive], reporter)
    properties["Code"] = {"S3Bucket": bucket, "S3Key": artifacts.archive_key(archive)}
    return properties


def has_alias_named(session: Session, function: str, alias: str) -> bool:
    """Whether a function has an alias of that name."""
    return _is_there(lambda: session.client("lambda").get_alias(FunctionName=function, Name=alias))


def has_url(session: Session, function: str) -> bool:
    """Whether a function has a URL."""
    return _is_there(lambda: session.client("lambda").get_function_url_config(FunctionName=function))


def _is_there(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except RefusedError as refused:
        if refused.code != "ResourceNotFoundException":
            raise
        return False
    return True


def log_group_as_it_is(session: Session, name: str) -> dict[str, object] | None:
    """A log group as the properties of an `AWS::Logs::LogGroup`; None when there is none of that name."""
    pages = session.client("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
    for row in (row for page in pages for row in page["logGroups"] if row.get("logGroupName") == name):
        told = {"LogGroupName": name, "RetentionInDays": row.get("retentionInDays"), "KmsKeyId": row.get("kmsKeyId")}
        return {key: value for key, value in told.items() if value}
    return None


def _properties(answer: GetFunctionResponseTypeDef) -> dict[str, object]:
    """What a function is beside its code."""
    held, settings = answer["Configuration"], cast("Mapping[str, object]", answer["Configuration"])
    variables, vpc = held.get("Environment", {}), held.get("VpcConfig", {})
    if failed := variables.get("Error"):
        raise ProvisionError(f"the environment of {held.get('FunctionName')} cannot be read: {failed.get('Message')}")
    logging = {name: value for name, value in held.get("LoggingConfig", {}).items() if value != _LOGGING.get(name)}
    snapshots = held.get("SnapStart", {}).get("ApplyOn") == "PublishedVersions"
    tags = sorted(each for each in answer.get("Tags", {}).items() if not each[0].startswith("aws:"))
    properties: dict[str, object] = {
        **{name: settings.get(name) for name in _SAME},
        "LoggingConfig": logging,
        "Environment": {"Variables": variables["Variables"]} if variables.get("Variables") else None,
        "KmsKeyArn": held.get("KMSKeyArn"),
        "Layers": [layer["Arn"] for layer in held.get("Layers", ()) if "Arn" in layer],
        "SnapStart": {"ApplyOn": "PublishedVersions"} if snapshots else None,
        "VpcConfig": {key: value for key, value in vpc.items() if key != "VpcId"} if vpc.get("SubnetIds") else None,
        "Tags": [{"Key": key, "Value": value} for key, value in tags],
    }
    told = {name: value for name, value in properties.items() if value and value != _UNSAID.get(name)}
    if (reserved := answer.get("Concurrency", {}).get("ReservedConcurrentExecutions")) is not None:
        told["ReservedConcurrentExecutions"] = reserved
    return told

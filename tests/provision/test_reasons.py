"""The table of known reasons, on messages as AWS writes them."""

from __future__ import annotations

import pytest

from lakon.provision.reasons import KNOWN, hint_for, is_noise, plain

MESSAGES = [
    (
        "AWS::ApiGateway::Resource",
        (
            'Resource handler returned message: "A sibling ({id}) of this resource already has a variable path part -- '
            'only one is allowed (Service: ApiGateway, Status Code: 400, Request ID: 1)" (RequestToken: 1, '
            "HandlerErrorCode: InvalidRequest)"
        ),
        "put them in with the new",
    ),
    ("AWS::ElasticLoadBalancingV2::ListenerRule", "Priority '3' is currently in use", "priority= that is free"),
    (
        "AWS::ApiGateway::Stage",
        "CloudWatch Logs role ARN must be set in account settings to enable logging",
        "access_logs=False",
    ),
    (
        "AWS::CloudFront::Distribution",
        (
            "Invalid request provided: The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't "
            "valid, or doesn't include a valid certificate chain."
        ),
        "give the ARN of one that lies there",
    ),
    (
        "AWS::Lambda::Function",
        (
            'Resource handler returned message: "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error '
            'Message: The specified key does not exist. (Service: Lambda, Status Code: 400, Request ID: 1)" '
            "(RequestToken: 1, HandlerErrorCode: InvalidRequest)"
        ),
        "archive is not in the artifact bucket",
    ),
    (
        "AWS::Lambda::Function",
        (
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
            "below its minimum value of [10]."
        ),
        "keep some concurrency unreserved",
    ),
    (
        "AWS::S3::Bucket",
        (
            "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are "
            "overlapping for the same event type."
        ),
        "prefix or suffix",
    ),
    ("AWS::S3::Bucket", "photos already exists (Service: S3, Status Code: 0)", "shared by all AWS accounts"),
    ("AWS::S3::Bucket", "The requested bucket name is not available.", "shared by all AWS accounts"),
    ("AWS::Logs::LogGroup", "Resource of type 'AWS::Logs::LogGroup' already exists.", "delete that log group"),
    ("AWS::IAM::Role", "Role with name stamp already exists. (Service: Iam, Status Code: 409)", "IAM names"),
    ("AWS::Lambda::Function", "The role defined for the function cannot be assumed by Lambda.", "trust lambda"),
    ("AWS::SQS::Queue", "User: arn:aws:iam::1:user/ann is not authorized to perform: sqs:CreateQueue", "permission"),
    ("AWS::EC2::EIP", "The maximum number of addresses has been reached. LimitExceeded", "quota"),
    ("AWS::SNS::Topic", "Rate exceeded (Service: Sns, Status Code: 400)", "run the command again"),
    ("AWS::Lambda::LayerVersion", "Unzipped size must be smaller than 262144000 bytes", "too large"),
    ("AWS::Lambda::Function", "The runtime parameter of python3.7 is no longer supported", "newer Python"),
    ("AWS::S3::Bucket", "The bucket you tried to delete is not empty (Service: S3, Status Code: 409)", "meanwhile"),
    (
        "AWS::Lambda::EventSourceMapping",
        "Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds",
        "hide a message",
    ),
    ("Custom::Thing", "CloudFormation did not receive a response from your Custom Resource.", "logs of the function"),
    ("AWS::CloudFormation::Stack", "Export a cannot be deleted as it is in use by b", "imports this output"),
    ("AWS::DynamoDB::Table", "Table cannot be deleted while deletion protection is enabled", "protection"),
    (
        "AWS::SQS::Queue",
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename a and try again.",
        "change the name",
    ),
    ("AWS::SQS::Queue", "Update of resource type is not permitted. It is modified.", "another logical id"),
    ("AWS::SQS::Queue", "A queue of this name already exists", "Something outside of this stack"),
]


@pytest.mark.parametrize(("kind", "message", "expected"), MESSAGES)
def test_hint(kind: str, message: str, expected: str) -> None:
    hint = hint_for(message, kind)
    assert hint is not None
    assert expected in hint


def test_every_known_reason_has_an_example() -> None:
    met = {hint_for(message, kind) for kind, message, _ in MESSAGES}
    assert {hint for _, hint in KNOWN} == met


def test_unknown_reason() -> None:
    assert hint_for("The moon is full") is None


def test_plain() -> None:
    wrapped = (
        'Resource handler returned message: "photos already exists (Service: S3, Status Code: 409, Request ID: 1) '
        '(SDK Attempt Count: 1)" (RequestToken: 1-2, HandlerErrorCode: AlreadyExists)'
    )
    assert plain(wrapped) == "photos already exists"
    assert plain(" Rollback requested ") == "Rollback requested"


def test_noise() -> None:
    assert is_noise(None)
    assert is_noise("")
    assert is_noise("Resource creation cancelled")
    assert is_noise("Resource update cancelled")
    assert not is_noise("photos already exists")
